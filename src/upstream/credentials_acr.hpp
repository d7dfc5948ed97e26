// Credentials of type acr: an identity of Microsoft Entra, for which an Azure container registry gives a refresh token
// of its own. The registry's token endpoint then gives access tokens for that, repository by repository. Thread-safe.
#pragma once

#include <string>

#include "upstream/credentials.hpp"
#include "upstream/renewed.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

class AcrProvider final : public CredentialProvider {
 public:
  // Entra's token goes to the first URL of `upstream`, and nowhere else. Throws std::runtime_error if a file that
  // `config` names cannot be read, or its authority is no address for secrets. What `context` refers to must outlive
  // it.
  AcrProvider(const config::AcrCredentials& config, const config::Upstream& upstream, const Context& context);

  // An identity token.
  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override { token_.refused(credential.secret); }

 private:
  struct Fetch;

  const config::AcrCredentials config_;
  const http::Url exchange_;   // of the registry
  const std::string service_;  // its name
  const Context context_;
  WebClient web_;
  Renewed<std::string> token_;
};

}  // namespace entrepot::upstream
