// Sessions that AWS's Security Token Service gives. Source: AWS STS API Reference.
#pragma once

#include "upstream/aws_call.hpp"
#include "upstream/aws_plan.hpp"
#include "upstream/renewed.hpp"

namespace entrepot::upstream {

// Where it is and what signs for it.
struct AwsSts {
  http::Url endpoint;
  std::string region;
};

// AssumeRole, signed with `keys`. `deadline` is that of all attempts.
io::Awaitable<Result<Lease<AwsKeys>>> assume_role(WebClient& client, const Clock& clock, AwsSts sts, AwsKeys keys,
                                                  AwsRole role, io::Deadline deadline);

// AssumeRoleWithWebIdentity, which is not signed: `token` speaks for itself.
io::Awaitable<Result<Lease<AwsKeys>>> assume_role_with_web_identity(WebClient& client, const Clock& clock, AwsSts sts,
                                                                    AwsWebIdentity identity, std::string token,
                                                                    io::Deadline deadline);

}  // namespace entrepot::upstream
