#include "config/proxy.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "config/value.hpp"
#include "entrepot/base/text.hpp"

namespace entrepot::config {
namespace {

constexpr std::string_view kForm = "http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";

Error expected(std::string what) { return {Errc::Invalid, "expected " + std::move(what)}; }

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned char byte = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (failure != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

// "USER" or "USER:PASSWORD".
bool read_user(std::string_view text, Proxy& proxy) {
  const auto colon = std::min(text.find(':'), text.size());
  auto username = percent_decoded(text.substr(0, colon));
  auto password = percent_decoded(text.substr(std::min(colon + 1, text.size())));
  // RFC 7617, section 2: the first colon ends the user name.
  if (!username || !password || username->empty() || username->find(':') != std::string::npos) return false;
  proxy.username = std::move(*username);
  proxy.password = std::move(*password);
  return true;
}

// "HOST" or "HOST:PORT", an IPv6 address in brackets.
bool read_authority(std::string_view text, Proxy& proxy) {
  if (text.find('/') != std::string_view::npos || !value::url("http://" + std::string(text))) return false;
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && !text.ends_with(']');
  if (has_port) std::from_chars(text.data() + colon + 1, text.data() + text.size(), proxy.port);
  std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  auto normal = value::host(host);
  if (normal) proxy.host = std::move(*normal);
  return normal.has_value();
}

// The first of the two that is set; empty counts as not set.
struct Variable {
  std::string name;
  std::string value;
};
Variable find_variable(const Environment& environment, const std::string& upper, const std::string& lower) {
  for (const std::string& name : {upper, lower}) {
    auto value = environment(name);
    if (value && !value->empty()) return {name, std::move(*value)};
  }
  return {};
}

std::optional<Proxy> read_variable(Document& document, const std::string& upper, const std::string& lower) {
  const Variable variable = find_variable(document.environment(), upper, lower);
  if (variable.value.empty()) return std::nullopt;
  auto proxy = value::proxy(variable.value);
  if (proxy) return std::move(*proxy);
  document.fault(0, variable.name, "in the environment: " + proxy.error().message);
  return std::nullopt;
}

}  // namespace

namespace value {

Result<Proxy> proxy(std::string_view text) {
  std::string_view rest = text;
  if (const auto end = text.find("://"); end != std::string_view::npos) {
    const std::string scheme = lowercase(text.substr(0, end));
    if (scheme == "https") {
      return expected("a proxy that is spoken to without TLS, " + std::string(kForm) + "; https:// is not supported");
    }
    if (scheme != "http") return expected("an HTTP proxy, " + std::string(kForm) + "; no other kind is supported");
    rest.remove_prefix(end + 3);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!read_user(rest.substr(0, at), proxy)) {
      return expected("a proxy such as " + std::string(kForm) + ", with user and password percent-encoded");
    }
    rest.remove_prefix(at + 1);
  }
  if (!read_authority(rest, proxy)) return expected("a proxy such as " + std::string(kForm));
  return proxy;
}

}  // namespace value

void read_proxy(const Node& node, Proxies& proxies) {
  if (node.is_null()) return;
  const auto text = node.text();
  if (!text || *text == "none") return;
  auto proxy = value::proxy(*text);
  if (!proxy) return node.fault(proxy.error().message + "; or none");
  proxies = {.http = *proxy, .https = *proxy, .no_proxy = {}};
}

void apply_environment_proxies(Config& config, Document& document) {
  Proxies proxies{.http = read_variable(document, "HTTP_PROXY", "http_proxy"),
                  .https = read_variable(document, "HTTPS_PROXY", "https_proxy"),
                  .no_proxy = find_variable(document.environment(), "NO_PROXY", "no_proxy").value};
  for (auto& [name, upstream] : config.upstreams) {
    if (!document.given("upstreams." + name + ".proxy")) upstream.proxies = proxies;
  }
}

}  // namespace entrepot::config
