#include "upstream/aws_endpoint.hpp"

#include <optional>

namespace entrepot::upstream {

namespace {

// Where a group of regions has its hosts. Source: botocore's partitions.json.
struct Partition {
  std::string_view regions;  // what their names begin with
  std::string_view suffix;
  std::string_view dual_stack_suffix;
};
constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "api.aws"},  // all others, the United States' government's too
};

const Partition& partition_of(std::string_view region) {
  const Partition* partition = kPartitions;
  while (!region.starts_with(partition->regions)) ++partition;
  return *partition;
}

// What the environment has in place of a service's own endpoint.
std::string configured(const config::AwsVariables& variables, const std::string& service) {
  if (aws_flag(variables, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) return {};
  std::string url = aws_variable(variables, "AWS_ENDPOINT_URL_" + service);
  return url.empty() ? aws_variable(variables, "AWS_ENDPOINT_URL") : url;
}

std::string ecr_host_name(const config::EcrHost& host, bool fips) {
  const Partition& partition = partition_of(host.region);
  const std::string suffix(partition.suffix);
  const std::string dual_stack_suffix(partition.dual_stack_suffix);
  if (host.is_public && host.dual_stack) return "ecr-public." + host.region + "." + dual_stack_suffix;
  if (host.is_public) return "api.ecr-public." + host.region + "." + suffix;
  if (host.dual_stack) return (fips ? "ecr-fips." : "ecr.") + host.region + "." + dual_stack_suffix;
  return (fips ? "ecr-fips." : "api.ecr.") + host.region + "." + suffix;
}

}  // namespace

std::string aws_variable(const config::AwsVariables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

bool aws_flag(const config::AwsVariables& variables, const std::string& name) {
  const std::string value = aws_variable(variables, name);
  return value == "true" || value == "True" || value == "TRUE" || value == "1";
}

Result<http::Url> ecr_endpoint(const config::EcrHost& host, const config::AwsVariables& variables) {
  const std::string url = configured(variables, host.is_public ? "ECR_PUBLIC" : "ECR");
  if (!url.empty()) return http::Url::parse(url);
  return http::Url::parse("https://" + ecr_host_name(host, host.fips || aws_flag(variables, "AWS_USE_FIPS_ENDPOINT")));
}

Result<http::Url> sts_endpoint(const std::string& region, const config::AwsVariables& variables) {
  const std::string url = configured(variables, "STS");
  if (!url.empty()) return http::Url::parse(url);
  const bool fips = aws_flag(variables, "AWS_USE_FIPS_ENDPOINT") && !region.starts_with("us-gov-");
  return http::Url::parse((fips ? "https://sts-fips." : "https://sts.") + region + "." +
                          std::string(partition_of(region).suffix));
}

}  // namespace entrepot::upstream
