// AWS's credential chain, gone through: the link that aws_plan.hpp finds is asked, then the roles are assumed.
//
// Thread-safe. Must outlive its running calls. Files are read, and programs run, on the pool.
#pragma once

#include <string>

#include "entrepot/upstream/context.hpp"
#include "upstream/aws_plan.hpp"
#include "upstream/renewed.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

class AwsChain {
 public:
  // `region` is that of the registry: STS is asked there, unless AWS_REGION or AWS_DEFAULT_REGION says another.
  // `client` and what `context` refers to must outlive it.
  AwsChain(config::EcrCredentials config, const std::string& region, WebClient& client, const Context& context);

  // Keys as their source has them now; nothing is kept. Messages name the source, and hold no secret.
  io::Awaitable<Result<Lease<AwsKeys>>> fetch(io::Deadline deadline);

 private:
  io::Awaitable<Result<AwsPlan>> plan();
  io::Awaitable<Result<Lease<AwsKeys>>> keys_of(AwsOrigin origin, io::Deadline deadline);
  io::Awaitable<Result<Lease<AwsKeys>>> web_identity(AwsWebIdentity identity, io::Deadline deadline);
  io::Awaitable<Result<Lease<AwsKeys>>> process(AwsProcess process);
  io::Awaitable<Result<Lease<AwsKeys>>> container(io::Deadline deadline);
  io::Awaitable<Result<Lease<AwsKeys>>> instance(io::Deadline deadline);

  const config::EcrCredentials config_;
  const std::string sts_region_;
  WebClient& client_;
  io::Pool& pool_;
  const Clock& clock_;
};

}  // namespace entrepot::upstream
