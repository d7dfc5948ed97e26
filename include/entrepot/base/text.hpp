// Text as protocols have it: ASCII, whatever the locale. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace entrepot {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lowercase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), to_lower);
  return lower;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// Without the blanks and line ends at either end.
std::string_view trim(std::string_view text);

// What somebody else has written, as a part of a message: trimmed, at most `most` bytes of it, each that is no
// printable ASCII character a blank.
std::string one_line(std::string_view text, std::size_t most);

// "127.0.0.1:80", "[::1]:80", "localhost:80".
std::string host_and_port(std::string_view host, std::uint16_t port);

// A host as it stands in a URL: an IPv6 literal is in brackets there.
std::string url_host(std::string_view host);

}  // namespace entrepot
