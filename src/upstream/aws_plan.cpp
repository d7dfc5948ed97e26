#include "upstream/aws_plan.hpp"

#include <algorithm>
#include <optional>

#include "upstream/aws_endpoint.hpp"

namespace entrepot::upstream {

namespace {

// What CloudTrail shows of who assumed a role.
constexpr const char* kSessionName = "entrepot";

std::string or_default(std::string text, std::string other) {
  return text.empty() ? std::move(other) : std::move(text);
}

Error cannot(std::string message) { return {Errc::BadGateway, "AWS credentials: " + std::move(message)}; }

bool gives_keys(const config::AwsVariables& variables) {
  return variables.contains("AWS_ACCESS_KEY_ID") || variables.contains("AWS_SECRET_ACCESS_KEY");
}

bool gives_web_identity(const config::AwsVariables& variables) {
  return variables.contains("AWS_WEB_IDENTITY_TOKEN_FILE");
}

AwsKeys keys_in(const config::AwsVariables& variables) {
  return {aws_variable(variables, "AWS_ACCESS_KEY_ID"), aws_variable(variables, "AWS_SECRET_ACCESS_KEY"),
          aws_variable(variables, "AWS_SESSION_TOKEN")};
}

bool has_container(const config::AwsVariables& variables) {
  return variables.contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
         variables.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

// Where all that is configured has been looked at: the container's endpoint, then the instance.
Result<AwsPlan> plan_of_machine(const config::AwsVariables& variables) {
  if (has_container(variables)) return AwsPlan{AwsContainer{}, "the container's endpoint", {}};
  if (!aws_flag(variables, "AWS_EC2_METADATA_DISABLED")) {
    return AwsPlan{AwsInstance{},
                   "the instance's metadata (none are in the environment, in AWS's files or at a container's endpoint)",
                   {}};
  }
  return cannot(
      "none found: not in the environment (AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE), not in AWS's files, no "
      "container endpoint, and AWS_EC2_METADATA_DISABLED is set");
}

// One profile, with those that it names as its source.
class ProfilePlan {
 public:
  ProfilePlan(const config::AwsVariables& variables, const AwsProfiles& profiles)
      : variables_(variables), profiles_(profiles) {}

  Result<AwsPlan> of(const std::string& name) {
    const auto found = profiles_.find(name);
    if (found == profiles_.end()) return cannot("there is no profile " + name + " in AWS's files");
    // A profile may be its own source, for keys that stand in it; another circle has no end.
    const bool again = std::ranges::count(seen_, name) > 0;
    if (again && seen_.back() != name) return cannot("profile " + name + " is its own source_profile by way of others");
    seen_.push_back(name);
    const AwsProfile& profile = found->second;
    if (profile.contains("mfa_serial")) return unsupported(name, "mfa_serial");
    Result<AwsPlan> plan = origin_of(name, profile, again);
    if (!plan || again || !profile.contains("role_arn")) return plan;
    if (std::holds_alternative<AwsWebIdentity>(plan->origin) && !profile.contains("source_profile")) return plan;
    plan->roles.push_back({setting(profile, "role_arn"), session_name(profile), setting(profile, "external_id"),
                           setting(profile, "duration_seconds")});
    return plan;
  }

 private:
  static std::string setting(const AwsProfile& profile, const std::string& name) {
    const auto found = profile.find(name);
    return found == profile.end() ? std::string() : found->second;
  }
  static std::string session_name(const AwsProfile& profile) {
    return or_default(setting(profile, "role_session_name"), kSessionName);
  }

  static Error unsupported(const std::string& name, const std::string& key) {
    return cannot("profile " + name + " has " + key + ", which is not supported");
  }

  Result<AwsPlan> origin_of(const std::string& name, const AwsProfile& profile, bool is_own_source) {
    const std::string source = "the profile " + name;
    const std::string from = setting(profile, "source_profile");
    if (!from.empty() && profile.contains("role_arn") && !is_own_source) return of(from);
    if (profile.contains("aws_access_key_id") || profile.contains("aws_secret_access_key")) {
      return AwsPlan{AwsKeys{setting(profile, "aws_access_key_id"), setting(profile, "aws_secret_access_key"),
                             setting(profile, "aws_session_token")},
                     source,
                     {}};
    }
    if (profile.contains("credential_source")) return plan_of_source(name, setting(profile, "credential_source"));
    if (profile.contains("web_identity_token_file")) {
      if (!profile.contains("role_arn"))
        return cannot("profile " + name + " has web_identity_token_file and no role_arn");
      return AwsPlan{AwsWebIdentity{setting(profile, "web_identity_token_file"), setting(profile, "role_arn"),
                                    session_name(profile)},
                     source,
                     {}};
    }
    for (const char* key : {"sso_session", "sso_start_url", "login_session"}) {
      if (profile.contains(key)) return unsupported(name, key);
    }
    if (profile.contains("credential_process")) {
      return AwsPlan{AwsProcess{setting(profile, "credential_process")}, source, {}};
    }
    if (profile.contains("role_arn")) {
      return cannot("profile " + name +
                    " has role_arn and none of source_profile, credential_source and web_identity_token_file");
    }
    return plan_of_machine(variables_);
  }

  Result<AwsPlan> plan_of_source(const std::string& name, const std::string& source) const {
    if (source == "Environment") return AwsPlan{keys_in(variables_), "the environment", {}};
    if (source == "Ec2InstanceMetadata") return AwsPlan{AwsInstance{}, "the instance's metadata", {}};
    if (source == "EcsContainer") return AwsPlan{AwsContainer{}, "the container's endpoint", {}};
    return cannot("profile " + name + " has a credential_source that there is not");
  }

  const config::AwsVariables& variables_;
  const AwsProfiles& profiles_;
  std::vector<std::string> seen_;
};

Result<AwsPlan> plan_without_role(const config::EcrCredentials& config, const AwsProfiles& profiles) {
  const config::AwsVariables& variables = config.environment;
  ProfilePlan profile(variables, profiles);
  if (!config.profile.empty()) return profile.of(config.profile);
  if (gives_keys(variables)) return AwsPlan{keys_in(variables), "the environment", {}};
  if (gives_web_identity(variables)) {
    const std::string role = aws_variable(variables, "AWS_ROLE_ARN");
    if (role.empty()) return cannot("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
    const std::string session = or_default(aws_variable(variables, "AWS_ROLE_SESSION_NAME"), kSessionName);
    return AwsPlan{
        AwsWebIdentity{aws_variable(variables, "AWS_WEB_IDENTITY_TOKEN_FILE"), role, session}, "the environment", {}};
  }
  const std::string named = aws_variable(variables, "AWS_PROFILE");
  if (!named.empty() || profiles.contains("default")) return profile.of(or_default(named, "default"));
  return plan_of_machine(variables);
}

}  // namespace

bool needs_aws_profiles(const config::EcrCredentials& config) {
  return !config.profile.empty() || (!gives_keys(config.environment) && !gives_web_identity(config.environment));
}

Result<AwsPlan> plan_aws(const config::EcrCredentials& config, const AwsProfiles& profiles) {
  Result<AwsPlan> plan = plan_without_role(config, profiles);
  if (plan && !config.role_arn.empty()) plan->roles.push_back({config.role_arn, kSessionName});
  return plan;
}

}  // namespace entrepot::upstream
