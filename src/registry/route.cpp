#include "registry/route.hpp"

#include <algorithm>
#include <utility>

#include "entrepot/http/url.hpp"
#include "registry/query.hpp"

namespace entrepot::registry {

namespace {

using oci::ApiCode;

// A RouteError before its ns is known.
struct Refusal {
  ApiCode code;
  std::string message;
};

template <class T>
using Parsed = boost::system::result<T, Refusal>;

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

Refusal no_such_endpoint() { return {ApiCode::NameUnknown, "no endpoint of the registry API"}; }

// A path, decoded, without its leading slash; no component but the last is empty.
Parsed<std::string> decode_path(std::string_view encoded) {
  Result<std::string> path = http::percent_decode(encoded);
  if (!path) return Refusal{ApiCode::NameInvalid, "the path has a broken percent-encoding"};
  if (!path->starts_with('/')) return no_such_endpoint();
  path->erase(0, 1);

  std::string_view rest = *path;
  while (true) {
    std::size_t slash = rest.find('/');
    std::string_view component = rest.substr(0, slash);
    if (component == "." || component == "..") {
      return Refusal{ApiCode::NameInvalid, "the path has a component " + quoted(component)};
    }
    if (slash == std::string_view::npos) return std::move(*path);
    if (component.empty()) return Refusal{ApiCode::NameInvalid, "the path has an empty component"};
    rest.remove_prefix(slash + 1);
  }
}

// A path, cut at its component "v2".
struct Split {
  std::string_view prefix;  // what stands before it
  std::string_view rest;    // what stands behind it
};

// "v2", "v2/<rest>", "<prefix>/v2", "<prefix>/v2/<rest>". The first "v2" counts, unless only a later one has a known
// prefix before it: "v2" may be a component of a prefix or a name too.
std::optional<Split> split_at_v2(const RoutingTable& table, std::string_view path) {
  std::optional<Split> first;
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "v2") {
      Split split{path.substr(0, begin == 0 ? 0 : begin - 1), path.substr(std::min(end + 1, path.size()))};
      if (split.prefix.empty() || !table.by_prefix(split.prefix).empty()) return split;
      if (!first) first = split;
    }
    begin = end + 1;
  }
  return first;
}

// What stands behind "v2/", read from its right end: a repository may have components like "manifests" in its name.
struct Tail {
  Endpoint endpoint;
  std::string_view name;       // the repository's, with its prefix; of Ping and Catalog the prefix alone
  std::string_view reference;  // a tag or a digest
};

std::optional<Tail> parse_tail(const RoutingTable& table, std::string_view rest) {
  if (rest.empty()) return Tail{Endpoint::Ping, {}, {}};
  if (rest == "_catalog") return Tail{Endpoint::Catalog, {}, {}};

  std::size_t slash = rest.rfind('/');
  if (slash != std::string_view::npos) {
    std::string_view before = rest.substr(0, slash);
    std::string_view last = rest.substr(slash + 1);
    std::size_t keyword_slash = before.rfind('/');
    if (keyword_slash != std::string_view::npos) {
      std::string_view name = before.substr(0, keyword_slash);
      std::string_view keyword = before.substr(keyword_slash + 1);
      if (keyword == "manifests") return Tail{Endpoint::Manifest, name, last};
      if (keyword == "blobs") return Tail{Endpoint::Blob, name, last};
      if (keyword == "referrers") return Tail{Endpoint::Referrers, name, last};
      if (keyword == "tags" && last == "list") return Tail{Endpoint::Tags, name, {}};
    }
    if (last == "_catalog") return Tail{Endpoint::Catalog, before, {}};
    if (last.empty()) rest = before;
  }
  if (!table.by_prefix(rest).empty()) return Tail{Endpoint::Ping, rest, {}};
  return std::nullopt;
}

// The upstream that a request goes to, as one part of it after the other names it.
class Choice {
 public:
  // False if another upstream was chosen before.
  bool agree(std::string_view upstream) {
    if (upstream_.empty()) upstream_ = upstream;
    return upstream_ == upstream;
  }

  bool made() const { return !upstream_.empty(); }
  std::string_view upstream() const { return upstream_; }

 private:
  std::string_view upstream_;
};

Refusal not_configured(std::string_view what) {
  return {ApiCode::NameUnknown, "no upstream is configured for " + quoted(what)};
}

Refusal another_upstream(std::string_view what, const Choice& choice) {
  return {ApiCode::NameUnknown, quoted(what) + " is another upstream than " + std::string(choice.upstream())};
}

// Whether a name like "registry.example/team/app" means a host: the rule by which docker itself tells a host from a
// component.
bool begins_with_host(std::string_view name) {
  std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view first = name.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

// Takes the prefix off `name`, which is nothing but a prefix where `prefix_alone` is set.
Parsed<std::string_view> take_prefix(const RoutingTable& table, std::string_view name, bool prefix_alone,
                                     Choice& choice) {
  if (name.empty()) return name;
  if (prefix_alone) {
    std::string_view upstream = table.by_prefix(name);
    if (upstream.empty()) return not_configured(name);
    if (!choice.agree(upstream)) return another_upstream(name, choice);
    return std::string_view();
  }
  std::optional<RoutingTable::PrefixMatch> match = table.leading_prefix(name);
  if (!match) {
    if (begins_with_host(name)) return not_configured(name.substr(0, name.find('/')));
    return name;
  }
  if (!choice.agree(match->upstream)) {
    return another_upstream(name.substr(0, name.size() - match->rest.size() - 1), choice);
  }
  return match->rest;
}

// Docker Hub keeps its official images in "library": clients say "alpine" to mirrors that they address by a prefix.
Parsed<std::string> repository_of(std::string_view upstream, std::string_view name) {
  bool official = upstream == "docker.io" && name.find('/') == std::string_view::npos;
  std::string repository = official ? "library/" + std::string(name) : std::string(name);
  if (!oci::is_repository(repository)) {
    return Refusal{ApiCode::NameInvalid, "invalid repository name " + quoted(name)};
  }
  return repository;
}

Parsed<oci::Digest> digest_of(std::string_view text) {
  Result<oci::Digest> digest = oci::Digest::parse(text);
  if (!digest) return Refusal{ApiCode::DigestInvalid, digest.error().message};
  return *digest;
}

// A tag has no colon: what has one was meant as a digest.
Parsed<oci::Reference> reference_of(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    Parsed<oci::Digest> digest = digest_of(text);
    if (!digest) return digest.error();
    return oci::Reference(*digest);
  }
  if (!oci::is_tag(text)) return Refusal{ApiCode::TagInvalid, "invalid tag " + quoted(text)};
  return oci::Reference(oci::Tag{std::string(text)});
}

// "" is the default; larger ones are clamped, however many digits they have.
Parsed<std::size_t> page_size_of(std::string_view text) {
  std::size_t n = text.empty() ? kMaxPageSize : 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9') {
      return Refusal{ApiCode::PaginationNumberInvalid, "n must be a whole number, not " + quoted(text)};
    }
    n = std::min(n * 10 + static_cast<std::size_t>(digit - '0'), kMaxPageSize);
  }
  return n;
}

// All but ns, link_path and what the query gives without a check.
Parsed<Route> parse(const RoutingTable& table, std::string_view method, std::string_view encoded_path,
                    const Query& query, const std::optional<std::string>& listener_upstream) {
  if (method != "GET" && method != "HEAD") return Refusal{ApiCode::Unsupported, "this registry is read-only"};
  if (!query.fault.empty()) return Refusal{ApiCode::NameInvalid, query.fault};

  Parsed<std::string> path = decode_path(encoded_path);
  if (!path) return path.error();
  std::optional<Split> split = split_at_v2(table, *path);
  if (!split) return no_such_endpoint();

  Choice choice;
  if (listener_upstream) choice.agree(*listener_upstream);
  if (query.ns) {
    std::string_view upstream = table.by_namespace(*query.ns);
    if (upstream.empty()) return not_configured(*query.ns);
    if (!choice.agree(upstream)) return another_upstream(*query.ns, choice);
  }
  if (Parsed<std::string_view> taken = take_prefix(table, split->prefix, true, choice); !taken) return taken.error();

  std::optional<Tail> tail = parse_tail(table, split->rest);
  if (!tail) return no_such_endpoint();
  bool has_repository = tail->endpoint != Endpoint::Ping && tail->endpoint != Endpoint::Catalog;
  Parsed<std::string_view> name = take_prefix(table, tail->name, !has_repository, choice);
  if (!name) return name.error();

  Route route;
  route.endpoint = tail->endpoint;
  route.upstream_named = choice.made();
  route.upstream = choice.made() ? choice.upstream() : table.default_upstream();
  if (has_repository) {
    if (route.upstream.empty()) return Refusal{ApiCode::NameUnknown, "no upstream is named, and none is the default"};
    Parsed<std::string> repository = repository_of(route.upstream, *name);
    if (!repository) return repository.error();
    route.repository = std::move(*repository);
  }

  switch (route.endpoint) {
    case Endpoint::Ping:
      break;
    case Endpoint::Manifest: {
      Parsed<oci::Reference> reference = reference_of(tail->reference);
      if (!reference) return reference.error();
      route.reference = std::move(*reference);
      break;
    }
    case Endpoint::Blob:
    case Endpoint::Referrers: {
      Parsed<oci::Digest> digest = digest_of(tail->reference);
      if (!digest) return digest.error();
      route.digest = *digest;
      break;
    }
    case Endpoint::Tags:
    case Endpoint::Catalog: {
      Parsed<std::size_t> n = page_size_of(query.n);
      if (!n) return n.error();
      route.n = *n;
      break;
    }
  }
  return route;
}

}  // namespace

RouteResult parse_route(const RoutingTable& table, std::string_view method, std::string_view target,
                        const std::optional<std::string>& listener_upstream) {
  std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  Query query = parse_query(target.substr(std::min(question + 1, target.size())));

  Parsed<Route> route = parse(table, method, path, query, listener_upstream);
  if (!route) return RouteError{route.error().code, route.error().message, std::move(query.ns)};
  route->link_path = path;
  route->ns = std::move(query.ns);
  route->last = std::move(query.last);
  route->artifact_type = std::move(query.artifact_type);
  return std::move(*route);
}

}  // namespace entrepot::registry
