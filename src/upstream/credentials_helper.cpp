#include "upstream/credentials_helper.hpp"

#include "upstream/credential_helper.hpp"

namespace entrepot::upstream {

HelperProvider::HelperProvider(const std::string& helper, std::vector<std::string> servers, const Context& context,
                               ProgramLimits limits)
    : program_(program_of(helper)), servers_(std::move(servers)), answers_(context, limits) {}

io::Awaitable<Result<std::optional<Credential>>> HelperProvider::get(io::Deadline deadline) {
  for (const std::string& server : servers_) {
    Result<std::optional<Credential>> answer = co_await answers_.get(program_, server, deadline);
    if (!answer || *answer) co_return answer;
  }
  co_return std::optional<Credential>();
}

}  // namespace entrepot::upstream
