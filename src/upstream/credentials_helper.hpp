// Credentials of type helper: what one credential helper answers. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "upstream/credentials.hpp"
#include "upstream/helper_answers.hpp"

namespace entrepot::upstream {

class HelperProvider final : public CredentialProvider {
 public:
  // `servers`: names under which the helper may know the account; the first that it knows counts.
  HelperProvider(const std::string& helper, std::vector<std::string> servers, const Context& context,
                 ProgramLimits limits = {});

  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override { answers_.refused(credential); }

 private:
  const std::string program_;
  const std::vector<std::string> servers_;
  HelperAnswers answers_;
};

}  // namespace entrepot::upstream
