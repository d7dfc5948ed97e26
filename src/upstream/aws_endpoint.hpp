// Where AWS's APIs are. Pure.
#pragma once

#include <string>

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/config/ecr_host.hpp"
#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

// One of AWS's environment variables, or "".
std::string aws_variable(const config::AwsVariables& variables, const std::string& name);

// Likewise, one that says yes or no.
bool aws_flag(const config::AwsVariables& variables, const std::string& name);

// The API of the registry `host`, in host.region. AWS_ENDPOINT_URL_ECR (of the public registry
// AWS_ENDPOINT_URL_ECR_PUBLIC), else AWS_ENDPOINT_URL, come first. Source: AWS General Reference, "Amazon Elastic
// Container Registry endpoints"; AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
Result<http::Url> ecr_endpoint(const config::EcrHost& host, const config::AwsVariables& variables);

// That of STS in a region, likewise with AWS_ENDPOINT_URL_STS.
Result<http::Url> sts_endpoint(const std::string& region, const config::AwsVariables& variables);

}  // namespace entrepot::upstream
