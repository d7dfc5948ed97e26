// Every key that can differ is either applied or named.
#include "entrepot/config/reload.hpp"

#include <gtest/gtest.h>

#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

using Keys = std::vector<std::string>;

constexpr std::string_view kRunning = "upstreams: {docker.io: {}, ghcr.io: {}}\n";

// What becomes of a file that says this besides, or instead.
Reload changed_to(std::string_view yaml) {
  const bool has_upstreams = yaml.find("upstreams:") != std::string_view::npos;
  return reload(config_of(kRunning),
                config_of(std::string(yaml) + (has_upstreams ? "" : "\n" + std::string(kRunning))));
}

TEST(Reload, NothingHasChanged) {
  const Reload result = changed_to("");
  EXPECT_EQ(result.config, config_of(kRunning));
  EXPECT_EQ(result.applied, Keys{});
  EXPECT_EQ(result.at_start, Keys{});
}

TEST(Reload, TakesOnWhatIsLive) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"storage.max_size", "storage: {max_size: 7GiB}"},
      {"storage.min_free", "storage: {min_free: 7GiB}"},
      {"log.level", "log: {level: debug}"},
      {"log.format", "log: {format: json}"},
      {"shutdown_grace", "shutdown_grace: 7s"},
      {"upstreams.ghcr.io.eviction.ttl", "upstreams: {docker.io: {}, ghcr.io: {eviction: {ttl: 7h}}}"},
      {"upstreams.ghcr.io.eviction.ttl_since", "upstreams: {docker.io: {}, ghcr.io: {eviction: {ttl_since: fetch}}}"},
      {"upstreams.ghcr.io.eviction.interval", "upstreams: {docker.io: {}, ghcr.io: {eviction: {interval: 7s}}}"},
  };
  for (const auto& [key, yaml] : changes) {
    const Reload result = changed_to(yaml);
    EXPECT_EQ(result.applied, Keys{key});
    EXPECT_EQ(result.at_start, Keys{}) << key;
    EXPECT_NE(result.config, config_of(kRunning)) << key;
    EXPECT_EQ(reload(result.config, config_of(kRunning)).applied, Keys{key});
  }
}

TEST(Reload, AGeneralKeyIsThatOfEachUpstreamToo) {
  const Reload result = changed_to("eviction: {ttl: 7h}");
  EXPECT_EQ(result.applied,
            (Keys{"eviction.ttl", "upstreams.docker.io.eviction.ttl", "upstreams.ghcr.io.eviction.ttl"}));
  EXPECT_EQ(result.config.upstreams.at("ghcr.io").eviction.ttl, 7h);
}

TEST(Reload, AccessCountsFromTheNextStartOn) {
  const std::string listeners = "listeners: [{address: '127.0.0.1:7'}]\n";
  const Reload result =
      reload(config_of(listeners), config_of(listeners + "upstreams: {docker.io: {access: passthrough}}"));
  EXPECT_EQ(result.at_start.front(), "upstreams.docker.io.access");
}

TEST(Reload, NamesWhatCountsFromTheNextStartOn) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"listeners", "listeners: [{address: '0.0.0.0:7'}]"},
      {"admin", "admin: null"},
      {"threads", "threads: 7"},
      {"storage.path", "storage: {path: /elsewhere}"},
      {"storage.fsync", "storage: {fsync: false}"},
      {"default_upstream", "default_upstream: ghcr.io"},
      {"upstreams.docker.io.url", "upstreams: {docker.io: {url: 'https://else.where'}, ghcr.io: {}}"},
      {"upstreams.docker.io.aliases", "upstreams: {docker.io: {aliases: [hub]}, ghcr.io: {}}"},
      {"upstreams.docker.io.prefixes", "upstreams: {docker.io: {prefixes: [hub]}, ghcr.io: {}}"},
      {"upstreams.docker.io.credentials",
       "upstreams: {docker.io: {credentials: {type: basic, username: me, password: secret}}, ghcr.io: {}}"},
      {"upstreams.docker.io.credentials",
       "upstreams: {docker.io: {credentials: {type: helper, helper: pass}}, ghcr.io: {}}"},
      {"upstreams.docker.io.ca", "upstreams: {docker.io: {ca: /ca.pem}, ghcr.io: {}}"},
      {"upstreams.docker.io.client_certificate",
       "upstreams: {docker.io: {client_certificate: {certificate: c, key: k}}, ghcr.io: {}}"},
      {"upstreams.docker.io.rewrite", "upstreams: {docker.io: {rewrite: [{from: a, to: b}]}, ghcr.io: {}}"},
      {"upstreams.docker.io.allow", "upstreams: {docker.io: {allow: [a]}, ghcr.io: {}}"},
      {"upstreams.docker.io.deny", "upstreams: {docker.io: {deny: [a]}, ghcr.io: {}}"},
      {"upstreams.docker.io.connections_per_blob", "upstreams: {docker.io: {connections_per_blob: 2}, ghcr.io: {}}"},
      {"upstreams.docker.io.parallel_min_size", "upstreams: {docker.io: {parallel_min_size: 1B}, ghcr.io: {}}"},
      {"upstreams.docker.io.max_connections", "upstreams: {docker.io: {max_connections: 2}, ghcr.io: {}}"},
      {"upstreams.docker.io.prefetch", "upstreams: {docker.io: {prefetch: layers}, ghcr.io: {}}"},
      {"upstreams.docker.io.proxy", "upstreams: {docker.io: {proxy: 'proxy:3128'}, ghcr.io: {}}"},
      {"upstreams.docker.io.freshness", "upstreams: {docker.io: {freshness: {timeout: 7s}}, ghcr.io: {}}"},
      {"upstreams.docker.io.timeouts", "upstreams: {docker.io: {timeouts: {stall: 7s}}, ghcr.io: {}}"},
      {"upstreams.ghcr.io", "upstreams: {docker.io: {}}"},
      {"upstreams.quay.io", "upstreams: {docker.io: {}, ghcr.io: {}, quay.io: {}}"},
  };
  for (const auto& [key, yaml] : changes) {
    const Reload result = changed_to(yaml);
    EXPECT_EQ(result.at_start, Keys{key});
    EXPECT_EQ(result.applied, Keys{}) << key;
    EXPECT_EQ(result.config, config_of(kRunning)) << key;
  }
}

}  // namespace
}  // namespace entrepot::config
