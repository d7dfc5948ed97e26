// What every part of the cache works with. References: all of it outlives the cache.
#pragma once

#include <memory>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/metrics.hpp"
#include "entrepot/cache/breaker.hpp"
#include "entrepot/cache/permissions.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/store/store.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::cache {

// The time limit of a request upstream that several callers wait for, each with a deadline of its own: those only end
// their waiting.
inline constexpr std::chrono::seconds kSharedLimit{25};

inline io::Deadline shared_deadline() { return io::SteadyClock::now() + kSharedLimit; }

struct Context {
  store::Store& store;
  io::Tasks& tasks;
  io::Pool& disk_pool;
  const Clock& clock;
  metrics::Registry& registry;
};

// An upstream, how its tags are kept fresh and how its blobs are fetched.
struct Source {
  std::unique_ptr<upstream::Upstream> upstream;
  std::string name_in_index;
  config::Freshness freshness;
  config::Fetching fetching;
  std::shared_ptr<Breaker> breaker;          // shared with its trials
  std::shared_ptr<Permissions> permissions;  // shared with the upstream; null: `access: shared`

  // Of what it has shown in the repository.
  store::RepositoryKey key(const upstream::View& view) const { return {name_in_index, view.repository}; }

  // Whether what the upstream has shown in the repository may be shown to the view's client unasked.
  bool permits(const upstream::View& view) const {
    return permissions == nullptr || permissions->has(view, io::SteadyClock::now());
  }
};

// The name under which the index has what an upstream, or a wildcard, has shown. What it has shown to single clients
// stands apart from what it shows to everybody: where `access` has changed, neither is taken for the other.
std::string name_in_index(const config::Upstream& upstream);

// What `config` says of `upstream`. `tasks` and `registry` must outlive it.
Source make_source(std::unique_ptr<upstream::Upstream> upstream, const config::Upstream& config, io::Tasks& tasks,
                   metrics::Registry& registry);

// How an answer came about (RFC 9211).
enum class Outcome {
  Hit,        // from the store
  Forwarded,  // the upstream's answer, nothing to keep: a HEAD of what is not stored
  Stored,     // fetched for this request, and kept
  Collapsed,  // joined a fetch that another request had started
  Stale,      // what was so when the check last succeeded: it has failed since, here or at a cache that is the upstream
  Bypass,     // fetched for this request alone, not kept
};

std::string_view cache_status(Outcome outcome);  // the field's value: "entrepot; fwd=miss; stored"

}  // namespace entrepot::cache
