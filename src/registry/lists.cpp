#include "registry/lists.hpp"

#include <algorithm>

#include "entrepot/oci/media_type.hpp"
#include "registry/paging.hpp"

namespace entrepot::registry {

namespace {

constexpr std::chrono::seconds kSettleLimit{2};
constexpr std::string_view kJson = "application/json";

http::Response list_response(const Route& route, std::string_view content_type, std::string body, bool more,
                             std::string_view last) {
  http::Response response = make_response(200);
  response.headers.add("Content-Type", content_type);
  if (more) response.headers.add("Link", next_link(route, last));
  response.body = std::move(body);
  return response;
}

// From what is stored, for as long as the upstream cannot say.
std::optional<http::Response> stored_tags(const Call& call, const store::Store& store) {
  const Route& route = call.route;
  const store::RepositoryKey key = call.source.key(call.view());
  if (store.tags(key, "", 1).empty()) return std::nullopt;
  std::vector<std::string> tags = store.tags(key, route.last, route.n + 1);
  Page page = cut_page(tags, route.n, route.last);
  std::string last = page.entries.empty() ? "" : page.entries.back();
  http::Response response = list_response(route, kJson, tags_body(route.repository, page.entries), page.more, last);
  add_cache_status(response, cache::Outcome::Stale);
  return response;
}

// Of the upstream that the request goes to, what its client may see; of the others, what everybody may.
bool may_list(const Call& call, const cache::Sources& sources, const store::RepositoryKey& key) {
  if (key.upstream == call.source.name_in_index) return call.source.permits({key.repository, call.client});
  const config::Upstream* upstream = sources.configured(key.upstream);
  return upstream != nullptr && !upstream->passthrough;  // what was configured once cannot be pulled
}

}  // namespace

io::Awaitable<http::Response> serve_tags(const Call& call, const store::Store& store, cache::ManifestCache& manifests) {
  const Route& route = call.route;
  // A page of 0 is no question that upstreams answer alike; one entry tells whether there is such a repository.
  std::uint64_t wanted = std::max<std::uint64_t>(1, route.n);
  std::vector<std::string> tags;
  std::string next = route.last;
  bool more = true;
  while (more && tags.size() < wanted) {
    auto page = co_await call.source.upstream->tags(call.view(), wanted - tags.size(), next, call.deadline);
    if (!page) {
      if (is_outage(page.error().code)) {
        co_await manifests.settle(io::SteadyClock::now() + kSettleLimit);
        auto stored = call.source.permits(call.view()) ? stored_tags(call, store) : std::nullopt;
        if (stored) co_return std::move(*stored);
      }
      co_return error_response(page.error(), What::Repository);
    }
    tags.insert(tags.end(), page->tags.begin(), page->tags.end());
    more = !page->next.empty() && page->next != next;
    next = page->next;
  }
  if (route.n == 0) co_return list_response(route, kJson, tags_body(route.repository, {}), false, "");
  co_return list_response(route, kJson, tags_body(route.repository, tags), more, next);
}

io::Awaitable<http::Response> serve_referrers(const Call& call) {
  const Route& route = call.route;
  auto page = co_await call.source.upstream->referrers(call.view(), *route.digest, route.artifact_type, route.last,
                                                       call.deadline);
  if (!page) co_return error_response(page.error(), What::Referrers);
  http::Response response =
      list_response(route, oci::kOciIndex, std::move(page->body), !page->next.empty(), page->next);
  if (page->artifact_type_filtered) response.headers.add("OCI-Filters-Applied", "artifactType");
  co_return response;
}

io::Awaitable<http::Response> serve_catalog(const Call& call, const RoutingTable& table, const cache::Sources& sources,
                                            const store::Store& store, cache::ManifestCache& manifests) {
  const Route& route = call.route;
  co_await manifests.settle(io::SteadyClock::now() + kSettleLimit);
  std::vector<std::string> names;
  const std::string& chosen = call.source.name_in_index;
  for (const store::RepositoryKey& key : store.repositories(route.upstream_named ? chosen : "")) {
    if (!may_list(call, sources, key)) continue;
    const bool plain = key.upstream == chosen && may_stand_alone(table, key.repository);
    const std::string& prefix = key.upstream == chosen ? route.upstream : key.upstream;
    names.push_back(plain ? key.repository : prefix + '/' + key.repository);
  }
  std::sort(names.begin(), names.end());
  Page page = cut_page(names, route.n, route.last);
  std::string last = page.entries.empty() ? "" : page.entries.back();
  co_return list_response(route, kJson, catalog_body(page.entries), page.more, last);
}

}  // namespace entrepot::registry
