#include "config/value.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex>

#include "entrepot/base/text.hpp"
#include "entrepot/base/units.hpp"
#include "entrepot/base/wildcard.hpp"

namespace entrepot::config::value {
namespace {

constexpr std::size_t kLongestName = 255;  // of a host (RFC 1035), and of a repository's name

Error expected(std::string what) { return {Errc::Invalid, "expected " + std::move(what)}; }

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class T>
std::optional<T> decimal(std::string_view text, T max) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > max) return std::nullopt;
  return number;
}

// ".example.com" of "a.example.com"; "" of a host of fewer than three parts.
std::string_view last_two_parts(std::string_view host) {
  const auto last_dot = host.rfind('.');
  if (last_dot == std::string_view::npos || last_dot == 0) return {};
  const auto dot = host.rfind('.', last_dot - 1);
  return dot == std::string_view::npos ? std::string_view() : host.substr(dot);
}

std::optional<std::uint16_t> port(std::string_view text) { return decimal<std::uint16_t>(text, 65535); }

// The host of an address in its shortest form; nothing if it is no literal of that family.
std::optional<std::string> ip_literal(std::string_view text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (inet_pton(family, std::string(text).c_str(), binary.data()) != 1) return std::nullopt;
  return inet_ntop(family, binary.data(), printed.data(), printed.size());
}

// Letters, digits, ".", "-" and "_", the first and the last a letter or digit: what both a host and a component of a
// repository's name can be.
bool is_word(std::string_view text) {
  const auto alphanumeric = [](char c) { return is_lower(c) || is_digit(c); };
  return !text.empty() && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_word_with_port(std::string_view text) {
  const auto colon = text.find(':');
  if (!is_word(text.substr(0, colon))) return false;
  return colon == std::string_view::npos || port(text.substr(colon + 1)).value_or(0) != 0;
}

// "v2" would make /v2/v2/... and /v2/v2/ ambiguous.
bool is_component(std::string_view text) { return is_word_with_port(text) && text != "v2"; }

// HOST, HOST:PORT, [IPv6] or [IPv6]:PORT.
bool is_authority(std::string_view text) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !ip_literal(text.substr(1, end - 1), AF_INET6)) return false;
    rest = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    const std::string name = lowercase(text.substr(0, colon));
    if (name.size() > kLongestName || !is_word(name)) return false;
    rest = text.substr(colon);
  }
  return rest.empty() || (rest.starts_with(':') && port(rest.substr(1)).value_or(0) != 0);
}

bool is_hex_digit(char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); }

// RFC 3986, section 3.3.
bool is_url_path(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool plain = is_lower(to_lower(c)) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
    const bool escape = c == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2]);
    if (!plain && !escape) return false;
  }
  return true;
}

}  // namespace

Result<std::string> text(std::string_view text) {
  if (text.empty()) return expected("a text");
  return std::string(text);
}

Result<bool> boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return expected("true or false");
}

Result<unsigned> threads(std::string_view text) {
  if (const auto number = decimal<unsigned>(text, 1024)) return *number;
  return expected("a whole number from 0 (one for each core) to 1024");
}

Result<unsigned> connections(std::string_view text) {
  const auto number = decimal<unsigned>(text, 1024);
  if (number && *number > 0) return *number;
  return expected("a whole number from 1 to 1024");
}

Result<std::uint64_t> size(std::string_view text) {
  if (const auto bytes = parse_bytes(text)) return *bytes;
  return expected("a size such as 200GiB (a whole number with B, kB, MB, GB, KiB, MiB, GiB or TiB)");
}

Result<Duration> duration(std::string_view text) {
  constexpr Duration kLongest = 24h * 36500;
  const auto parsed = parse_duration(text);
  if (!parsed) return expected("a duration such as 30s (a whole number with ms, s, m, h or d)");
  if (*parsed > kLongest) return expected("a duration of at most 36500d");
  return *parsed;
}

Result<Duration> positive_duration(std::string_view text) {
  auto parsed = duration(text);
  if (parsed && *parsed == 0s) return expected("a duration of more than 0");
  return parsed;
}

Result<std::filesystem::path> path(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return expected("a path");
  return std::filesystem::path(text);
}

Result<std::string> credential_helper(std::string_view text) {
  const auto is_of_a_name = [](char c) {
    return is_lower(to_lower(c)) || is_digit(c) || c == '.' || c == '_' || c == '-';
  };
  const bool is_path = text.starts_with('/') && text.find('\0') == std::string_view::npos;
  if (!is_path && (text.empty() || !std::ranges::all_of(text, is_of_a_name))) {
    return expected("the NAME of a program docker-credential-NAME, or a program's absolute path");
  }
  return std::string(text);
}

Result<std::string> aws_region(std::string_view text) {
  const auto is_of_a_region = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  if (text.empty() || text.size() > 63 || !std::ranges::all_of(text, is_of_a_region)) {
    return expected("an AWS region such as eu-west-1");
  }
  return std::string(text);
}

// Source: IAM User Guide, "IAM identifiers".
Result<std::string> role_arn(std::string_view text) {
  static const std::regex kArn("arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+");
  if (std::regex_match(text.begin(), text.end(), kArn)) return std::string(text);
  return expected("the ARN of a role such as arn:aws:iam::123456789012:role/pull");
}

Result<Address> address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto literal = ip_literal(host, bracketed ? AF_INET6 : AF_INET);
    const auto number = port(text.substr(colon + 1));
    if (literal && number) return Address{*literal, *number};
  }
  return expected(
      "IP:PORT such as 0.0.0.0:5000 (every address), 127.0.0.1:5000 or [::]:5000, with an address and no host name");
}

Result<std::string> url(std::string_view text) {
  const std::string_view form = "a URL such as https://registry.example.com";
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return expected(std::string(form) + ", with http:// or https:// in front");
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  if (rest.find_first_of("?#") != std::string_view::npos)
    return expected(std::string(form) + " without query and fragment");
  if (authority.find('@') != std::string_view::npos) {
    return expected(std::string(form) + " without user and password (these go into credentials)");
  }
  if (!is_authority(authority) || !is_url_path(path)) return expected(std::string(form));
  if (path.ends_with("/v2") || path.ends_with("/v2/")) {
    return expected(std::string(form) + " without /v2, which every request adds");
  }
  return std::string(text);
}

Result<std::string> upstream_name(std::string_view text) {
  if (text.size() <= kLongestName && is_component(text)) return std::string(text);
  return expected("a host such as ghcr.io or registry.local:5000, in lower case and other than v2");
}

Result<std::string> upstream_or_wildcard(std::string_view text) {
  if (!is_wildcard(text)) return upstream_name(text);
  std::string name(text);
  std::ranges::replace(name, '*', 'x');
  const auto valid = upstream_name(name);
  if (!valid) return valid.error();
  if (const auto ending = last_two_parts(text); ending.empty() || is_wildcard(ending)) {
    return expected(
        "a wildcard that ends in two parts without \"*\", such as *.example.com: clients choose what it is");
  }
  bool had_star = false;
  for (const char c : text) {
    if (c == '*' && had_star) return expected("a wildcard with one \"*\" between two dots");
    had_star = c == '*' || (had_star && c != '.');
  }
  return std::string(text);
}

Result<std::string> url_under(std::string_view wildcard, std::string_view text) {
  const auto stars = std::ranges::count(wildcard, '*');
  std::string sample;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      sample += text[i];
      continue;
    }
    const char number = i + 1 < text.size() ? text[++i] : ' ';
    if (!is_digit(number) || number - '0' > stars) {
      return expected("$0 for the name, or $1 to $9 for what the stars stand for, as many as there are");
    }
    sample += 'x';
  }
  const auto valid = url(sample);
  if (!valid) return valid.error();
  // As of a name, whoever asks may choose parts of the host, but not which it is.
  std::string_view host = text.substr(text.find("://") + 3);
  host = host.substr(0, host.find('/'));
  const std::string_view ending = last_two_parts(host);
  const bool is_chosen = ending.empty() || ending.find('$') != std::string_view::npos;
  if (host.find('$') != std::string_view::npos && host != "$0" && is_chosen) {
    return expected("a host that is $0, or ends in two parts without \"$\": clients choose what it is");
  }
  return std::string(text);
}

Result<std::string> prefix(std::string_view text) {
  bool valid = text.size() <= kLongestName;
  for (std::string_view rest = text; valid;) {
    const auto slash = rest.find('/');
    valid = is_component(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (valid) return std::string(text);
  return expected(
      "a path prefix such as docker-hub or team/hub: lower-case letters, digits, \".\", \"-\" and \"_\", no v2");
}

Result<std::string> repository_pattern(std::string_view text) {
  const auto allowed = [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '/' || c == '*';
  };
  if (text.empty() || text.size() > kLongestName || !std::ranges::all_of(text, allowed)) {
    return expected("a repository's name, in which * stands for any characters");
  }
  return std::string(text);
}

Result<std::string> regex(std::string_view text) {
  Error wrong = expected("a regular expression (ECMAScript)");
  if (text.empty()) return wrong;
  try {
    std::regex compiled(text.begin(), text.end());
  } catch (const std::regex_error&) {
    return wrong;
  }
  return std::string(text);
}

Result<std::string> host(std::string_view text) {
  if (auto literal = ip_literal(text, AF_INET6)) return *std::move(literal);
  std::string lower = lowercase(text);
  if (lower.size() <= kLongestName && is_word(lower)) return lower;
  return expected("a host such as auth.example.com, without scheme and port");
}

}  // namespace entrepot::config::value
