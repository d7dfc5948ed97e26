#include "upstream/docker_config.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "entrepot/base/base64.hpp"
#include "entrepot/base/text.hpp"
#include "entrepot/http/message.hpp"
#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::string_view kDockerHub = "https://index.docker.io/v1/";
constexpr std::array<std::string_view, 3> kDockerHubHosts{"docker.io", "index.docker.io", "registry-1.docker.io"};

Error invalid(std::string what) { return {Errc::Invalid, std::move(what)}; }

// Nothing if there is none; an error if it is of another type.
Result<const nlohmann::json*> object_in(const nlohmann::json& parent, const char* name) {
  auto found = parent.find(name);
  if (found == parent.end() || found->is_null()) return nullptr;
  if (!found->is_object()) return invalid(std::string(name) + " is no object");
  return &*found;
}

Result<std::string> text_in(const nlohmann::json& parent, const char* name) {
  auto found = parent.find(name);
  if (found == parent.end() || found->is_null()) return std::string();
  if (!found->is_string()) return invalid(std::string(name) + " is no text");
  return found->get<std::string>();
}

// The member for the server: under Docker's own key for it, else the first of the others that means it.
nlohmann::json::const_iterator find_server(const nlohmann::json& object, const std::string& server) {
  auto exact = object.find(server);
  if (exact != object.end()) return exact;
  auto found = object.begin();
  while (found != object.end() && server_of_key(found.key()) != server) ++found;
  return found;
}

// The name of a program that is run: no path, which Docker's clients would not take either.
bool is_helper_name(std::string_view name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::string> helper_of(const nlohmann::json& config, const std::string& server) {
  Result<const nlohmann::json*> helpers = object_in(config, "credHelpers");
  if (!helpers) return helpers.error();
  Result<std::string> helper = text_in(config, "credsStore");
  if (*helpers != nullptr) {
    auto found = find_server(**helpers, server);
    if (found != (*helpers)->end()) {
      if (!found->is_string()) return invalid("credHelpers has no text for " + found.key());
      helper = found->get<std::string>();  // an empty one: no helper for this server
    }
  }
  if (helper && !is_helper_name(*helper)) return invalid("a credential helper's name is none");
  return helper;
}

// "user:password" in base64. The password may hold colons; NULs at its end are no part of it.
Result<Credential> decode_auth(const std::string& auth, const std::string& key) {
  std::optional<std::string> both = from_base64(auth);
  const auto colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos) return invalid("the auth of " + key + " is not USER:PASSWORD in base64");
  Credential credential{both->substr(0, colon), both->substr(colon + 1)};
  credential.secret.erase(credential.secret.find_last_not_of('\0') + 1);
  return credential;
}

Result<std::optional<Credential>> credential_in(const nlohmann::json& entry, const std::string& key) {
  if (entry.is_null()) return std::optional<Credential>();
  if (!entry.is_object()) return invalid("auths has no object for " + key);
  std::array<std::string, 5> texts;
  constexpr std::array kNames{"auth", "username", "password", "identitytoken", "registrytoken"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    Result<std::string> text = text_in(entry, kNames[i]);
    if (!text) return invalid("of " + key + ": " + text.error().message);
    texts[i] = std::move(*text);
  }
  auto& [auth, username, password, identity_token, registry_token] = texts;

  Credential credential{std::move(username), std::move(password)};
  if (!auth.empty()) {
    Result<Credential> decoded = decode_auth(auth, key);
    if (!decoded) return decoded.error();
    credential = std::move(*decoded);
  }
  if (!registry_token.empty()) {
    if (!http::is_field_value(registry_token)) return invalid("the registrytoken of " + key + " cannot be sent");
    credential.secret = std::move(registry_token);
    credential.kind = Credential::Kind::RegistryToken;
  } else if (!identity_token.empty()) {
    credential.secret = std::move(identity_token);
    credential.kind = Credential::Kind::IdentityToken;
  }
  // Where a helper keeps the account, its entry is there and empty.
  if (credential.secret.empty()) return std::optional<Credential>();
  return std::optional(std::move(credential));
}

}  // namespace

std::string server_of(std::string_view host) {
  const std::string server = lowercase(host);
  const bool hub = std::ranges::find(kDockerHubHosts, std::string_view(server)) != kDockerHubHosts.end();
  return hub ? std::string(kDockerHub) : server;
}

std::optional<std::string> server_of_key(std::string_view key) {
  bool has_scheme = false;
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    has_scheme = true;
    break;
  }
  const auto slash = std::min(key.find('/'), key.size());
  std::string_view path = key.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  // With a scheme it is Docker's, who compare hosts alone; without one a path is a part of a registry.
  const bool whole = has_scheme || path.empty() || path == "/v1" || path == "/v2";
  if (!whole || slash == 0) return std::nullopt;
  return server_of(key.substr(0, slash));
}

std::vector<std::string> servers_of(const config::Upstream& upstream) {
  std::vector<std::string> servers;
  auto add = [&](std::string server) {
    if (std::ranges::find(servers, server) == servers.end()) servers.push_back(std::move(server));
  };
  for (const std::string& text : upstream.urls) {
    Result<http::Url> url = http::Url::parse(text);
    if (url) add(server_of(url->authority()));
  }
  add(server_of(upstream.name));
  return servers;
}

Result<std::vector<DockerAccount>> parse_docker_config(std::string_view json, std::span<const std::string> servers) {
  auto config = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) return invalid("is not a JSON object");
  Result<const nlohmann::json*> auths = object_in(config, "auths");
  if (!auths) return auths.error();
  std::vector<DockerAccount> accounts;
  for (const std::string& server : servers) {
    DockerAccount account{.server = server};
    Result<std::string> helper = helper_of(config, server);
    if (!helper) return helper.error();
    account.helper = std::move(*helper);
    if (*auths != nullptr) {
      auto found = find_server(**auths, server);
      if (found != (*auths)->end()) {
        Result<std::optional<Credential>> stored = credential_in(*found, found.key());
        if (!stored) return stored.error();
        account.stored = std::move(*stored);
      }
    }
    accounts.push_back(std::move(account));
  }
  return accounts;
}

}  // namespace entrepot::upstream
