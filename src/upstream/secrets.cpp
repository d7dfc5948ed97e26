#include "upstream/secrets.hpp"

#include <string_view>

#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

namespace {

void replace_all(std::string& text, const std::string& secret) {
  constexpr std::string_view kInstead = kBlot;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kInstead.size())) {
    text.replace(at, secret.size(), kInstead);
  }
}

}  // namespace

void blot_out(std::string& text, const std::string& secret) {
  if (secret.empty()) return;
  replace_all(text, secret);
  const std::string encoded = http::percent_encode(secret);
  if (encoded != secret) replace_all(text, encoded);
}

}  // namespace entrepot::upstream
