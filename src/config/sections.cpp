#include "config/sections.hpp"

#include "config/value.hpp"

namespace entrepot::config {
namespace {

ListenerTls read_tls(const Node& node) {
  ListenerTls tls;
  node.map({
      {"certificate", into(tls.certificate, value::path)},
      {"key", into(tls.key, value::path)},
      {"client_ca", into(tls.client_ca, value::path)},
  });
  node.require({"certificate", "key"});
  return tls;
}

Listener read_listener(const Node& node) {
  Listener listener;
  node.map({
      {"address", into(listener.address, value::address)},
      {"upstream", into(listener.upstream, value::text)},
      {"tls", [&](const Node& tls) { listener.tls = read_tls(tls); }},
  });
  return listener;
}

void read_listeners(const Node& node, std::vector<Listener>& listeners) {
  const auto items = node.items();
  if (!items) return;
  if (items->empty()) node.fault("expected at least one listener");
  listeners.clear();
  for (const Node& item : *items) listeners.push_back(read_listener(item));
}

void read_admin(const Node& node, std::optional<Address>& admin) {
  if (node.is_null()) {
    admin.reset();
    return;
  }
  node.map({{"address", into(admin, value::address)}});
}

void read_storage(const Node& node, Storage& storage) {
  node.map({
      {"path", into(storage.path, value::path)},
      {"max_size", into(storage.max_size, value::size)},
      {"min_free", into(storage.min_free, value::size)},
      {"fsync", into(storage.fsync, value::boolean)},
  });
}

void read_log(const Node& node, Config& config) {
  const value::OneOf<log::Level> level{{"debug", log::Level::Debug},
                                       {"info", log::Level::Info},
                                       {"warning", log::Level::Warning},
                                       {"error", log::Level::Error}};
  const value::OneOf<log::Format> format{{"text", log::Format::Text}, {"json", log::Format::Json}};
  node.map({
      {"level", into(config.log_level, level)},
      {"format", into(config.log_format, format)},
  });
}

}  // namespace

void read_eviction(const Node& node, Eviction& eviction) {
  using Since = Eviction::Since;
  const value::OneOf<Since> since{{"last_use", Since::LastUse}, {"fetch", Since::Fetch}};
  node.map({
      {"ttl", into(eviction.ttl, value::duration)},
      {"ttl_since", into(eviction.ttl_since, since)},
      {"interval", into(eviction.interval, value::positive_duration)},
  });
}

void read_freshness(const Node& node, Freshness& freshness) {
  using Check = Freshness::Check;
  using OnMissing = Freshness::OnMissing;
  using OnDenied = Freshness::OnDenied;
  const value::OneOf<Check> check{{"always", Check::Always}, {"after", Check::After}};
  const value::OneOf<OnMissing> on_missing{{"forget", OnMissing::Forget}, {"keep", OnMissing::Keep}};
  const value::OneOf<OnDenied> on_denied{{"refuse", OnDenied::Refuse}, {"keep", OnDenied::Keep}};
  node.map({
      {"check", into(freshness.check, check)},
      {"interval", into(freshness.interval, value::duration)},
      {"timeout", into(freshness.timeout, value::positive_duration)},
      {"stale_if_error", into(freshness.stale_if_error, value::duration)},
      {"negative_ttl", into(freshness.negative_ttl, value::duration)},
      {"on_missing", into(freshness.on_missing, on_missing)},
      {"on_denied", into(freshness.on_denied, on_denied)},
  });
  if (freshness.check == Check::After && freshness.interval == 0s) {
    node.fault_of("interval", "check: after needs an interval of more than 0");
  }
}

void read_timeouts(const Node& node, Timeouts& timeouts) {
  node.map({
      {"connect", into(timeouts.connect, value::positive_duration)},
      {"first_byte", into(timeouts.first_byte, value::positive_duration)},
      {"stall", into(timeouts.stall, value::positive_duration)},
  });
}

void read_config(const Node& root, Config& config) {
  Upstream general;
  std::optional<Node> upstreams;  // read last: the general sections may stand below them
  root.map({
      {"listeners", [&](const Node& node) { read_listeners(node, config.listeners); }},
      {"admin", [&](const Node& node) { read_admin(node, config.admin); }},
      {"threads", into(config.threads, value::threads)},
      {"storage", [&](const Node& node) { read_storage(node, config.storage); }},
      {"eviction", [&](const Node& node) { read_eviction(node, general.eviction); }},
      {"freshness", [&](const Node& node) { read_freshness(node, general.freshness); }},
      {"timeouts", [&](const Node& node) { read_timeouts(node, general.timeouts); }},
      {"default_upstream", into(config.default_upstream, value::text)},
      {"upstreams", [&](const Node& node) { upstreams.emplace(node); }},
      {"log", [&](const Node& node) { read_log(node, config); }},
      {"shutdown_grace", into(config.shutdown_grace, value::duration)},
  });
  config.eviction = general.eviction;
  if (upstreams) {
    config.upstreams = read_upstreams(*upstreams, general);
    return;
  }
  for (auto& [name, upstream] : config.upstreams) {
    upstream.eviction = general.eviction;
    upstream.freshness = general.freshness;
    upstream.timeouts = general.timeouts;
  }
}

}  // namespace entrepot::config
