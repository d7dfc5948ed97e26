// The section `upstreams.*.credentials`: `type` says which of the other keys have a meaning.
#include <algorithm>
#include <array>

#include "config/aws_environment.hpp"
#include "config/cloud_credentials.hpp"
#include "config/sections.hpp"
#include "config/value.hpp"

namespace entrepot::config {
namespace {

enum class Type { Basic, Docker, Helper, Ecr, Google, Acr };

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array kTypes{TypeName{"basic", Type::Basic},   TypeName{"docker", Type::Docker},
                            TypeName{"helper", Type::Helper}, TypeName{"ecr", Type::Ecr},
                            TypeName{"google", Type::Google}, TypeName{"acr", Type::Acr}};

std::string_view name_of(Type type) { return std::ranges::find(kTypes, type, &TypeName::type)->name; }

// No message repeats what was found: a password that slipped into the wrong line stays where it is.
void read_type(const Node& node, Type& type) {
  const auto text = node.text();
  if (!text) return;
  const auto found = std::ranges::find(kTypes, std::string_view(*text), &TypeName::name);
  if (found == kTypes.end()) return node.fault("expected basic or docker or helper or ecr or google or acr");
  type = found->type;
}

void check_basic(const Node& node, const BasicCredentials& basic) {
  node.require({"username"});
  if (node.gives("password") && node.gives("password_file")) {
    node.fault("expected either password or password_file, not both");
  } else if (!node.gives("password") && !node.gives("password_file")) {
    node.fault("expected a password or a password_file");
  }
  // RFC 7617, section 2: the first colon ends the user name.
  if (basic.username.find(':') != std::string::npos) {
    node.fault_of("username", "a user name cannot hold a colon");
  }
}

// Where a Docker client would look: `docker` of 28.3 and later takes DOCKER_AUTH_CONFIG before its file.
void look_around(const Node& node, DockerCredentials& docker) {
  const auto variable = [&](const std::string& name) { return node.environment()(name).value_or(""); };
  docker.text = variable("DOCKER_AUTH_CONFIG");
  if (const std::string folder = variable("DOCKER_CONFIG"); !folder.empty()) {
    docker.file = std::filesystem::path(folder) / "config.json";
  } else if (const std::string home = variable("HOME"); !home.empty()) {
    docker.file = std::filesystem::path(home) / ".docker" / "config.json";
  }
  if (docker.text.empty() && !docker.file) {
    node.fault_of("config", "is missing, and none of DOCKER_AUTH_CONFIG, DOCKER_CONFIG and HOME is set");
  }
}

// A key of another type would have no effect, and its author thinks that it has one.
void refuse_keys_of_others(const Node& node, Type type) {
  const std::pair<const char*, Type> owners[] = {{"username", Type::Basic},
                                                 {"password", Type::Basic},
                                                 {"password_file", Type::Basic},
                                                 {"config", Type::Docker},
                                                 {"helper", Type::Helper},
                                                 {"region", Type::Ecr},
                                                 {"profile", Type::Ecr},
                                                 {"role_arn", Type::Ecr},
                                                 {"key_file", Type::Google},
                                                 {"account", Type::Google},
                                                 {"tenant", Type::Acr},
                                                 {"client_id", Type::Acr},
                                                 {"client_secret", Type::Acr},
                                                 {"client_secret_file", Type::Acr},
                                                 {"federated_token_file", Type::Acr}};
  for (const auto& [key, owner] : owners) {
    if (owner == type || !node.gives(key)) continue;
    node.fault_of(key,
                  "belongs to type: " + std::string(name_of(owner)) + "; this is type: " + std::string(name_of(type)));
  }
}

}  // namespace

Credentials read_credentials(const Node& node) {
  Credentials credentials;
  Type type = Type::Basic;
  BasicCredentials basic;
  DockerCredentials docker;
  HelperCredentials helper;
  EcrCredentials ecr;
  GoogleKeys google;
  AcrKeys acr;
  // value::text refuses only what is empty, so that no message shows a secret.
  node.map({
      {"type", [&](const Node& key) { read_type(key, type); }},
      {"username", into(basic.username, value::text)},
      {"password", into(basic.password, value::text)},
      {"password_file", into(basic.password_file, value::path)},
      {"config", into(docker.file, value::path)},
      {"helper", into(helper.helper, value::credential_helper)},
      {"region", into(ecr.region, value::aws_region)},
      {"profile", into(ecr.profile, value::text)},
      {"role_arn", into(ecr.role_arn, value::role_arn)},
      {"key_file", into(google.key_file, value::path)},
      {"account", into(google.account, google_account)},
      {"tenant", into(acr.tenant, value::text)},
      {"client_id", into(acr.client_id, value::text)},
      {"client_secret", into(acr.client_secret, value::text)},
      {"client_secret_file", into(acr.client_secret_file, value::path)},
      {"federated_token_file", into(acr.federated_token_file, value::path)},
      {"realms", list_into(credentials.realms, value::host)},
  });
  if (node.faulty("type")) return credentials;  // which keys belong to it cannot be said
  refuse_keys_of_others(node, type);
  switch (type) {
    case Type::Basic:
      check_basic(node, basic);
      credentials.account = std::move(basic);
      break;
    case Type::Docker:
      if (!node.gives("config")) look_around(node, docker);
      credentials.account = std::move(docker);
      break;
    case Type::Helper:
      node.require({"helper"});
      credentials.account = std::move(helper);
      break;
    case Type::Ecr:
      ecr.environment = read_aws_environment(node);
      credentials.account = std::move(ecr);
      break;
    case Type::Google:
      credentials.account = google_credentials(node, std::move(google));
      break;
    case Type::Acr:
      credentials.account = acr_credentials(node, std::move(acr));
      break;
  }
  return credentials;
}

}  // namespace entrepot::config
