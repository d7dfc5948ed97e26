// A token endpoint: hands out Bearer tokens for scopes, to whom it is told to. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "fake_server.hpp"
#include "script.hpp"

namespace entrepot::test {

struct TokenPolicy {
  std::optional<std::string> credentials{};                 // "user:password": who asks without gets 401
  std::optional<std::string> identity_token{};              // likewise, who asks by POST without it
  std::map<std::string, std::set<std::string>> accounts{};  // instead: each "user:password", and its repositories
  std::optional<int> expires_in{};                          // what the answer says; none: it says nothing
  std::chrono::seconds lifetime = std::chrono::hours(1);    // what the registry really accepts
};

class TokenService {
 public:
  void set_policy(TokenPolicy policy);
  CannedAnswer answer(const FakeRequest& request);

  // True if the token was handed out for this scope, has not expired and was not revoked.
  bool accepts(const std::string& authorization, const std::string& scope);
  void revoke_all();  // tokens that are out are refused from now on

 private:
  struct Token {
    std::string scope;
    std::chrono::steady_clock::time_point end;
  };

  std::mutex mutex_;
  TokenPolicy policy_;
  int issued_ = 0;
  std::map<std::string, Token> tokens_;
};

std::string basic_authorization(const std::string& credentials);  // "Basic <base64>"

}  // namespace entrepot::test
