#include "upstream/token.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "entrepot/http/message.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::chrono::seconds kShortestLife{60};
constexpr std::chrono::seconds kLongestLife = std::chrono::hours(24);  // of what we believe

// Most answers have `token`, OAuth 2.0 ones `access_token`, some both with the same value.
std::string token_in(const nlohmann::json& answer) {
  for (const char* field : {"token", "access_token"}) {
    auto found = answer.find(field);
    if (found == answer.end() || !found->is_string()) continue;
    auto value = found->get<std::string>();
    if (!value.empty()) return value;
  }
  return {};
}

std::chrono::seconds lifetime_in(const nlohmann::json& answer) {
  auto found = answer.find("expires_in");
  if (found == answer.end() || !found->is_number()) return kShortestLife;
  auto longest = static_cast<double>(kLongestLife.count());
  auto shortest = static_cast<double>(kShortestLife.count());
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(found->get<double>(), shortest, longest)));
}

}  // namespace

Result<Token> parse_token(std::string_view body) {
  if (body.size() > kMaxTokenBody) return Error{Errc::BadGateway, "the token endpoint's answer is too long"};
  auto answer = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return Error{Errc::BadGateway, "the token endpoint's answer is not a JSON object"};
  Token token{.value = token_in(answer), .lifetime = lifetime_in(answer)};
  if (token.value.empty()) return Error{Errc::BadGateway, "the token endpoint's answer holds no token"};
  if (!http::is_field_value(token.value)) {
    return Error{Errc::BadGateway, "the token endpoint's token cannot be sent in a header"};
  }
  return token;
}

}  // namespace entrepot::upstream
