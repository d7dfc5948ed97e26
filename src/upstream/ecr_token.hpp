// GetAuthorizationToken: the account at a registry of ECR, for twelve hours. Pure.
//
// Source: Amazon ECR API Reference, and that of ECR Public, which answers with one token instead of a list.
#pragma once

#include "entrepot/config/ecr_host.hpp"
#include "upstream/aws_call.hpp"
#include "upstream/credentials.hpp"
#include "upstream/renewed.hpp"

namespace entrepot::upstream {

// Of the registry `host`, at its API. `deadline` is that of all attempts.
AwsCall ecr_token_call(const config::EcrHost& host, http::Url api, AwsKeys keys, io::Deadline deadline);

// The account in the answer to that: the user "AWS" and a password. An error does not quote the answer.
Result<Lease<Credential>> parse_ecr_token(const std::string& body, Time now);

}  // namespace entrepot::upstream
