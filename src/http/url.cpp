// URLs are split by hand (RFC 3986, appendix B): a target is what a CDN has signed, so its bytes stay as they came,
// also those that the RFC's grammar would refuse. Boost.URL reads the authority, where its strictness is wanted.
#include "entrepot/http/url.hpp"

#include <algorithm>
#include <boost/url/authority_view.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <vector>

#include "entrepot/base/text.hpp"

namespace entrepot::http {

namespace {

Error not_a_url(std::string_view text, std::string_view why) {
  // The query may be a signature: only what stands before it is shown.
  return Error{Errc::Invalid, "\"" + std::string(text.substr(0, text.find('?'))) + "\" " + std::string(why)};
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// The scheme before the ":", or "" for a relative reference (RFC 3986, 4.2).
std::string_view scheme_of(std::string_view text) {
  std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text[colon] != ':') return {};
  return text.substr(0, colon);
}

// A byte that may stand in a request line's target.
bool is_target_byte(char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; }

bool is_name_byte(char c) {
  c = to_lower(c);
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

std::string_view without_fragment(std::string_view text) { return text.substr(0, text.find('#')); }

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

// RFC 3986, 5.2.4, for a path that begins with "/".
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_open = false;  // the last segment was a dot segment: the result ends with "/"
  while (!path.empty()) {
    path.remove_prefix(1);
    std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_open = segment == "." || segment == "..";
    if (!ends_open) kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
  }
  std::string result;
  for (std::string_view segment : kept) result.append("/").append(segment);
  if (ends_open || result.empty()) result += '/';
  return result;
}

Result<void> read_authority(std::string_view text, std::string_view authority, Url& url) {
  auto parsed = boost::urls::parse_authority(authority);
  if (!parsed) return not_a_url(text, "has no valid host");
  if (parsed->has_userinfo()) return not_a_url("URL", "has a user part");
  std::string_view host = parsed->encoded_host_address();
  bool is_ip =
      parsed->host_type() == boost::urls::host_type::ipv4 || parsed->host_type() == boost::urls::host_type::ipv6;
  bool is_name =
      parsed->host_type() == boost::urls::host_type::name && !host.empty() && std::ranges::all_of(host, is_name_byte);
  if (!is_ip && !is_name) return not_a_url(text, "has no valid host");
  url.host = lowercase(host);
  url.port = default_port(url.scheme);
  if (parsed->has_port() && !parsed->port().empty()) url.port = parsed->port_number();
  if (url.port == 0) return not_a_url(text, "has no valid port");
  return ok();
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url url;
  std::string_view scheme = scheme_of(text);
  url.scheme = lowercase(scheme);
  if (url.scheme != "http" && url.scheme != "https") return not_a_url(text, "is no http or https URL");
  std::string_view rest = text.substr(scheme.size() + 1);
  if (!rest.starts_with("//")) return not_a_url(text, "is no absolute URL");
  rest.remove_prefix(2);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  auto valid = read_authority(text, authority, url);
  if (!valid) return valid.error();
  std::string_view target = without_fragment(rest.substr(authority.size()));
  if (!std::ranges::all_of(target, is_target_byte)) return not_a_url(text, "has a space or control character");
  if (!target.starts_with('/')) url.target = "/";
  url.target += target;
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (!scheme_of(reference).empty()) return parse(reference);
  if (reference.starts_with("//")) return parse(scheme + ":" + std::string(reference));
  reference = without_fragment(reference);
  if (!std::ranges::all_of(reference, is_target_byte)) return not_a_url(reference, "has a space or control character");

  Url url = *this;
  if (reference.empty()) return url;
  std::string_view path = path_of(reference);
  std::string_view query = reference.substr(path.size());
  std::string base(path_of(target));
  if (path.empty()) {
    url.target = base;
  } else if (path.starts_with('/')) {
    url.target = remove_dot_segments(path);
  } else {
    url.target = remove_dot_segments(base.substr(0, base.rfind('/') + 1).append(path));
  }
  url.target += query;
  return url;
}

bool Url::is_default_port() const { return port == default_port(scheme); }

std::string Url::authority() const { return is_default_port() ? url_host(host) : host_and_port(host, port); }

std::string Url::to_string() const { return scheme + "://" + authority() + target; }

std::string percent_encode(std::string_view text) { return boost::urls::encode(text, boost::urls::unreserved_chars); }

Result<std::string> percent_decode(std::string_view text) {
  auto encoded = boost::urls::make_pct_string_view(text);
  if (!encoded) return Error{Errc::Invalid, "broken percent-encoding"};
  std::string decoded = encoded->decode();
  if (decoded.find('\0') != std::string::npos) return Error{Errc::Invalid, "encoded NUL"};
  return decoded;
}

}  // namespace entrepot::http
