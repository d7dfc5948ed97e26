#include "upstream/credentials_docker.hpp"

#include <filesystem>
#include <stdexcept>

#include "upstream/credential_helper.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestConfig = 1024 * 1024;

}  // namespace

DockerProvider::DockerProvider(const config::DockerCredentials& config, std::vector<std::string> servers,
                               const Context& context, ProgramLimits limits)
    : servers_(std::move(servers)),
      file_(watched(
          config.file, kLongestConfig, [this](const std::string& text) { return take(text); }, context)),
      answers_(context, limits) {
  if (!config.text.empty()) {
    Result<std::vector<DockerAccount>> accounts = parse_docker_config(config.text, servers_);
    if (!accounts) throw std::runtime_error("DOCKER_AUTH_CONFIG " + accounts.error().message);
    from_text_ = std::move(*accounts);
  }
  if (file_ == nullptr) return;
  std::error_code ignored;
  const bool optional = !config.text.empty() && !std::filesystem::exists(*config.file, ignored);
  Result<void> loaded = file_->load();
  if (!loaded && !optional) throw std::runtime_error("Docker configuration: " + loaded.error().message);
}

Result<void> DockerProvider::take(const std::string& json) {
  Result<std::vector<DockerAccount>> accounts = parse_docker_config(json, servers_);
  if (!accounts) return accounts.error();
  std::lock_guard lock(mutex_);
  from_file_ = std::move(*accounts);
  return ok();
}

std::vector<DockerAccount> DockerProvider::accounts() {
  std::vector<DockerAccount> all = from_text_;
  std::lock_guard lock(mutex_);
  all.insert(all.end(), from_file_.begin(), from_file_.end());
  return all;
}

io::Awaitable<Result<std::optional<Credential>>> DockerProvider::get(io::Deadline deadline) {
  if (file_ != nullptr) co_await file_->refresh(deadline);
  std::vector<DockerAccount> all = accounts();
  for (DockerAccount& account : all) {
    if (!account.helper.empty()) {
      Result<std::optional<Credential>> answer =
          co_await answers_.get(program_of(account.helper), account.server, deadline);
      if (!answer || *answer) co_return answer;
    }
    if (account.stored) co_return std::move(account.stored);
  }
  co_return std::optional<Credential>();
}

void DockerProvider::refused(const Credential& credential) {
  answers_.refused(credential);
  if (file_ != nullptr) file_->look_again();
}

}  // namespace entrepot::upstream
