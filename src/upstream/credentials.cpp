#include "upstream/credentials.hpp"

#include "entrepot/base/base64.hpp"
#include "entrepot/base/hash.hpp"
#include "entrepot/base/hex.hpp"
#include "entrepot/upstream/view.hpp"
#include "upstream/credentials_acr.hpp"
#include "upstream/credentials_basic.hpp"
#include "upstream/credentials_docker.hpp"
#include "upstream/credentials_ecr.hpp"
#include "upstream/credentials_google.hpp"
#include "upstream/credentials_helper.hpp"
#include "upstream/secrets.hpp"

namespace entrepot::upstream {

namespace {

std::unique_ptr<CredentialProvider> make(const config::BasicCredentials& account, const config::Upstream&,
                                         const Context& context) {
  return std::make_unique<BasicProvider>(account, context);
}

std::unique_ptr<CredentialProvider> make(const config::DockerCredentials& account, const config::Upstream& upstream,
                                         const Context& context) {
  return std::make_unique<DockerProvider>(account, servers_of(upstream), context);
}

std::unique_ptr<CredentialProvider> make(const config::HelperCredentials& account, const config::Upstream& upstream,
                                         const Context& context) {
  return std::make_unique<HelperProvider>(account.helper, servers_of(upstream), context);
}

std::unique_ptr<CredentialProvider> make(const config::EcrCredentials& account, const config::Upstream& upstream,
                                         const Context& context) {
  return std::make_unique<EcrProvider>(account, upstream, context);
}

std::unique_ptr<CredentialProvider> make(const config::GoogleCredentials& account, const config::Upstream& upstream,
                                         const Context& context) {
  return std::make_unique<GoogleProvider>(account, upstream, context);
}

std::unique_ptr<CredentialProvider> make(const config::AcrCredentials& account, const config::Upstream& upstream,
                                         const Context& context) {
  return std::make_unique<AcrProvider>(account, upstream, context);
}

}  // namespace

std::string basic_authorization(const Credential& credential) {
  return "Basic " + to_base64(credential.username + ":" + credential.secret);
}

std::string fingerprint(const Credential& credential) {
  Hasher hasher(HashAlgorithm::Sha256);
  hasher.update(std::to_string(static_cast<int>(credential.kind)));
  hasher.update(std::to_string(credential.username.size()) + ":" + credential.username);
  hasher.update(credential.secret);
  return to_hex(hasher.digest());
}

ClientAccount::ClientAccount(std::string user, std::string password)
    : username(std::move(user)),
      secret(std::move(password)),
      fingerprint(upstream::fingerprint(Credential{username, secret})) {}

std::string without_secret(std::string text, const Credential& credential) {
  blot_out(text, to_base64(credential.username + ":" + credential.secret));
  blot_out(text, credential.secret);
  return text;
}

std::string without_authorization(std::string text, std::string_view header) {
  const auto space = header.find(' ');
  if (space == std::string_view::npos) return text;
  const std::string sent(header.substr(space + 1));
  blot_out(text, sent);
  if (!header.starts_with("Basic ")) return text;
  const std::string account = from_base64(sent).value_or("");
  const auto colon = account.find(':');
  return colon == std::string::npos
             ? text
             : without_secret(std::move(text), {account.substr(0, colon), account.substr(colon + 1)});
}

std::unique_ptr<CredentialProvider> make_credential_provider(const config::Upstream& config, const Context& context) {
  if (!config.credentials) return nullptr;
  return std::visit([&](const auto& account) { return make(account, config, context); }, config.credentials->account);
}

}  // namespace entrepot::upstream
