// Absolute http and https URLs, and how a reference is resolved against one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"

namespace entrepot::http {

struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lowercase; an IPv6 literal without brackets
  std::uint16_t port = 0;  // never 0: the scheme's default where the text has none
  std::string target;      // path and query, encoded as given; "/" at least; no fragment

  // Errc::Invalid for another scheme, a user part, or text that is no URL.
  static Result<Url> parse(std::string_view text);

  // RFC 3986, section 5: `reference` may be absolute, "//host/path", "/path", "path" or "?query".
  Result<Url> resolve(std::string_view reference) const;

  bool is_default_port() const;
  std::string authority() const;  // what Host says: "host" or "host:port", an IPv6 literal in brackets
  std::string to_string() const;
  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }

  friend bool operator==(const Url&, const Url&) = default;
};

// Percent-encodes all but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

// Percent-decodes; "+" stays. Errc::Invalid for a broken escape or a NUL.
Result<std::string> percent_decode(std::string_view text);

}  // namespace entrepot::http
