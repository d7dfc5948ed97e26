#include "entrepot/config/reload.hpp"

namespace entrepot::config {
namespace {

// Compares key by key. `get` gives the key's value in a Config or in a part of one.
class Comparison {
 public:
  Comparison(const Config& running, const Config& wanted)
      : running_(running), wanted_(wanted), result_{running, {}, {}} {}

  template <class Get>
  void live(const std::string& key, Get get) {
    if (get(running_) == get(wanted_)) return;
    get(result_.config) = get(wanted_);
    result_.applied.push_back(key);
  }

  template <class Get>
  void at_start(const std::string& key, Get get) {
    if (get(running_) != get(wanted_)) result_.at_start.push_back(key);
  }

  Reload result() && { return std::move(result_); }

 private:
  const Config& running_;
  const Config& wanted_;
  Reload result_;
};

template <class Get>
void compare_eviction(Comparison& compare, const std::string& key, Get eviction) {
  compare.live(key + ".ttl", [=](auto& config) -> auto& { return eviction(config).ttl; });
  compare.live(key + ".ttl_since", [=](auto& config) -> auto& { return eviction(config).ttl_since; });
  compare.live(key + ".interval", [=](auto& config) -> auto& { return eviction(config).interval; });
}

void compare_upstream(Comparison& compare, const std::string& name) {
  const std::string key = "upstreams." + name + ".";
  const auto of = [&name](auto& config) -> auto& { return config.upstreams.find(name)->second; };
  compare_eviction(compare, key + "eviction", [=](auto& config) -> auto& { return of(config).eviction; });
  compare.at_start(key + "url", [=](auto& config) -> auto& { return of(config).urls; });
  compare.at_start(key + "aliases", [=](auto& config) -> auto& { return of(config).aliases; });
  compare.at_start(key + "prefixes", [=](auto& config) -> auto& { return of(config).prefixes; });
  compare.at_start(key + "rewrite", [=](auto& config) -> auto& { return of(config).rewrite; });
  compare.at_start(key + "allow", [=](auto& config) -> auto& { return of(config).allow; });
  compare.at_start(key + "deny", [=](auto& config) -> auto& { return of(config).deny; });
  compare.at_start(key + "access", [=](auto& config) -> auto& { return of(config).passthrough; });
  compare.at_start(key + "connections_per_blob",
                   [=](auto& config) -> auto& { return of(config).fetching.connections_per_blob; });
  compare.at_start(key + "parallel_min_size",
                   [=](auto& config) -> auto& { return of(config).fetching.parallel_min_size; });
  compare.at_start(key + "max_connections", [=](auto& config) -> auto& { return of(config).fetching.max_connections; });
  compare.at_start(key + "prefetch", [=](auto& config) -> auto& { return of(config).fetching.prefetch_layers; });
  compare.at_start(key + "credentials", [=](auto& config) -> auto& { return of(config).credentials; });
  compare.at_start(key + "ca", [=](auto& config) -> auto& { return of(config).ca; });
  compare.at_start(key + "client_certificate", [=](auto& config) -> auto& { return of(config).client_certificate; });
  compare.at_start(key + "proxy", [=](auto& config) -> auto& { return of(config).proxies; });
  compare.at_start(key + "freshness", [=](auto& config) -> auto& { return of(config).freshness; });
  compare.at_start(key + "timeouts", [=](auto& config) -> auto& { return of(config).timeouts; });
}

void compare_upstreams(Comparison& compare, const Config& running, const Config& wanted) {
  for (const auto& [name, upstream] : running.upstreams) {
    if (wanted.upstreams.contains(name)) {
      compare_upstream(compare, name);
    } else {
      compare.at_start("upstreams." + name, [&](auto& config) { return config.upstreams.contains(name); });
    }
  }
  for (const auto& [name, upstream] : wanted.upstreams) {
    compare.at_start("upstreams." + name, [&](auto& config) { return config.upstreams.contains(name); });
  }
}

}  // namespace

Reload reload(const Config& running, const Config& wanted) {
  Comparison compare(running, wanted);
  compare.at_start("listeners", [](auto& config) -> auto& { return config.listeners; });
  compare.at_start("admin", [](auto& config) -> auto& { return config.admin; });
  compare.at_start("threads", [](auto& config) -> auto& { return config.threads; });
  compare.at_start("storage.path", [](auto& config) -> auto& { return config.storage.path; });
  compare.live("storage.max_size", [](auto& config) -> auto& { return config.storage.max_size; });
  compare.live("storage.min_free", [](auto& config) -> auto& { return config.storage.min_free; });
  compare.at_start("storage.fsync", [](auto& config) -> auto& { return config.storage.fsync; });
  compare_eviction(compare, "eviction", [](auto& config) -> auto& { return config.eviction; });
  compare.at_start("default_upstream", [](auto& config) -> auto& { return config.default_upstream; });
  compare_upstreams(compare, running, wanted);
  compare.live("log.level", [](auto& config) -> auto& { return config.log_level; });
  compare.live("log.format", [](auto& config) -> auto& { return config.log_format; });
  compare.live("shutdown_grace", [](auto& config) -> auto& { return config.shutdown_grace; });
  return std::move(compare).result();
}

}  // namespace entrepot::config
