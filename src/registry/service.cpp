#include "entrepot/registry/service.hpp"

#include "entrepot/base/log.hpp"
#include "registry/blobs.hpp"
#include "registry/client_account.hpp"
#include "registry/lists.hpp"
#include "registry/manifests.hpp"

namespace entrepot::registry {

namespace {

// containerd gives up after 30 s without a status line.
constexpr std::chrono::seconds kStatusLimit{25};

http::Response pong() {
  http::Response response = make_response(200);
  response.headers.add("Content-Type", "application/json");
  response.body = std::string("{}");
  return response;
}

// GET /v2/, where the upstream is asked in its clients' names: whether it has this one.
io::Awaitable<http::Response> serve_login(const Call& call) {
  const upstream::View account{"", call.client};
  if (!call.source.permits(account)) {
    auto answered = co_await call.source.upstream->ping(account, call.deadline);
    if (!answered && answered.error().code == Errc::Denied) co_return ask_for_account(answered.error().message);
    if (!answered) co_return error_response(answered.error(), What::Repository);
  }
  co_return pong();
}

// Never a challenge: the client would answer it with its password.
http::Response refuse_clear_text(const std::string& upstream) {
  return api_error_response(oci::ApiCode::Denied, upstream + " is asked with each client's own account, which is not " +
                                                      "taken over clear text: use a listener with TLS");
}

std::string reference_of(const Route& route) {
  if (route.reference) return oci::to_string(*route.reference);
  if (route.digest) return route.digest->to_string();
  return "";
}

}  // namespace

class Service::Impl {
 public:
  Impl(const config::Config& config, cache::Sources& sources, cache::BlobCache& blobs, cache::ManifestCache& manifests,
       const store::Store& store)
      : table_(config), sources_(sources), blobs_(blobs), manifests_(manifests), store_(store) {
    for (const config::Listener& listener : config.listeners) {
      listener_upstreams_.push_back(listener.upstream);
      clear_text_.push_back(listener.is_clear_text());
    }
  }

  io::Awaitable<http::Response> handle(const http::Request& request) const {
    RouteResult parsed = parse_route(table_, request.method, request.target, listener_upstreams_.at(request.listener));
    if (!parsed) co_return route_error_response(parsed.error());
    const Route& route = *parsed;
    const cache::Source* source = route.upstream.empty() ? &no_source_ : sources_.find(route.upstream);
    http::Response response = co_await dispatch(request, route, source);
    if (route.ns) response.headers.add(kNamespaceHeader, *route.ns);
    response.notes.kind = name_of(route.endpoint);
    // Not what a client has made up: it becomes a label of metrics.
    if (source != nullptr) response.notes.upstream = route.upstream;
    response.notes.repository = route.repository;
    // For the log alone, which has a line of each request at info, and of what failed at warning.
    if (log::enabled(log::Level::Info) || response.status >= 500) response.notes.reference = reference_of(route);
    co_return response;
  }

  http::Response refused(const http::Request& request, unsigned status, std::string_view reason) const {
    http::Response response = refused_response(status, reason);
    RouteResult route = parse_route(table_, request.method, request.target, listener_upstreams_.at(request.listener));
    const std::optional<std::string>& ns = route ? route->ns : route.error().ns;
    if (ns) response.headers.add(kNamespaceHeader, *ns);
    return response;
  }

 private:
  // `source`: null if there is none yet; then what is made here. The arguments are the caller's, who awaits it.
  io::Awaitable<http::Response> dispatch(const http::Request& request, const Route& route,
                                         const cache::Source*& source) const {
    const io::Deadline deadline = request.arrived + kStatusLimit;
    const bool passthrough = source != nullptr ? source->permissions != nullptr
                                               : sources_.configured(route.upstream)->passthrough.has_value();
    std::shared_ptr<const upstream::ClientAccount> client;
    if (passthrough) {
      if (clear_text_.at(request.listener)) co_return refuse_clear_text(route.upstream);
      client = account_in(request);
      if (!client) co_return ask_for_account(route.upstream + " is asked with each client's own account: log in");
    } else if (route.endpoint == Endpoint::Ping) {
      co_return pong();
    }
    if (source == nullptr) {
      auto made = co_await sources_.get(route.upstream, deadline);
      if (!made) co_return error_response(made.error(), What::Repository);
      source = *made;
    }
    Call call{request, route, *source, std::move(client), deadline};
    switch (route.endpoint) {
      case Endpoint::Ping:
        co_return co_await serve_login(call);
      case Endpoint::Catalog:
        co_return co_await serve_catalog(call, table_, sources_, store_, manifests_);
      case Endpoint::Manifest:
        co_return co_await serve_manifest(call, manifests_, blobs_);
      case Endpoint::Blob:
        co_return co_await serve_blob(call, blobs_);
      case Endpoint::Tags:
        co_return co_await serve_tags(call, store_, manifests_);
      case Endpoint::Referrers:
        co_return co_await serve_referrers(call);
    }
    co_return refused_response(500, "no endpoint");
  }

  const RoutingTable table_;
  cache::Sources& sources_;
  const cache::Source no_source_{};  // of a ping or catalog where there is no default upstream: asked for nothing
  cache::BlobCache& blobs_;
  cache::ManifestCache& manifests_;
  const store::Store& store_;
  std::vector<std::optional<std::string>> listener_upstreams_;  // by listener
  std::vector<bool> clear_text_;                                // likewise: what clients send can be read on its way
};

Service::Service(const config::Config& config, cache::Sources& sources, cache::BlobCache& blobs,
                 cache::ManifestCache& manifests, const store::Store& store)
    : impl_(std::make_unique<Impl>(config, sources, blobs, manifests, store)) {}

Service::~Service() = default;

io::Awaitable<http::Response> Service::handle(const http::Request& request) const { return impl_->handle(request); }

http::Response Service::refused(const http::Request& request, unsigned status, std::string_view reason) const {
  return impl_->refused(request, status, reason);
}

}  // namespace entrepot::registry
