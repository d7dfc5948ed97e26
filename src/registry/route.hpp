// What a request asks for, read from its method and target alone: which upstream, which repository, what of it. Pure.
//
// Source: OCI distribution-spec, "Endpoints"; the three URL shapes are those that clients send to a mirror:
//   /v2/<name>/...?ns=docker.io       containerd, dockerd with the containerd image store
//   /<prefix>/v2/<name>/...           dockerd --registry-mirror=http://host/prefix
//   /v2/<prefix>/<name>/...           BuildKit, podman, CRI-O, docker pull host:5000/prefix/name
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/oci/api_error.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/oci/name.hpp"
#include "registry/routing_table.hpp"

namespace entrepot::registry {

// What a page of a list holds at most, and by default.
inline constexpr std::size_t kMaxPageSize = 1000;

enum class Endpoint { Ping, Manifest, Blob, Tags, Referrers, Catalog };

std::string_view name_of(Endpoint endpoint);  // a literal, for the metrics

struct Route {
  Endpoint endpoint = Endpoint::Ping;

  std::string upstream;         // its configured name
  bool upstream_named = false;  // by the listener, ns or a prefix; not by default
  std::string repository;       // as the upstream calls it (RepositoryRules); "" for Ping and Catalog

  std::optional<oci::Reference> reference;  // of Manifest
  std::optional<oci::Digest> digest;        // of Blob and Referrers

  // Of the query.
  std::size_t n = kMaxPageSize;  // of Tags and Catalog
  std::string last;              // the page begins after it; "" is the beginning. Of Referrers: opaque
  std::string artifact_type;     // of Referrers; "" is any

  std::string link_path;          // the path as the client sent it, for the link to the next page
  std::optional<std::string> ns;  // the value of ns, for OCI-Namespace; safe in a header field
};

// A request that is refused for what it is.
struct RouteError {
  oci::ApiCode code;
  std::string message;
  std::optional<std::string> ns;  // as in Route
};

using RouteResult = boost::system::result<Route, RouteError>;

// `listener_upstream` is the upstream of a listener that serves only one. A method other than GET and HEAD is
// Unsupported on every path.
//
// The upstream is the listener's; else the one that ns names; else the one that a prefix names; else the default. What
// is given besides must agree: a ns or prefix of another upstream is NameUnknown, a prefix of the same one is not part
// of the repository's name. At most one prefix is taken off on either side of /v2, so that an upstream's repository
// "docker.io/library/alpine" has a name too: behind that upstream's own prefix.
//
// /v2/<prefix> and /v2/<prefix>/ are a Ping like /<prefix>/v2/: that is where someone who configures the prefix looks
// whether it works.
RouteResult parse_route(const RoutingTable& table, std::string_view method, std::string_view target,
                        const std::optional<std::string>& listener_upstream);

// Whether `repository`, asked for without its upstream's prefix, is read as that repository: nothing at its start looks
// like a prefix or a host.
bool may_stand_alone(const RoutingTable& table, std::string_view repository);

}  // namespace entrepot::registry
