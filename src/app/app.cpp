#include "app/app.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "app/access_log.hpp"
#include "app/process_metrics.hpp"
#include "app/request_metrics.hpp"
#include "entrepot/admin/admin.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/base/metrics.hpp"
#include "entrepot/base/notices.hpp"
#include "entrepot/base/text.hpp"
#include "entrepot/base/wildcard.hpp"
#include "entrepot/cache/blob_cache.hpp"
#include "entrepot/cache/breaker.hpp"
#include "entrepot/cache/manifest_cache.hpp"
#include "entrepot/cache/sources.hpp"
#include "entrepot/http/server.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/io/threads.hpp"
#include "entrepot/registry/service.hpp"
#include "entrepot/store/lifetime.hpp"
#include "entrepot/store/store.hpp"
#include "entrepot/upstream/context.hpp"
#include "entrepot/upstream/registry_client.hpp"

namespace entrepot::app {

namespace {

// Enough to keep a disk's queue filled while some of them wait in fsync.
constexpr std::size_t kDiskThreads = 8;

// Each may wait for a name server that does not answer.
constexpr std::size_t kResolverThreads = 4;

std::unique_ptr<store::Store> open_store(const config::Storage& storage, io::Pool& pool, store::Disk& disk,
                                         const Clock& clock) {
  store::Options options{storage.path, storage.max_size, storage.min_free, storage.fsync};
  auto opened = store::Store::open(options, pool, disk, clock);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

// None waits for another upstream's credential helper; of those under one wildcard no more than these do at once.
std::size_t credential_threads(const config::Config& config) {
  constexpr std::size_t kUnderWildcard = 8;
  std::size_t count = 0;
  for (const auto& [name, upstream] : config.upstreams) {
    if (upstream.credentials) count += is_wildcard(name) ? kUnderWildcard : 1;
  }
  return std::max<std::size_t>(1, count);
}

cache::Sources::Make maker_of_sources(const upstream::Context& context) {
  return [context](const config::Upstream& upstream) {
    try {
      auto client = upstream::make_registry_client(upstream, context);
      return cache::make_source(std::move(client), upstream, context.tasks, context.registry);
    } catch (const std::runtime_error& error) {
      throw Misconfigured("upstreams." + upstream.name, error.what());
    }
  };
}

// `key`: where the configuration has it.
void listen(http::Server& server, const http::ListenerOptions& options, const std::string& key) {
  Result<void> listening = server.listen(options);
  if (listening) return;
  if (listening.error().code == Errc::Invalid) throw Misconfigured(key, listening.error().message);
  throw std::runtime_error(listening.error().message);
}

http::ListenerOptions listener_options(const config::Listener& listener) {
  http::ListenerOptions options{.host = listener.address.host, .port = listener.address.port};
  if (listener.tls) {
    options.tls = http::TlsFiles{.certificate = listener.tls->certificate.string(),
                                 .key = listener.tls->key.string(),
                                 .client_ca = listener.tls->client_ca.value_or("").string()};
  }
  return options;
}

void log_nothing(const http::Served&) {}

store::Lifetime lifetime_of(const config::Eviction& eviction) {
  using Since = store::Lifetime::Since;
  bool fetch = eviction.ttl_since == config::Eviction::Since::Fetch;
  return {eviction.ttl, fetch ? Since::Fetch : Since::LastUse};
}

store::Lifetimes lifetimes_of(const config::Config& config) {
  store::Lifetimes lifetimes{lifetime_of(config.eviction), {}};
  for (const auto& [name, upstream] : config.upstreams) {
    lifetimes.upstreams.emplace(cache::name_in_index(upstream), lifetime_of(upstream.eviction));
  }
  return lifetimes;
}

// One walk looks at all upstreams: as often as the most impatient one asks for, and at least once a day.
Duration interval_of(const config::Config& config) {
  Duration interval = std::min<Duration>(config.eviction.interval, std::chrono::hours(24));
  for (const auto& [name, upstream] : config.upstreams) interval = std::min(interval, upstream.eviction.interval);
  return interval;
}

// Lets go of what has outlived its time, and of what stands in the way of room. `store` and `interval` outlive the io
// threads.
io::Awaitable<> keep_house(store::Store& store, const std::atomic<Duration>& interval) {
  for (;;) {
    const auto looked = io::SteadyClock::now();
    co_await store.expire();
    do {
      co_await store.trim();
    } while (co_await store.wait_until_short(looked + interval.load()));
  }
}

// How late a timer fires is how long an event loop was kept from its work. On the thread that it is to watch.
io::Awaitable<> watch_lag(metrics::Histogram lag) {
  constexpr std::chrono::seconds kEvery{1};
  for (;;) {
    const auto due = io::SteadyClock::now() + kEvery;
    co_await io::sleep_for(kEvery);
    lag.observe(std::chrono::duration<double>(io::SteadyClock::now() - due).count());
  }
}

}  // namespace

// Members in the order in which they are built; what stands higher outlives what stands lower.
class App::Impl {
 public:
  Impl(const config::Config& config, const Clock& clock, store::Disk& disk)
      : config_(config),
        credential_pool_(credential_threads(config)),
        threads_(config.threads),
        store_(open_store(config.storage, disk_pool_, disk, clock)),
        upstream_context_{threads_, tasks_, resolver_pool_, credential_pool_, clock, registry_, notices_},
        sources_(config.upstreams, maker_of_sources(upstream_context_), tasks_, disk_pool_),
        blobs_(cache::Context{*store_, tasks_, disk_pool_, clock, registry_}),
        manifests_(cache::Context{*store_, tasks_, disk_pool_, clock, registry_}),
        service_(config_, sources_, blobs_, manifests_, *store_),
        server_(
            threads_, tasks_, disk_pool_, http::ServerLimits{},
            [this](const http::Request& request) { return service_.handle(request); },
            [this](const http::Request& request, unsigned status, std::string_view reason) {
              return service_.refused(request, status, reason);
            },
            [this](const http::Served& served) {
              log_request(served);
              request_metrics_.record(served);
            }),
        admin_server_(
            threads_, tasks_, disk_pool_, http::ServerLimits{},
            [this](const http::Request& request) { return admin_.handle(request); }, &admin::Admin::refused,
            &log_nothing) {
    apply(config_);
    read_at_scrapes();
    add_process_metrics(registry_, clock.now());
    store_->on_removed([this](const oci::Digest& digest) {
      manifests_.forget(digest);
      blobs_.forget(digest);
    });
    for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
      listen(server_, listener_options(config_.listeners[i]), "listeners[" + std::to_string(i) + "]");
    }
    if (config_.admin) listen(admin_server_, {.host = config_.admin->host, .port = config_.admin->port}, "admin");
  }

  ~Impl() { stop(); }

  void start() {
    server_.start();
    admin_server_.start();
    tasks_.spawn(threads_.executor(0), "housekeeping", keep_house(*store_, eviction_interval_));
    auto lag = registry_.histogram("entrepot_event_loop_lag_seconds", "How late timers of the io threads fire.");
    for (std::size_t i = 0; i < threads_.size(); ++i) tasks_.spawn(threads_.executor(i), "lag", watch_lag(lag));
    threads_.start();
    admin_.set_ready(true);
    for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
      const config::Listener& listener = config_.listeners[i];
      log::info("listening", {{"address", host_and_port(listener.address.host, server_.port(i))},
                              {"upstream", listener.upstream.value_or("any")},
                              {"tls", listener.tls ? "yes" : "no"}});
    }
    if (config_.admin) {
      log::info("admin_listening", {{"address", host_and_port(config_.admin->host, admin_server_.port(0))}});
    }
  }

  void reload(const config::Config& config) {
    apply(config);
    for (const Error& error : server_.reload_certificates()) {
      log::error("certificate_not_reloaded", {{"error", error.message}});
    }
  }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    admin_.set_ready(false);
    server_.drain();
    wait_for_connections();
    admin_server_.drain();

    // No thread runs a coroutine from here on, then none is left, and what they used may go.
    threads_.stop();
    threads_.join();
    resolver_pool_.join();
    credential_pool_.join();
    disk_pool_.join();
    store_->forget_waiters();
    threads_.abandon();
  }

  std::uint16_t port(std::size_t listener) const { return server_.port(listener); }
  std::uint16_t admin_port() const { return config_.admin ? admin_server_.port(0) : 0; }

 private:
  // What can change while the daemon runs.
  void apply(const config::Config& config) {
    eviction_interval_ = interval_of(config);
    shutdown_grace_ = config.shutdown_grace;
    max_size_ = config.storage.max_size;
    store_->set_limits(config.storage.max_size, config.storage.min_free);
    store_->set_lifetimes(lifetimes_of(config));
  }

  void read_at_scrapes() {
    constexpr auto kGauge = metrics::Registry::Kind::Gauge;
    constexpr auto kCounter = metrics::Registry::Kind::Counter;
    constexpr const char* kObjects = "entrepot_evicted_objects_total";
    constexpr const char* kObjectsHelp = "Objects that were evicted, by cause.";
    constexpr const char* kBytes = "entrepot_evicted_bytes_total";
    constexpr const char* kBytesHelp = "Bytes of the objects that were evicted, by cause.";
    const metrics::Labels ttl{{"cause", "ttl"}};
    const metrics::Labels size{{"cause", "size"}};

    auto read = [this](auto kind, const char* name, const char* help, const metrics::Labels& labels, auto number) {
      registry_.read(kind, name, help, labels, [number] { return static_cast<double>(number()); });
    };
    read(kGauge, "entrepot_store_used_bytes", "What the store takes on disk, reservations included.", {},
         [this] { return store_->used_bytes(); });
    read(kGauge, "entrepot_store_max_bytes", "What it may take (storage.max_size); 0: no cap.", {},
         [this] { return max_size_.load(); });
    read(kGauge, "entrepot_store_objects", "Complete blobs and manifests.", {},
         [this] { return store_->stats().objects; });
    read(kGauge, "entrepot_fills_parked", "Downloads that were given up for now.", {},
         [this] { return store_->stats().parked_fills; });
    read(kCounter, kObjects, kObjectsHelp, ttl, [this] { return store_->stats().by_ttl.objects; });
    read(kCounter, kObjects, kObjectsHelp, size, [this] { return store_->stats().by_size.objects; });
    read(kCounter, kBytes, kBytesHelp, ttl, [this] { return store_->stats().by_ttl.bytes; });
    read(kCounter, kBytes, kBytesHelp, size, [this] { return store_->stats().by_size.bytes; });
    read(kCounter, "entrepot_log_dropped_lines_total", "Lines of the log that nobody took.", {},
         [] { return log::dropped_lines(); });
    read(kGauge, "entrepot_open_connections", "Connections of clients.", {},
         [this] { return server_.open_connections(); });
    read(kGauge, "entrepot_build_info", "1; what runs is in the labels.", {{"version", ENTREPOT_VERSION}},
         [] { return 1; });
  }

  void wait_for_connections() {
    auto end = io::SteadyClock::now() + shutdown_grace_;
    while (server_.open_connections() > 0 && io::SteadyClock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (server_.open_connections() > 0) {
      log::warning("shutdown_grace_over", {{"connections", server_.open_connections()}});
    }
  }

  const config::Config config_;  // as it was at the start
  std::atomic<Duration> eviction_interval_{};
  std::atomic<std::uint64_t> max_size_{};  // bytes
  Duration shutdown_grace_{};
  metrics::Registry registry_;
  Notices notices_;
  io::Pool disk_pool_{kDiskThreads};
  io::Pool resolver_pool_{kResolverThreads};
  io::Pool credential_pool_;
  io::Threads threads_;
  io::Tasks tasks_;
  std::unique_ptr<store::Store> store_;
  const upstream::Context upstream_context_;
  cache::Sources sources_;
  cache::BlobCache blobs_;
  cache::ManifestCache manifests_;
  registry::Service service_;
  RequestMetrics request_metrics_{registry_};
  admin::Admin admin_{registry_, notices_};
  http::Server server_;
  http::Server admin_server_;
  bool stopped_ = false;
};

App::App(const config::Config& config, const Clock& clock, store::Disk& disk)
    : impl_(std::make_unique<Impl>(config, clock, disk)) {}

App::~App() = default;

void App::start() { impl_->start(); }
void App::reload(const config::Config& config) { impl_->reload(config); }
void App::stop() { impl_->stop(); }
std::uint16_t App::port(std::size_t listener) const { return impl_->port(listener); }
std::uint16_t App::admin_port() const { return impl_->admin_port(); }

}  // namespace entrepot::app
