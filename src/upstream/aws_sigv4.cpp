#include "upstream/aws_sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "entrepot/base/hash.hpp"
#include "entrepot/base/hex.hpp"
#include "entrepot/base/text.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string sha256(std::string_view bytes) {
  Hasher hasher(HashAlgorithm::Sha256);
  hasher.update(bytes);
  return to_hex(hasher.digest());
}

// Raw bytes.
std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> segments = split(path, '/');
  for (std::string_view segment : segments) {
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (segment != ".." && segment != "." && !segment.empty()) kept.push_back(segment);
  }
  std::string canonical;
  for (std::string_view segment : kept) canonical.append("/").append(http::percent_encode(segment));
  const bool ends_open = segments.back().empty() || segments.back() == "." || segments.back() == "..";
  if (canonical.empty() || ends_open) canonical += '/';
  return canonical;
}

// One that is encoded already is not encoded twice.
std::string encoded_once(std::string_view text) {
  Result<std::string> decoded = http::percent_decode(text);
  return http::percent_encode(decoded ? std::string_view(*decoded) : text);
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::string_view parameter : split(query, '&')) {
    const auto equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(encoded_once(parameter.substr(0, equals)),
                            encoded_once(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  std::ranges::sort(parameters);
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    canonical.append(canonical.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return canonical;
}

// Without blanks around it, and with one in place of several.
std::string canonical_value(std::string_view value) {
  std::string canonical;
  for (char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (blank && (canonical.empty() || canonical.back() == ' ')) continue;
    canonical += blank ? ' ' : c;
  }
  if (canonical.ends_with(' ')) canonical.pop_back();
  return canonical;
}

// By their names in lower case; the values of one name in the order in which they come.
std::map<std::string, std::string> canonical_headers(const AwsRequest& request) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    auto [place, is_new] = headers.emplace(lowercase(name), canonical_value(value));
    if (!is_new) place->second.append(",").append(canonical_value(value));
  }
  return headers;
}

// "host;x-amz-date"
std::string signed_headers(const AwsRequest& request) {
  std::string names;
  for (const auto& [name, value] : canonical_headers(request)) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

AwsRequest to_sign(const http::ClientRequest& request) {
  AwsRequest signing{request.method, request.url.target, {{"Host", request.url.authority()}}, request.body};
  for (std::string_view line : split(request.headers.text(), '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) signing.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  return signing;
}

}  // namespace

std::string canonical_request(const AwsRequest& request) {
  const std::string_view target = request.target;
  const auto mark = std::min(target.find('?'), target.size());
  std::string canonical = request.method + "\n" + canonical_path(target.substr(0, mark)) + "\n" +
                          canonical_query(target.substr(std::min(mark + 1, target.size()))) + "\n";
  for (const auto& [name, value] : canonical_headers(request)) canonical += name + ":" + value + "\n";
  return canonical + "\n" + signed_headers(request) + "\n" + sha256(request.body);
}

std::string aws_timestamp(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys, const AwsScope& scope, Time now) {
  const std::string timestamp = aws_timestamp(now);
  const std::string date = timestamp.substr(0, 8);
  const std::string credential_scope = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  std::string string_to_sign(kAlgorithm);
  string_to_sign.append("\n").append(timestamp).append("\n").append(credential_scope).append("\n");
  string_to_sign += sha256(canonical_request(request));
  const std::string key =
      hmac(hmac(hmac(hmac("AWS4" + keys.secret_access_key, date), scope.region), scope.service), "aws4_request");
  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(keys.access_key_id).append("/").append(credential_scope);
  authorization.append(", SignedHeaders=").append(signed_headers(request));
  authorization.append(", Signature=").append(to_hex(hmac(key, string_to_sign)));
  return authorization;
}

void sign(http::ClientRequest& request, const AwsKeys& keys, const AwsScope& scope, Time now) {
  request.headers.add("X-Amz-Date", aws_timestamp(now));
  if (!keys.session_token.empty()) request.headers.add("X-Amz-Security-Token", keys.session_token);
  request.headers.add("Authorization", aws_authorization(to_sign(request), keys, scope, now));
}

}  // namespace entrepot::upstream
