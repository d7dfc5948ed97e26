#include "registry/route.hpp"

#include <algorithm>
#include <utility>

#include "entrepot/http/url.hpp"
#include "registry/api_path.hpp"
#include "registry/query.hpp"

namespace entrepot::registry {

namespace {

using oci::ApiCode;

template <class T>
using Parsed = boost::system::result<T, RouteError>;

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

// The ns is added where it is known.
RouteError refusal(ApiCode code, std::string message) { return {code, std::move(message), std::nullopt}; }

RouteError not_configured(std::string_view name) {
  return refusal(ApiCode::NameUnknown, "no upstream is configured for " + in_quotes(name));
}

// The upstream that a request goes to, as one part of it after the other names it.
class Choice {
 public:
  // Nothing if `upstream`, which `name` stands for, is the one that was chosen before, or the first.
  std::optional<RouteError> add(std::string_view upstream, std::string_view name) {
    if (upstream_.empty()) upstream_ = upstream;
    if (upstream == upstream_) return std::nullopt;
    return refusal(ApiCode::NameUnknown,
                   in_quotes(name) + " is not " + std::string(upstream_) + ", which was asked for");
  }

  bool made() const { return !upstream_.empty(); }
  std::string_view upstream() const { return upstream_; }

 private:
  std::string_view upstream_;
};

std::optional<RouteError> add_namespace(const RoutingTable& table, std::string_view ns, Choice& choice) {
  std::string_view upstream = table.by_namespace(ns);
  if (upstream.empty()) return not_configured(ns);
  return choice.add(upstream, ns);
}

// `prefix` stands alone: before /v2, or where a repository would be. "" is none.
std::optional<RouteError> add_prefix(const RoutingTable& table, std::string_view prefix, Choice& choice) {
  if (prefix.empty()) return std::nullopt;
  std::string_view upstream = table.by_prefix(prefix);
  if (upstream.empty()) return not_configured(prefix);
  return choice.add(upstream, prefix);
}

// The rule by which docker tells a host from the first component of a name.
bool begins_with_host(std::string_view name) {
  std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view first = name.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

// `name` without the prefix that it begins with, if any: the reverse of may_stand_alone().
Parsed<std::string_view> take_prefix(const RoutingTable& table, std::string_view name, Choice& choice) {
  std::optional<RoutingTable::PrefixMatch> match = table.leading_prefix(name);
  if (!match) {
    if (begins_with_host(name)) return not_configured(name.substr(0, name.find('/')));
    return name;
  }
  if (auto error = choice.add(match->upstream, name)) return std::move(*error);
  return match->rest;
}

// Docker Hub keeps its official images under "library/"; clients that address a mirror by a prefix leave it out.
Parsed<std::string> repository_of(const RoutingTable& table, std::string_view upstream, std::string_view name) {
  bool official = upstream == "docker.io" && name.find('/') == std::string_view::npos;
  std::string repository = (official ? "library/" : "") + std::string(name);
  if (!oci::is_repository(repository))
    return refusal(ApiCode::NameInvalid, "invalid repository name " + in_quotes(name));

  const RepositoryRules& rules = table.rules_of(upstream);
  std::string there = rules.rename(repository);
  if (!oci::is_repository(there)) {
    return refusal(ApiCode::NameInvalid, "the configuration rewrites " + in_quotes(repository) +
                                             " to no repository name: " + in_quotes(there));
  }
  if (!rules.admit(there)) {
    return refusal(ApiCode::Denied, std::string(upstream) + ": the configuration does not allow " + in_quotes(there));
  }
  return there;
}

Parsed<oci::Digest> digest_of(std::string_view text) {
  Result<oci::Digest> digest = oci::Digest::parse(text);
  if (!digest) return refusal(ApiCode::DigestInvalid, digest.error().message);
  return *digest;
}

// A tag has no colon: what has one was meant as a digest.
Parsed<oci::Reference> reference_of(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    Parsed<oci::Digest> digest = digest_of(text);
    if (!digest) return digest.error();
    return oci::Reference(*digest);
  }
  if (!oci::is_tag(text)) return refusal(ApiCode::TagInvalid, "invalid tag " + in_quotes(text));
  return oci::Reference(oci::Tag{std::string(text)});
}

// "" is the default; a larger one is clamped, however many digits it has.
Parsed<std::size_t> page_size_of(std::string_view text) {
  if (text.empty()) return kMaxPageSize;
  std::size_t n = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9') {
      return refusal(ApiCode::PaginationNumberInvalid, "n must be a whole number, not " + in_quotes(text));
    }
    n = std::min(n * 10 + static_cast<std::size_t>(digit - '0'), kMaxPageSize);
  }
  return n;
}

// Puts a value into its place in the route, or hands its error on.
template <class T, class Place>
std::optional<RouteError> assign(Parsed<T> value, Place& place) {
  if (!value) return value.error();
  place = std::move(*value);
  return std::nullopt;
}

// What is asked for of the upstream or repository.
std::optional<RouteError> read_operand(std::string_view reference, std::string_view page_size, Route& route) {
  switch (route.endpoint) {
    case Endpoint::Ping:
      break;
    case Endpoint::Manifest:
      return assign(reference_of(reference), route.reference);
    case Endpoint::Blob:
    case Endpoint::Referrers:
      return assign(digest_of(reference), route.digest);
    case Endpoint::Tags:
    case Endpoint::Catalog:
      return assign(page_size_of(page_size), route.n);
  }
  return std::nullopt;
}

Parsed<std::string> decode_path(std::string_view encoded) {
  Result<std::string> path = http::percent_decode(encoded);
  if (!path) return refusal(ApiCode::NameInvalid, "the path has a broken percent-encoding");
  return std::move(*path);
}

// All but ns, and but what needs no check.
Parsed<Route> parse(const RoutingTable& table, std::string_view method, std::string_view encoded_path,
                    const Query& query, const std::optional<std::string>& listener_upstream) {
  if (method != "GET" && method != "HEAD") return refusal(ApiCode::Unsupported, "this registry is read-only");
  if (!query.fault.empty()) return refusal(ApiCode::NameInvalid, query.fault);

  std::string_view path = encoded_path;
  std::string decoded;  // stays empty for most clients: they encode nothing in a path
  if (path.find('%') != std::string_view::npos) {
    if (auto error = assign(decode_path(encoded_path), decoded)) return std::move(*error);
    path = decoded;
  }
  if (auto error = check_components(path)) return std::move(*error);
  std::optional<ApiPath> parts = cut_path(path);
  if (!parts) return refusal(ApiCode::NameUnknown, "no path of the registry API");

  Choice choice;
  if (listener_upstream) choice.add(*listener_upstream, *listener_upstream);
  if (query.ns) {
    if (auto error = add_namespace(table, *query.ns, choice)) return std::move(*error);
  }
  if (auto error = add_prefix(table, parts->mount, choice)) return std::move(*error);

  Route route;
  route.endpoint = parts->endpoint;
  if (route.endpoint == Endpoint::Ping || route.endpoint == Endpoint::Catalog) {
    if (auto error = add_prefix(table, parts->name, choice)) return std::move(*error);
  } else {
    Parsed<std::string_view> name = take_prefix(table, parts->name, choice);
    if (!name) return name.error();
    std::string_view upstream = choice.made() ? choice.upstream() : table.default_upstream();
    if (upstream.empty()) {
      return refusal(ApiCode::NameUnknown,
                     in_quotes(*name) + " names no upstream, and none is configured as the default one");
    }
    if (auto error = assign(repository_of(table, upstream, *name), route.repository)) return std::move(*error);
  }
  route.upstream_named = choice.made();
  route.upstream = choice.made() ? choice.upstream() : table.default_upstream();
  if (auto error = read_operand(parts->reference, query.n, route)) return std::move(*error);
  return route;
}

}  // namespace

bool may_stand_alone(const RoutingTable& table, std::string_view repository) {
  return !table.leading_prefix(repository) && !begins_with_host(repository);
}

RouteResult parse_route(const RoutingTable& table, std::string_view method, std::string_view target,
                        const std::optional<std::string>& listener_upstream) {
  std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  Query query = parse_query(target.substr(std::min(question + 1, target.size())));

  RouteResult route = parse(table, method, path, query, listener_upstream);
  if (!route) {
    RouteError error = route.error();
    error.ns = std::move(query.ns);
    return error;
  }
  route->link_path = path;
  route->ns = std::move(query.ns);
  route->last = std::move(query.last);
  route->artifact_type = std::move(query.artifact_type);
  return route;
}

std::string_view name_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::Ping:
      return "ping";
    case Endpoint::Manifest:
      return "manifest";
    case Endpoint::Blob:
      return "blob";
    case Endpoint::Tags:
      return "tags";
    case Endpoint::Referrers:
      return "referrers";
    case Endpoint::Catalog:
      return "catalog";
  }
  return "other";
}

}  // namespace entrepot::registry
