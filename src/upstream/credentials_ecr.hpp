// Credentials of type ecr: the account that Amazon ECR gives to whom AWS's credential chain finds. Thread-safe.
#pragma once

#include "entrepot/config/ecr_host.hpp"
#include "upstream/aws_chain.hpp"
#include "upstream/credentials.hpp"
#include "upstream/renewed.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

class EcrProvider final : public CredentialProvider {
 public:
  // Asks for nothing yet. Throws std::runtime_error if neither `config` nor a host of the upstream says the region.
  EcrProvider(const config::EcrCredentials& config, const config::Upstream& upstream, const Context& context);

  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override { token_.refused(credential); }

 private:
  struct FetchSession;
  struct FetchToken;

  io::Awaitable<Result<Lease<Credential>>> fetch_token();

  const config::EcrHost host_;
  const http::Url api_;
  const Clock& clock_;
  WebClient client_;
  AwsChain chain_;
  Renewed<AwsKeys> session_;
  Renewed<Credential> token_;
};

}  // namespace entrepot::upstream
