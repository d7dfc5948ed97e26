// Which link of AWS's credential chain gives the keys, and which roles are assumed with them. Pure.
//
// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers"; the order is that of aws-sdk-go-v2,
// config/resolve_credentials.go.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
#include "upstream/aws_profile.hpp"
#include "upstream/aws_sigv4.hpp"

namespace entrepot::upstream {

// A token that an identity provider outside AWS has put into a file, such as a Kubernetes service account's (IRSA).
struct AwsWebIdentity {
  std::string token_file;
  std::string role_arn;
  std::string session_name;
};

// A program that prints the keys (credential_process).
struct AwsProcess {
  std::string command;  // for a shell
};

// The endpoint that ECS or EKS (Pod Identity) has for a container.
struct AwsContainer {};

// The metadata service of an EC2 instance.
struct AwsInstance {};

using AwsOrigin = std::variant<AwsKeys, AwsWebIdentity, AwsProcess, AwsContainer, AwsInstance>;

struct AwsRole {
  std::string arn;
  std::string session_name;
  std::string external_id{};  // "": none
  std::string duration{};     // seconds; "": what the role's own is by default
};

struct AwsPlan {
  AwsOrigin origin;
  std::string source;          // for people: "the environment", "the profile ci"
  std::vector<AwsRole> roles;  // assumed one after the other
};

// Whether the plan depends on the profiles: the files are read only then.
bool needs_aws_profiles(const config::EcrCredentials& config);

// An error says what is missing, or what of a profile is not supported, and names the variable, profile or key.
Result<AwsPlan> plan_aws(const config::EcrCredentials& config, const AwsProfiles& profiles);

}  // namespace entrepot::upstream
