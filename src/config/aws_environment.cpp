#include "config/aws_environment.hpp"

#include "config/value.hpp"

namespace entrepot::config {
namespace {

// Source: AWS SDKs and Tools Reference Guide, "Environment variables support".
constexpr const char* kNames[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_ECR_PUBLIC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "HOME",
};

std::string complaint_of(std::string_view name, std::string_view text) {
  Result<std::string> read = std::string();
  if (name.starts_with("AWS_ENDPOINT_URL") || name == "AWS_EC2_METADATA_SERVICE_ENDPOINT") {
    read = value::url(text);
  } else if (name.ends_with("_REGION")) {
    read = value::aws_region(text);
  }
  return read ? std::string() : read.error().message;
}

}  // namespace

AwsVariables read_aws_environment(const Node& node) {
  AwsVariables variables;
  for (const std::string name : kNames) {
    const std::string text = node.environment()(name).value_or("");
    if (text.empty()) continue;
    if (const std::string complaint = complaint_of(name, text); !complaint.empty()) {
      node.fault(name + " in the environment: " + complaint);
    }
    variables.emplace(name, text);
  }
  return variables;
}

}  // namespace entrepot::config
