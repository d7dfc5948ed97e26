// JSON Web Tokens: signing them with RS256, and reading how long one lives. Source: RFC 7515, RFC 7518 (3.3), RFC 7519.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"

struct evp_pkey_st;

namespace entrepot::upstream {

// An RSA key that signs. A copy is the same key. Thread-safe.
class SigningKey {
 public:
  // A private key in PEM (PKCS #8 or PKCS #1), not encrypted. Errc::Invalid, without a word of it, if it is none.
  static Result<SigningKey> parse(const std::string& pem);

  // "<header>.<claims>.<signature>", of two JSON objects. `header` says "alg":"RS256". Takes about a millisecond.
  Result<std::string> sign(std::string_view header, std::string_view claims) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;  // shared by the copies; constant
};

// How long a token lives by its own words: from "iat" to "exp", or from `now` where it does not say when it was issued.
// Nothing if it is no such token, or its end comes before its beginning. Its signature is not looked at.
std::optional<Duration> life_of_web_token(std::string_view token, Time now);

}  // namespace entrepot::upstream
