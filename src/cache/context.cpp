#include "entrepot/cache/context.hpp"

namespace entrepot::cache {

std::string_view cache_status(Outcome outcome) {
  switch (outcome) {
    case Outcome::Hit:
      return "entrepot; hit";
    case Outcome::Forwarded:
      return "entrepot; fwd=miss";
    case Outcome::Stored:
      return "entrepot; fwd=miss; stored";
    case Outcome::Collapsed:
      return "entrepot; fwd=miss; collapsed";
    case Outcome::Stale:
      return "entrepot; hit; detail=stale";
    case Outcome::Bypass:
      return "entrepot; fwd=bypass";
  }
  return "entrepot; fwd=bypass";
}

std::string name_in_index(const config::Upstream& upstream) {
  return upstream.passthrough ? upstream.name + "#passthrough" : upstream.name;
}

Source make_source(std::unique_ptr<upstream::Upstream> upstream, const config::Upstream& config, io::Tasks& tasks,
                   metrics::Registry& registry) {
  Source source{.upstream = nullptr,
                .name_in_index = name_in_index(config),
                .freshness = config.freshness,
                .fetching = config.fetching,
                .breaker = std::make_shared<Breaker>(config.name, config.freshness.timeout, tasks, registry),
                .permissions = nullptr};
  if (config.passthrough) {
    source.permissions = std::make_shared<Permissions>(config.passthrough->ttl);
    upstream = noting(std::move(upstream), source.permissions);
  }
  source.upstream = std::move(upstream);
  return source;
}

}  // namespace entrepot::cache
