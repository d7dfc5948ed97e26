#include <gtest/gtest.h>

#include "entrepot/config/find_upstream.hpp"
#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

using Account = decltype(Credentials::account);

Account account_of(const Config& config) { return config.upstreams.at("docker.io").credentials->account; }

TEST(Parse, AFileThatSaysNothingIsTheBuiltInConfiguration) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "{}", "null", "storage:\nlog:\nfreshness: {}\n"}) {
    EXPECT_EQ(config_of(yaml), built_in(environment_of({}), true)) << yaml;
  }
}

TEST(Parse, ReadsEveryKey) {
  const Config config = config_of(R"(
listeners:
  - address: 127.0.0.1:6000
  - {address: "[::1]:0", upstream: hub, tls: {certificate: tls.crt, key: tls.key}}
admin: {address: "127.0.0.1:6001"}
threads: 3
storage: {path: relative/store, max_size: 0, min_free: 5GB, fsync: false}
eviction: {ttl: 7d, ttl_since: fetch, interval: 5s}
freshness:
  {check: after, interval: 1m, timeout: 2s, stale_if_error: 1d, negative_ttl: 3s, on_missing: keep, on_denied: keep}
timeouts: {connect: 1s, first_byte: 2s, stall: 3s}
default_upstream: hub
upstreams:
  hub:
    url: [http://10.0.0.1:5000, https://hub.example.com/api]
    aliases: [hub.example.com:5000]
    prefixes: [h, team/hub]
    rewrite: [{from: 'old/(.*)', to: new/$1}]
    allow: ["library/*"]
    deny: ["*/secret"]
    credentials: {type: basic, username: u, password: p, realms: [Auth.example.com]}
    ca: ca.pem
    client_certificate: {certificate: client.crt, key: client.key}
    proxy: http://me:secret@proxy.example:3128
    access: shared
    connections_per_blob: 7
    parallel_min_size: 1MiB
    max_connections: 9
    prefetch: layers
log: {level: debug, format: json}
shutdown_grace: 0
)");
  Config expected;
  expected.listeners = {Listener{.address = {"127.0.0.1", 6000}, .upstream = {}, .tls = {}},
                        Listener{.address = {"::1", 0}, .upstream = "hub", .tls = ListenerTls{"tls.crt", "tls.key"}}};
  expected.admin = Address{"127.0.0.1", 6001};
  expected.threads = 3;
  expected.storage = {.path = "relative/store", .max_size = 0, .min_free = 5'000'000'000, .fsync = false};
  expected.eviction = {.ttl = 168h, .ttl_since = Eviction::Since::Fetch, .interval = 5s};
  expected.default_upstream = "hub";
  expected.upstreams["hub"] = {
      .name = "hub",
      .urls = {"http://10.0.0.1:5000", "https://hub.example.com/api"},
      .aliases = {"hub.example.com:5000"},
      .prefixes = {"h", "team/hub"},
      .rewrite = {{"old/(.*)", "new/$1"}},
      .allow = {"library/*"},
      .deny = {"*/secret"},
      .credentials = Credentials{BasicCredentials{"u", "p"}, {"auth.example.com"}},
      .ca = "ca.pem",
      .client_certificate = ClientCertificate{"client.crt", "client.key"},
      .proxies = {.http = Proxy{"proxy.example", 3128, "me", "secret"},
                  .https = Proxy{"proxy.example", 3128, "me", "secret"}},
      .fetching = {.connections_per_blob = 7,
                   .parallel_min_size = 1'048'576,
                   .max_connections = 9,
                   .prefetch_layers = true},
      .eviction = {.ttl = 168h, .ttl_since = Eviction::Since::Fetch, .interval = 5s},
      .freshness = {.check = Freshness::Check::After,
                    .interval = 1min,
                    .timeout = 2s,
                    .stale_if_error = 24h,
                    .negative_ttl = 3s,
                    .on_missing = Freshness::OnMissing::Keep,
                    .on_denied = Freshness::OnDenied::Keep},
      .timeouts = {.connect = 1s, .first_byte = 2s, .stall = 3s},
  };
  expected.log_level = log::Level::Debug;
  expected.log_format = log::Format::Json;
  expected.shutdown_grace = 0s;
  EXPECT_EQ(config, expected);
}

TEST(Parse, NullMeansNoAdminListener) {
  EXPECT_EQ(config_of("admin: null").admin, std::nullopt);
  EXPECT_EQ(config_of("admin: {}").admin, (Address{"127.0.0.1", 5001}));
}

TEST(Parse, UpstreamsReplaceTheBuiltInOnes) {
  const Config config = config_of("upstreams: {docker.io: , ghcr.io: {}, 'registry.local:5000': }");
  ASSERT_EQ(config.upstreams.size(), 3u);
  EXPECT_EQ(config.upstreams.at("registry.local:5000").urls, std::vector<std::string>{"https://registry.local:5000"});
}

TEST(Parse, AKnownNameKeepsItsUrlAndAliasesUnlessGiven) {
  const Config kept = config_of("upstreams: {docker.io: {prefixes: [docker-hub]}}");
  EXPECT_EQ(kept.upstreams.at("docker.io").urls, std::vector<std::string>{"https://registry-1.docker.io"});
  EXPECT_EQ(kept.upstreams.at("docker.io").aliases.size(), 2u);

  const Config given = config_of("upstreams: {docker.io: {url: 'http://mirror', aliases: []}}");
  EXPECT_EQ(given.upstreams.at("docker.io").urls, std::vector<std::string>{"http://mirror"});
  EXPECT_TRUE(given.upstreams.at("docker.io").aliases.empty());
}

TEST(Parse, AnUpstreamsOwnKeysLieOverTheGeneralOnes) {
  const Config config = config_of(R"(
upstreams:
  docker.io: {eviction: {ttl: 1d}, freshness: {timeout: 1s}, timeouts: {stall: 9s}}
  ghcr.io:
eviction: {ttl: 2d, interval: 9s}
freshness: {timeout: 2s, on_missing: keep}
timeouts: {connect: 7s, stall: 8s}
)");
  const Upstream& own = config.upstreams.at("docker.io");
  EXPECT_EQ(own.eviction, (Eviction{.ttl = 24h, .interval = 9s}));
  EXPECT_EQ(config.upstreams.at("ghcr.io").eviction.ttl, 48h);
  EXPECT_EQ(own.freshness.timeout, 1s);
  EXPECT_EQ(own.freshness.on_missing, Freshness::OnMissing::Keep);
  EXPECT_EQ(own.timeouts, (Timeouts{.connect = 7s, .first_byte = 15s, .stall = 9s}));
  EXPECT_EQ(config.upstreams.at("ghcr.io").freshness.timeout, 2s);
  EXPECT_EQ(config.upstreams.at("ghcr.io").timeouts.stall, 8s);
}

TEST(Parse, GeneralKeysReachTheBuiltInUpstreams) {
  const Config config = config_of("timeouts: {connect: 7s}\nfreshness: {stale_if_error: 0}");
  EXPECT_EQ(config.upstreams.size(), 7u);
  for (const auto& [name, upstream] : config.upstreams) {
    EXPECT_EQ(upstream.timeouts.connect, 7s) << name;
    EXPECT_EQ(upstream.freshness.stale_if_error, 0s) << name;
  }
}

TEST(Parse, TheEnvironmentsProxiesAreThoseOfEveryUpstreamWithoutItsOwn) {
  const Environment environment = environment_of(
      {{"HTTP_PROXY", "plain:1"}, {"HTTPS_PROXY", "http://u:p%40ss@tunnel:2/"}, {"NO_PROXY", "a.example,10.0.0.0/8"}});
  const Proxies of_environment{
      .http = Proxy{"plain", 1}, .https = Proxy{"tunnel", 2, "u", "p@ss"}, .no_proxy = "a.example,10.0.0.0/8"};
  for (const auto& [name, upstream] : config_of("", environment).upstreams) {
    EXPECT_EQ(upstream.proxies, of_environment) << name;
  }
  const Config config = config_of(R"(
upstreams:
  docker.io:
  ghcr.io: {proxy: "own:3"}
  quay.io: {proxy: none}
  gcr.io: {proxy: null}
)",
                                  environment);
  EXPECT_EQ(config.upstreams.at("docker.io").proxies, of_environment);
  EXPECT_EQ(config.upstreams.at("ghcr.io").proxies, (Proxies{.http = Proxy{"own", 3}, .https = Proxy{"own", 3}}));
  EXPECT_EQ(config.upstreams.at("quay.io").proxies, Proxies{});
  EXPECT_EQ(config.upstreams.at("gcr.io").proxies, Proxies{});
}

TEST(Parse, TheUpperCaseFormOfAVariableComesFirstAndAnEmptyOneIsNone) {
  const auto proxies = [](std::map<std::string, std::string> variables) {
    return config_of("", environment_of(std::move(variables))).upstreams.at("docker.io").proxies;
  };
  EXPECT_EQ(proxies({{"https_proxy", "lower:1"}, {"no_proxy", "a"}}),
            (Proxies{.https = Proxy{"lower", 1}, .no_proxy = "a"}));
  EXPECT_EQ(proxies({{"HTTPS_PROXY", "upper:1"}, {"https_proxy", "lower:1"}}).https->host, "upper");
  EXPECT_EQ(proxies({{"HTTPS_PROXY", ""}, {"https_proxy", "lower:1"}}).https->host, "lower");
  EXPECT_EQ(proxies({{"HTTP_PROXY", "p:1"}, {"NO_PROXY", ""}, {"no_proxy", "a"}}).no_proxy, "a");
  EXPECT_EQ(proxies({{"HTTP_PROXY", ""}, {"ALL_PROXY", "p:1"}}), Proxies{});
}

TEST(Parse, ReferencesMayBeAliasesAndBecomeNames) {
  const Config config = config_of(R"(
listeners: [{upstream: index.docker.io}]
default_upstream: hub.example.com
upstreams: {docker.io: , hub: {aliases: [hub.example.com]}}
)");
  EXPECT_EQ(config.listeners[0].upstream, "docker.io");
  EXPECT_EQ(config.default_upstream, "hub");
}

TEST(Parse, AListOfUpstreamsWithoutDockerHubHasNoDefaultUpstreamUntilOneIsNamed) {
  const Config config = config_of("upstreams: {ghcr.io: }");
  EXPECT_EQ(config.default_upstream, "");
  ASSERT_EQ(warnings(config).size(), 1u);
  EXPECT_NE(warnings(config)[0].find("upstreams lacks docker.io"), std::string::npos) << warnings(config)[0];
  EXPECT_TRUE(warnings(config_of("upstreams: {ghcr.io: }\ndefault_upstream: ghcr.io")).empty());
  EXPECT_TRUE(warnings(config_of("upstreams: {ghcr.io: }\nlisteners: [{upstream: ghcr.io}]")).empty());
}

TEST(Parse, TakesVariablesFromTheEnvironment) {
  const Config config = config_of(R"(
threads: ${THREADS}
storage: {path: "${DIR:-/data}/store"}
listeners: [{address: "127.0.0.1:${PORT:-7000}"}]
upstreams: {docker.io: {credentials: {username: u, password: "${PASSWORD}-$$"}}}
)",
                                  environment_of({{"THREADS", "4"}, {"PASSWORD", "a: [b ${THREADS}"}}));
  EXPECT_EQ(config.threads, 4u);
  EXPECT_EQ(config.storage.path, "/data/store");
  EXPECT_EQ(config.listeners[0].address.port, 7000);
  EXPECT_EQ(account_of(config), Account(BasicCredentials{"u", "a: [b ${THREADS}-$"}));
}

TEST(Parse, PasswordsAreTextWhateverTheyLookLike) {
  const Config config = config_of("upstreams: {docker.io: {credentials: {username: 007, password: 'null'}}}");
  EXPECT_EQ(account_of(config), Account(BasicCredentials{"007", "null"}));
}

TEST(Parse, TheTypeOfCredentialsSaysWhereTheAccountIs) {
  const auto account = [](const std::string& text, const Environment& environment = environment_of({})) {
    return account_of(config_of("upstreams: {docker.io: {credentials: {" + text + "}}}", environment));
  };
  EXPECT_EQ(account("username: u, password_file: f"), Account(BasicCredentials{"u", "", "f"}));
  EXPECT_EQ(account("type: docker, config: c.json"), Account(DockerCredentials{.text = "", .file = "c.json"}));
  EXPECT_EQ(account("type: helper, helper: ecr-login"), Account(HelperCredentials{"ecr-login"}));
  EXPECT_EQ(account("type: ecr, region: eu-west-1, profile: ci, role_arn: 'arn:aws:iam::123456789012:role/team/pull'"),
            Account(EcrCredentials{
                .region = "eu-west-1", .profile = "ci", .role_arn = "arn:aws:iam::123456789012:role/team/pull"}));
  EXPECT_EQ(account("type: helper, helper: /opt/my helper"), Account(HelperCredentials{"/opt/my helper"}));
}

TEST(Parse, AwsOwnVariablesAreThoseOfTheTimeOfReading) {
  const auto environment = environment_of(
      {{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", ""}, {"HOME", "/home/me"}, {"AWS_PAGER", "less"}});
  const Config config = config_of("upstreams: {docker.io: {credentials: {type: ecr, region: eu-west-1}}}", environment);
  EXPECT_EQ(account_of(config),
            Account(EcrCredentials{.region = "eu-west-1",
                                   .environment = {{"AWS_ACCESS_KEY_ID", "id"}, {"HOME", "/home/me"}}}));
}

TEST(Parse, WithoutAFileDockersAccountsAreWhereDockerLooksForThem) {
  const auto account = [](std::map<std::string, std::string> variables, const std::string& file = "") {
    return account_of(config_of("upstreams: {docker.io: {credentials: {type: docker" + file + "}}}",
                                environment_of(std::move(variables))));
  };
  const std::pair<std::string, std::string> home{"HOME", "/home/me"};
  const std::pair<std::string, std::string> folder{"DOCKER_CONFIG", "/etc/docker-client"};
  const std::pair<std::string, std::string> text{"DOCKER_AUTH_CONFIG", "{}"};
  EXPECT_EQ(account({home}), Account(DockerCredentials{.text = "", .file = "/home/me/.docker/config.json"}));
  EXPECT_EQ(account({home, folder}), Account(DockerCredentials{.text = "", .file = "/etc/docker-client/config.json"}));
  EXPECT_EQ(account({home, text}), Account(DockerCredentials{.text = "{}", .file = "/home/me/.docker/config.json"}));
  EXPECT_EQ(account({text}), Account(DockerCredentials{.text = "{}", .file = {}}));
  EXPECT_EQ(account({home, folder, text}, ", config: c"), Account(DockerCredentials{.text = "", .file = "c"}));
}

TEST(Parse, WithPassthroughTheCredentialsHoldRealmsAlone) {
  const Config config = config_of(R"(
listeners: [{address: "127.0.0.1:0"}]
upstreams:
  docker.io: {access: shared}
  ghcr.io: {access: passthrough}
  registry.gitlab.com: {access: passthrough, access_ttl: 1h, credentials: {realms: [GitLab.com]}}
)");
  EXPECT_EQ(config.upstreams.at("docker.io").passthrough, std::nullopt);
  EXPECT_EQ(config.upstreams.at("ghcr.io").passthrough, Passthrough());
  EXPECT_EQ(config.upstreams.at("registry.gitlab.com").passthrough, (Passthrough{.ttl = 1h, .realms = {"gitlab.com"}}));
  EXPECT_EQ(config.upstreams.at("registry.gitlab.com").credentials, std::nullopt);
}

TEST(Parse, AWildcardsUrlIsMadeForEachNameThatItStandsFor) {
  const Config config = config_of(R"(
upstreams:
  docker.io: {}
  "*-docker.pkg.dev": {timeouts: {connect: 1s}}
  "*.dkr.ecr.*.amazonaws.com": {url: ["https://vpc-$2.example.com/$1", "https://$0"]}
)");
  const Upstream* google = find_upstream(config.upstreams, "europe-docker.pkg.dev");
  ASSERT_NE(google, nullptr);
  const Upstream under = upstream_under(*google, "europe-docker.pkg.dev");
  EXPECT_EQ(under.name, "europe-docker.pkg.dev");
  EXPECT_EQ(under.urls, std::vector<std::string>{"https://europe-docker.pkg.dev"});
  EXPECT_EQ(under.timeouts.connect, 1s);
  const std::string name = "42.dkr.ecr.eu-west-1.amazonaws.com";
  EXPECT_EQ(upstream_under(*find_upstream(config.upstreams, name), name).urls,
            (std::vector<std::string>{"https://vpc-eu-west-1.example.com/42", "https://" + name}));
  EXPECT_EQ(find_upstream(config.upstreams, "quay.io"), nullptr);
}

TEST(Parse, AnchorsServeForRepetition) {
  const Config config = config_of(R"(
upstreams:
  docker.io: {timeouts: &slow {connect: 20s}}
  ghcr.io: {timeouts: *slow}
)");
  EXPECT_EQ(config.upstreams.at("ghcr.io").timeouts.connect, 20s);
}

TEST(Warnings, NameEveryUpstreamWithCredentials) {
  const Config config = config_of(R"(
upstreams:
  docker.io: {credentials: {username: u, password: hunter2}}
  ghcr.io:
  quay.io: {credentials: {type: helper, helper: pass}}
  gcr.io: {client_certificate: {certificate: c, key: k}}
)");
  const auto lines = warnings(config);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[0].find("docker.io has credentials"), std::string::npos);
  EXPECT_NE(lines[1].find("gcr.io has a client certificate"), std::string::npos);
  EXPECT_NE(lines[2].find("quay.io has credentials"), std::string::npos);
  EXPECT_EQ(lines[0].find("hunter2"), std::string::npos);
  EXPECT_TRUE(warnings(config_of("")).empty());
}

TEST(Warnings, DoNotNameUpstreamsWhoseListenersAllAskForCertificates) {
  const auto lines = [](const std::string& listeners) {
    return warnings(config_of("listeners: [" + listeners + R"(]
upstreams:
  docker.io: {credentials: {username: u, password: p}}
  "*.example.com": {credentials: {username: u, password: p}}
)"))
        .size();
  };
  const std::string asks = "{address: '127.0.0.1:1', tls: {certificate: c, key: k, client_ca: ca}}";
  const std::string open = "{address: '127.0.0.1:2', tls: {certificate: c, key: k}";
  EXPECT_EQ(lines(asks), 0u);
  EXPECT_EQ(lines(asks + ", " + open + "}"), 2u);
  EXPECT_EQ(lines(asks + ", " + open + ", upstream: docker.io}"), 1u);
  EXPECT_EQ(lines(asks + ", " + open + ", upstream: a.example.com}"), 1u);
}

}  // namespace
}  // namespace entrepot::config
