#include "token_service.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace entrepot::test {

std::string basic_authorization(const std::string& credentials) {
  std::string encoded(4 * (credentials.size() / 3 + 1) + 1, '\0');
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(credentials.data()), static_cast<int>(credentials.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

void TokenService::set_policy(TokenPolicy policy) {
  std::lock_guard lock(mutex_);
  policy_ = std::move(policy);
}

CannedAnswer TokenService::answer(const FakeRequest& request) {
  std::lock_guard lock(mutex_);
  const bool is_oauth = request.method == "POST";
  const std::string& parameters = is_oauth ? request.body : request.query;
  const CannedAnswer refusal{
      401, {{"Content-Type", "application/json"}}, R"({"details":"incorrect username or password"})"};
  if (is_oauth && policy_.identity_token &&
      (query_value(parameters, "grant_type") != "refresh_token" ||
       query_value(parameters, "refresh_token") != policy_.identity_token))
    return refusal;
  if (!is_oauth && policy_.credentials && request.header("Authorization") != basic_authorization(*policy_.credentials))
    return refusal;
  std::string scope = query_value(parameters, "scope").value_or("");
  if (!policy_.accounts.empty()) {
    auto known = std::ranges::find_if(policy_.accounts, [&](const auto& account) {
      return request.header("Authorization") == basic_authorization(account.first);
    });
    if (known == policy_.accounts.end()) return refusal;
    // Like Docker Hub: a token for less than what was asked.
    const bool opens = std::ranges::any_of(
        known->second, [&](const std::string& repository) { return scope == "repository:" + repository + ":pull"; });
    if (!opens) scope.clear();
  }
  std::string token = "token-" + std::to_string(++issued_);
  tokens_[token] = {scope, std::chrono::steady_clock::now() + policy_.lifetime};
  std::string expiry = policy_.expires_in ? R"(,"expires_in":)" + std::to_string(*policy_.expires_in) : "";
  const std::string field = is_oauth ? "access_token" : "token";
  return {200, {{"Content-Type", "application/json"}}, "{\"" + field + R"(":")" + token + "\"" + expiry + "}"};
}

bool TokenService::accepts(const std::string& authorization, const std::string& scope) {
  std::lock_guard lock(mutex_);
  if (!authorization.starts_with("Bearer ")) return false;
  auto found = tokens_.find(authorization.substr(7));
  return found != tokens_.end() && found->second.scope == scope && found->second.end > std::chrono::steady_clock::now();
}

void TokenService::revoke_all() {
  std::lock_guard lock(mutex_);
  tokens_.clear();
}

}  // namespace entrepot::test
