#include <gtest/gtest.h>

#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

using Lines = std::vector<std::string>;

// The text has this one fault.
struct Case {
  const char* yaml;
  const char* fault;
};

void expect_faults(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(faults_in(c.yaml), Lines{c.fault}) << c.yaml;
}

// The text has one fault, of this key, with these words in it.
void expect_fault(std::string_view yaml, const std::string& key, const std::string& words) {
  const std::vector<Fault> faults = parse(yaml, environment_of({}), true).faults;
  ASSERT_EQ(faults.size(), 1u) << yaml << '\n' << testing::PrintToString(lines_of(faults));
  EXPECT_EQ(faults.front().key, key) << yaml;
  EXPECT_NE(faults.front().message.find(words), std::string::npos) << faults.front().message;
}

TEST(Faults, AllOfAFileAreReportedByLine) {
  EXPECT_EQ(faults_in(R"(default_upstream: quay.oi
upstreams:
  docker.io: {urls: x}
  quay.io:
    aliases: [docker.io]
threads: many
log: {level: loud}
)"),
            (Lines{
                R"(1: default_upstream: "quay.oi" is no configured upstream; did you mean "quay.io"?)",
                R"(3: upstreams.docker.io.urls: unknown key; did you mean "url"?)",
                R"(5: upstreams.quay.io.aliases[0]: "docker.io" is taken: it is the upstream docker.io)",
                R"(6: threads: expected a whole number from 0 (one for each core) to 1024; found "many")",
                R"(7: log.level: expected debug or info or warning or error; found "loud")",
            }));
}

TEST(Faults, UnknownKeysNameTheNearestOrAllThatAreKnown) {
  expect_faults({
      {"storage:\n  maxsize: 1B", R"(2: storage.maxsize: unknown key; did you mean "max_size"?)"},
      {"tiemouts: {}", R"(1: tiemouts: unknown key; did you mean "timeouts"?)"},
      {"evictions: {}", R"(1: evictions: unknown key; did you mean "eviction"?)"},
      {"log: {colour: true}", "1: log.colour: unknown key; known here: level, format"},
      {"<<: {threads: 1}",
       "1: <<: unknown key; known here: listeners, admin, threads, storage, eviction, freshness, timeouts, "
       "default_upstream, upstreams, log, shutdown_grace"},
  });
}

TEST(Faults, WrongKindsSayWhatIsExpected) {
  expect_faults({
      {"- a", "1: expected a map of keys; found a list"},
      {"hello", "1: expected a map of keys; found a single value"},
      {"listeners: {}", "1: listeners: expected a list; found a map"},
      {"listeners: []", "1: listeners: expected at least one listener"},
      {"listeners:\n  - 127.0.0.1:80", "2: listeners[0]: expected a map of keys; found a single value"},
      {"storage: [path]", "1: storage: expected a map of keys; found a list"},
      {"storage: {max_size: }", "1: storage.max_size: expected a single value; found nothing"},
      {"threads: [1]", "1: threads: expected a single value; found a list"},
      {"admin: 127.0.0.1:80", "1: admin: expected a map of keys; found a single value"},
      {"upstreams: [docker.io]", "1: upstreams: expected a map of keys; found a list"},
      {"upstreams: {docker.io: {aliases: a}}", "1: upstreams.docker.io.aliases: expected a list; found a single value"},
      {"upstreams: {docker.io: {url: {}}}", "1: upstreams.docker.io.url: expected a list; found a map"},
      {"upstreams: {docker.io: {url: []}}", "1: upstreams.docker.io.url: expected at least one URL"},
      {"log: {? [level] : info}", "1: log: expected a name before the colon"},
      {"threads: !!int 1",
       "1: threads: YAML tags have no meaning here; a text that begins with ! is written in quotes"},
  });
}

TEST(Faults, AKeyStandsOnceInAMap) {
  expect_faults({
      {"threads: 1\nlog: {}\nthreads: 2", "3: threads: stands twice in the same map"},
      {"upstreams:\n  docker.io:\n  docker.io: {}", "3: upstreams.docker.io: stands twice in the same map"},
      {"log: {level: info, level: info}", "1: log.level: stands twice in the same map"},
  });
}

TEST(Faults, WhatIsNoYamlHasItsLine) {
  for (const char* yaml : {"threads: 1\nlog: {level: info\n", "threads: 1\n a: b", "threads: 1\n\tlog: {}"}) {
    const std::vector<Fault> faults = parse(yaml, environment_of({}), true).faults;
    ASSERT_EQ(faults.size(), 1u) << yaml;
    EXPECT_GE(faults.front().line, 2) << yaml;
    EXPECT_TRUE(faults.front().message.starts_with("not YAML: ")) << faults.front().message;
  }
  EXPECT_EQ(faults_in("threads: 1\n---\nthreads: 2"),
            Lines{"3: expected one YAML document, not several (\"---\" begins another)"});
}

TEST(Faults, OfSingleValues) {
  expect_fault("storage: {max_size: 200}", "storage.max_size", R"(such as 200GiB (a whole)");
  expect_fault("storage: {fsync: yes}", "storage.fsync", R"(expected true or false; found "yes")");
  expect_fault("storage: {path: ''}", "storage.path", "expected a path");
  expect_fault("shutdown_grace: 30", "shutdown_grace", "expected a duration such as 30s");
  expect_fault("timeouts: {stall: 0s}", "timeouts.stall", "more than 0");
  expect_fault("eviction: {ttl: 1}", "eviction.ttl", "such as");
  expect_fault("eviction: {ttl_since: birth}", "eviction.ttl_since", "expected last_use or fetch");
  expect_fault("eviction: {interval: 0}", "eviction.interval", "more than 0");
  expect_fault("freshness: {timeout: 0}", "freshness.timeout", "more than 0");
  expect_fault("freshness: {check: sometimes}", "freshness.check", "expected always or after");
  expect_fault("freshness: {check: after}", "freshness.interval", "check: after needs an interval");
  expect_fault("listeners: [{address: 'localhost:80'}]", "listeners[0].address", "no host name");
  expect_fault("upstreams: {docker.io: , Hub: }", "upstreams.Hub", "in lower case");
  expect_fault("upstreams: {docker.io: {prefixes: [a/]}}", "upstreams.docker.io.prefixes[0]", "path prefix");
  expect_fault("upstreams: {docker.io: {allow: [a, 'b?']}}", "upstreams.docker.io.allow[1]",
               "* stands for any characters");
  expect_fault("upstreams: {docker.io: {deny: ['']}}", "upstreams.docker.io.deny[0]", "* stands for any characters");
  expect_fault("upstreams: {docker.io: {rewrite: [{from: '(', to: x}]}}", "upstreams.docker.io.rewrite[0].from",
               "expected a regular expression");
  expect_fault("upstreams: {docker.io: {rewrite: [{from: x}]}}", "upstreams.docker.io.rewrite[0].to", "is missing");
  expect_fault("upstreams: {docker.io: {url: docker.io}}", "upstreams.docker.io.url", "https:// in front");
  expect_fault("upstreams: {docker.io: {url: ['http://a', 'b']}}", "upstreams.docker.io.url[1]", "https:// in front");
}

TEST(Faults, OfVariables) {
  expect_fault("threads: ${NOPE}", "threads", "the environment variable NOPE is not set");
  expect_fault("threads: ${1}", "threads", "malformed variable");
  // The value may be a secret that went to the wrong place.
  EXPECT_EQ(
      faults_in("threads: ${N}", environment_of({{"N", "hunter2"}})),
      Lines{R"(1: threads: expected a whole number from 0 (one for each core) to 1024; found what stands for "${N}")"});
}

TEST(Faults, OfListeners) {
  expect_fault("listeners: [{tls: {certificate: c}}]", "listeners[0].tls.key", "is missing");
  expect_fault("listeners: [{tls: {key: k}}]", "listeners[0].tls.certificate", "is missing");
  EXPECT_EQ(faults_in("listeners: [{tls: }]").size(), 2u);
  expect_fault("listeners: [{upstream: nowhere}]", "listeners[0].upstream",
               R"("nowhere" is no configured upstream; configured are: docker.io, gcr.io)");
  expect_fault("listeners: [{upstream: ''}]", "listeners[0].upstream", "expected a text");
}

TEST(Faults, AnAddressServesOneListener) {
  expect_faults({
      {"listeners:\n- address: 127.0.0.1:80\n- address: 127.0.0.1:80",
       "3: listeners[1].address: 127.0.0.1:80 is in use by listeners[0].address (127.0.0.1:80)"},
      {"listeners:\n- address: '[::0]:80'\n- address: '[::1]:80'",
       "3: listeners[1].address: [::1]:80 is in use by listeners[0].address ([::]:80)"},
      {"listeners:\n- address: 0.0.0.0:5001",
       "2: listeners[0].address: 0.0.0.0:5001 is in use by admin.address (127.0.0.1:5001)"},
      {"listeners:\n- address: '[::]:5001'",
       "2: listeners[0].address: [::]:5001 is in use by admin.address (127.0.0.1:5001)"},
      {"admin:\n  address: 127.0.0.1:5000",
       "2: admin.address: 127.0.0.1:5000 is in use by listeners[0].address (0.0.0.0:5000)"},
  });
  EXPECT_EQ(faults_in("listeners: [{address: '127.0.0.1:0'}, {address: '127.0.0.1:0'}]"), Lines{});
  EXPECT_EQ(faults_in("listeners: [{address: '127.0.0.1:80'}, {address: '127.0.0.2:80'}]"), Lines{});
  EXPECT_EQ(faults_in("listeners: [{address: '0.0.0.0:80'}, {address: '[::1]:80'}]"), Lines{});
  // An address that could not be read collides with none.
  EXPECT_EQ(faults_in("listeners: [{address: x}, {address: '0.0.0.0:5000'}]").size(), 1u);
}

TEST(Faults, NamesAliasesAndPrefixesLeadToOneUpstream) {
  expect_faults({
      {"upstreams:\n  docker.io:\n  a:\n    aliases: [index.docker.io]",
       R"(4: upstreams.a.aliases[0]: "index.docker.io" is taken: it is an alias of docker.io)"},
      {"upstreams:\n  docker.io:\n  index.docker.io:",
       R"(2: upstreams.docker.io.aliases[0]: "index.docker.io" is taken: it is the upstream index.docker.io)"},
      {"upstreams:\n  docker.io: {prefixes: [hub]}\n  hub:",
       R"(2: upstreams.docker.io.prefixes[0]: "hub" is taken: it is the upstream hub)"},
      {"upstreams:\n  docker.io: {prefixes: [a/b]}\n  hub: {prefixes: [a, a/b]}",
       R"(3: upstreams.hub.prefixes[1]: "a/b" is taken: it is a prefix of docker.io)"},
      {"upstreams:\n  docker.io: {prefixes: [hub, hub]}",
       R"(2: upstreams.docker.io.prefixes[1]: "hub" is taken: it is a prefix of docker.io)"},
  });
  EXPECT_EQ(faults_in("upstreams: {docker.io: {aliases: []}, index.docker.io: }"), Lines{});
}

TEST(Faults, TheDefaultUpstreamIsConfigured) {
  expect_faults({
      {"upstreams: {}", "1: upstreams: expected at least one upstream"},
      {"upstreams:", "1: upstreams: expected at least one upstream"},
      {"default_upstream: zot\nupstreams: {ghcr.io: }",
       R"(1: default_upstream: "zot" is no configured upstream; configured are: ghcr.io)"},
  });
}

TEST(Faults, OfCredentials) {
  const std::string key = "upstreams.docker.io.credentials";
  const auto with = [](const std::string& text) { return "upstreams: {docker.io: {credentials: {" + text + "}}}"; };
  expect_fault(with("password: p"), key + ".username", "is missing");
  expect_fault(with("username: u"), key, "expected a password or a password_file");
  expect_fault(with("username: u, password: p, password_file: f"), key, "not both");
  expect_fault(with("username: u, password: ''"), key + ".password", "expected a text");
  expect_fault(with("username: u, password: "), key + ".password", "found nothing");
  expect_fault(with("username: 'a:b', password: p"), key + ".username", "colon");
  expect_fault(with("username: u, password: p, realms: ['https://x']"), key + ".realms[0]", "without scheme");
  EXPECT_EQ(faults_in(with("")).size(), 2u);
  expect_fault(with("type: dokcer, config: c"), key + ".type",
               "expected basic or docker or helper or ecr or google or acr");
  expect_fault(with("type: [docker]"), key + ".type", "expected a single value; found a list");
  expect_fault(with("type: docker"), key + ".config", "none of DOCKER_AUTH_CONFIG, DOCKER_CONFIG and HOME is set");
  expect_fault(with("type: docker, config: ''"), key + ".config", "expected a path");
  expect_fault(with("type: helper"), key + ".helper", "is missing");
  for (const std::string name : {"''", "a b", "../a", "a/b", "'$(id)'"}) {
    expect_fault(with("type: helper, helper: " + name), key + ".helper", "expected the NAME of a program");
  }
}

TEST(Faults, OfCredentialsOfEcr) {
  const std::string host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  const std::string key = "upstreams." + host + ".credentials";
  const auto with = [&](const std::string& text) {
    return "default_upstream: " + host + "\nupstreams:\n  " + host + ": {credentials: {type: ecr, " + text + "}}";
  };
  EXPECT_EQ(faults_in(with("")), Lines{});
  expect_fault(with("region: eu_west"), key + ".region", "expected an AWS region such as eu-west-1");
  expect_fault(with("profile: ''"), key + ".profile", "expected a text");
  for (const std::string arn : {"pull", "arn:aws:iam::1:role/x", "'arn:aws:iam::123456789012:user/x'",
                                "'arn:aws:iam::123456789012:role/'", "'arn:aws:iam::123456789012:role/a b'"}) {
    expect_fault(with("role_arn: " + arn), key + ".role_arn", "expected the ARN of a role");
  }
  expect_fault(with("username: u"), key + ".username", "belongs to type: basic; this is type: ecr");
  expect_fault("upstreams: {docker.io: {credentials: {username: u, password: p, region: r}}}",
               "upstreams.docker.io.credentials.region", "belongs to type: ecr");
}

TEST(Faults, ARegistryOfNoRegionHasToBeGivenOne) {
  EXPECT_EQ(
      faults_in("upstreams:\n  docker.io:\n    url: https://ecr.example.com\n    credentials:\n      type: ecr"),
      Lines{"4: upstreams.docker.io.credentials.region: is missing: neither a host in url nor the upstream's name is "
            "that of an ECR registry, ACCOUNT.dkr.ecr.REGION.amazonaws.com"});
  EXPECT_EQ(faults_in("upstreams: {docker.io: {credentials: {type: ecr, region: eu-west-1}}}"), Lines{});
  EXPECT_EQ(faults_in("upstreams: {docker.io: {url: 'https://public.ecr.aws/docker', credentials: {type: ecr}}}"),
            Lines{});
}

TEST(Faults, RegistriesOfSeveralRegionsHaveNoPasswordInCommon) {
  const std::string other = "https://210987654321.dkr.ecr.us-east-1.amazonaws.com";
  const auto with = [&](const std::string& url) {
    return "upstreams: {docker.io: {url: ['" + other + "', 'https://vpce.example.com', '" + url +
           "'], credentials: {type: ecr}}}";
  };
  const std::string key = "upstreams.docker.io.url";
  expect_fault(with("https://123456789012.dkr.ecr.eu-west-1.amazonaws.com:443/x"), key, "several regions");
  expect_fault(with("https://public.ecr.aws"), key, "the public one besides others");
  EXPECT_EQ(faults_in(with("https://123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")), Lines{});
}

TEST(Faults, TheRegionOfThePublicRegistryIsNobodysChoice) {
  const std::string yaml =
      "default_upstream: public.ecr.aws\nupstreams: {public.ecr.aws: {credentials: {type: ecr, region: ";
  expect_fault(yaml + "eu-west-1}}}", "upstreams.public.ecr.aws.credentials.region", "has no effect");
  EXPECT_EQ(faults_in(yaml + "us-east-1}}}"), Lines{});
}

TEST(Faults, OfTheEnvironmentForEcrNameTheVariableAndNotItsValue) {
  const std::string yaml = "upstreams: {docker.io: {credentials: {type: ecr, region: eu-west-1}}}";
  for (const std::string name :
       {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_ECR_PUBLIC", "AWS_ENDPOINT_URL_STS",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const Lines lines = faults_in(yaml, environment_of({{name, "hunter2 :"}}));
    ASSERT_EQ(lines.size(), 1u) << name;
    EXPECT_NE(lines[0].find("upstreams.docker.io.credentials: " + name + " in the environment: expected a"),
              std::string::npos)
        << lines[0];
    EXPECT_EQ(lines[0].find("hunter2"), std::string::npos) << lines[0];
  }
}

TEST(Faults, AKeyOfAnotherTypeOfCredentialsHasNoEffect) {
  const std::string key = "upstreams.docker.io.credentials";
  const auto with = [](const std::string& text) { return "upstreams: {docker.io: {credentials: {" + text + "}}}"; };
  expect_fault(with("username: u, password: p, config: c"), key + ".config",
               "belongs to type: docker; this is type: basic");
  expect_fault(with("type: docker, config: c, username: u"), key + ".username",
               "belongs to type: basic; this is type: docker");
  expect_fault(with("type: docker, config: c, helper: h"), key + ".helper", "belongs to type: helper");
  expect_fault(with("helper: h, type: helper, password_file: f"), key + ".password_file", "belongs to type: basic");
}

TEST(Faults, OfProxies) {
  const std::string key = "upstreams.docker.io.proxy";
  const auto with = [](const std::string& text) { return "upstreams: {docker.io: {proxy: " + text + "}}"; };
  for (const char* text : {"''", "'proxy:0'", "'proxy:99999'", "'http://'", "'u:p@'", "'http://proxy/path'", "'a b'"}) {
    expect_fault(with(text), key, "expected a proxy such as http://HOST:PORT");
  }
  expect_fault(with("https://proxy:3128"), key, "https:// is not supported");
  expect_fault(with("socks5://proxy:1080"), key, "no other kind is supported");
  expect_fault(with("'http://u%:p@proxy'"), key, "percent-encoded");
  expect_fault(with("'http://u%3A:p@proxy'"), key, "percent-encoded");
  expect_fault(with("'http://:p@proxy'"), key, "percent-encoded");
  expect_fault(with("[proxy]"), key, "expected a single value; found a list");
  expect_faults({{"upstreams:\n  docker.io:\n    proxy: ftp://proxy",
                  "3: upstreams.docker.io.proxy: expected an HTTP proxy, http://HOST:PORT or "
                  "http://USER:PASSWORD@HOST:PORT; no other kind is supported; or none"}});
}

TEST(Faults, OfTheEnvironmentsProxiesHaveTheVariableAsTheirKey) {
  EXPECT_EQ(
      faults_in("threads: many", environment_of({{"https_proxy", "https://u:hunter2@proxy"}, {"HTTP_PROXY", "x:y"}})),
      (Lines{
          "HTTP_PROXY: in the environment: expected a proxy such as http://HOST:PORT or "
          "http://USER:PASSWORD@HOST:PORT",
          "https_proxy: in the environment: expected a proxy that is spoken to without TLS, http://HOST:PORT or "
          "http://USER:PASSWORD@HOST:PORT; https:// is not supported",
          R"(1: threads: expected a whole number from 0 (one for each core) to 1024; found "many")",
      }));
}

TEST(Faults, OfClientCertificates) {
  const std::string key = "upstreams.docker.io.client_certificate";
  const auto with = [](const std::string& text) { return "upstreams: {docker.io: {" + text + "}}"; };
  expect_fault(with("client_certificate: {certificate: c}"), key + ".key", "is missing");
  expect_fault(with("client_certificate: {key: k}"), key + ".certificate", "is missing");
  expect_fault(with("client_certificate: {certificate: c, key: ''}"), key + ".key", "expected a path");
  EXPECT_EQ(faults_in(with("client_certificate: ")).size(), 2u);
  const std::string both = "client_certificate: {certificate: c, key: k}, ";
  expect_fault(with(both + "url: 'http://a'"), key, "would never be shown");
  EXPECT_EQ(faults_in(with(both + "url: ['http://a', 'https://b']")), Lines{});
}

TEST(Faults, NeverRepeatASecret) {
  const auto with = [](const std::string& text) { return "upstreams: {docker.io: {" + text + "}}"; };
  for (const std::string& yaml : {
           with("credentials: {username: 'hunter2:x', password: ['hunter2']}"),
           with("credentials: {username: u, password: 'hunter2${'}"),
           with("credentials: {username: u, password: 'hunter2${NOPE}'}"),
           with("credentials: {username: u, password: !hunter2 }"),
           with("credentials: {username: u, password: *hunter2 }"),
           with("credentials: {username: u, password: hunter2, password_file: f}"),
           with("credentials: {type: hunter2, username: u, password: hunter2}"),
           with("credentials: {type: docker, config: c, password: hunter2}"),
           with("url: 'https://u:hunter2@docker.io'"),
           with("aliases: ['https://u:hunter2@docker.io']"),
           with("proxy: 'https://u:hunter2@proxy'"),
           with("proxy: 'http://u:hunter2'"),
           with("proxy: 'http://u:hunter2%@proxy'"),
           with("proxy: 'http://u:hunter2@proxy:port'"),
           with("proxy: {hunter2: x}"),
           std::string("upstreams: {docker.io: , 'https://u:hunter2@docker.io': {x: y}}"),
           std::string("upstreams: {docker.io: , 'https://u:hunter2@docker.io': {aliases: [docker.io]}}\n"
                       "default_upstream: nowhere"),
           std::string("default_upstream: 'https://u:hunter2@docker.io'"),
       }) {
    const Lines lines = faults_in(yaml);
    EXPECT_FALSE(lines.empty()) << yaml;
    for (const std::string& line : lines) EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
  }
}

TEST(Faults, DoNotCarryControlCharactersOrEndlessText) {
  const Lines lines = faults_in("threads: \"a\\nb\\e[31m" + std::string(5000, 'x') + "\"");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find_first_of("\n\x1b"), std::string::npos);
  EXPECT_LT(lines[0].size(), 300u);
}

TEST(Faults, SelfReferenceEnds) {
  EXPECT_FALSE(faults_in("listeners: &a [*a]").empty());
  EXPECT_FALSE(faults_in("upstreams: &a {docker.io: *a}").empty());
  EXPECT_FALSE(faults_in(std::string(100'000, '[')).empty());
}

TEST(FaultText, LeavesOutWhatIsNotKnown) {
  const std::string file = "a.yaml";
  EXPECT_EQ(to_string({3, "log.level", "bad"}, file), "a.yaml:3: log.level: bad");
  EXPECT_EQ(to_string({0, "log.level", "bad"}, file), "a.yaml: log.level: bad");
  EXPECT_EQ(to_string({3, "", "bad"}, file), "a.yaml:3: bad");
  EXPECT_EQ(to_string({0, "", "bad"}, file), "a.yaml: bad");
  EXPECT_EQ(to_string({3, "k", "bad"}, ""), "3: k: bad");
}

TEST(Faults, ClientsPasswordsAreNotTakenOverClearText) {
  const std::string upstream = "upstreams: {docker.io: {access: passthrough}}";
  expect_fault(upstream, "upstreams.docker.io.access", "needs a listener with tls, or at a loopback address");
  expect_fault("listeners: [{address: '127.0.0.1:0'}, {address: '10.0.0.1:0', upstream: docker.io}]\n" + upstream,
               "listeners[1]", "over clear text");
  for (const std::string listeners :
       {"[{address: '127.0.0.1:0', upstream: docker.io}]", "[{address: '[::1]:0'}, {address: '0.0.0.0:1'}]",
        "[{address: '0.0.0.0:0', upstream: docker.io, tls: {certificate: c, key: k}}]"}) {
    EXPECT_EQ(faults_in("listeners: " + listeners + "\n" + upstream), Lines{}) << listeners;
  }
}

TEST(Faults, WhatHasNoMeaningWithPassthroughIsRefused) {
  const std::string safe = "listeners: [{address: '127.0.0.1:0'}]\nupstreams: {docker.io: {";
  const std::string key = "upstreams.docker.io.";
  expect_fault(safe + "access: passthrough, credentials: {username: u, realms: [a.example]}}}",
               key + "credentials.username", "each client's own account counts");
  expect_fault(safe + "access: passthrough, freshness: {on_denied: keep}}}", key + "access", "past a refusal");
  expect_fault(safe + "access: passthrough, client_certificate: {certificate: c, key: k}}}", key + "access",
               "would be everybody's");
  for (const std::string url : {"http://hub.example.com", "http://127.example.com", "http://10.0.0.1:80/x"}) {
    expect_fault(safe + "access: passthrough, url: '" + url + "'}}", key + "access", "passwords");
  }
  for (const std::string url :
       {"http://127.0.0.1:80", "http://[::1]:80/x", "http://localhost", "https://hub.example.com"}) {
    EXPECT_EQ(faults_in(safe + "access: passthrough, url: '" + url + "'}}"), Lines{}) << url;
  }
  expect_fault(safe + "access_ttl: 1m}}", key + "access_ttl", "belongs to access: passthrough");
  expect_fault(safe + "access: open}}", key + "access", "expected shared or passthrough");
}

TEST(Faults, AWildcardIsForHostsUnderANameOfTwoPartsAndForNothingElse) {
  const auto upstream = [](const std::string& name, const std::string& more = "") {
    return "default_upstream: ghcr.io\nupstreams:\n  ghcr.io: {}\n  \"" + name + "\": {" + more + "}";
  };
  for (const std::string name : {"*", "*.com", "*.example.*", "registry.*", "*.x"}) {
    expect_fault(upstream(name), "upstreams." + name, "ends in two parts without");
  }
  expect_fault(upstream("*-*.example.com"), "upstreams.*-*.example.com", "one \"*\" between two dots");
  expect_fault(upstream("*.Example.com"), "upstreams.*.Example.com", "in lower case");
  const std::string valid = "*.dkr.ecr.*.amazonaws.com";
  const std::string key = "upstreams." + valid + ".";
  EXPECT_EQ(faults_in(upstream(valid)), Lines{});
  EXPECT_EQ(faults_in(upstream(valid, "url: 'https://$1.mirror.example.com/$2/$0'")), Lines{});
  for (const std::string url :
       {"https://$1", "https://$1.$2", "https://$1.com", "https://x.$2.com:5000/a", "http://$1:80/$2"}) {
    expect_fault(upstream(valid, "url: '" + url + "'"), key + "url", "clients choose what it is");
  }
  expect_fault(upstream(valid, "url: 'https://$3.example.com'"), key + "url", "$0 for the name");
  expect_fault(upstream(valid, "url: 'https://a.example.com/$'"), key + "url", "$0 for the name");
  expect_fault(upstream(valid, "aliases: [a.example.com]"), key + "aliases", "would stand for many");
  expect_fault(upstream(valid, "prefixes: [a]"), key + "prefixes", "would stand for many");
}

TEST(Faults, AWildcardIsNoDefaultButWhatItStandsForMayBe) {
  const std::string upstreams = "\nupstreams: {'*.example.com': {}}";
  expect_fault("default_upstream: '*.example.com'" + upstreams, "default_upstream", "stands for many");
  EXPECT_EQ(faults_in("default_upstream: a.example.com" + upstreams), Lines{});
  EXPECT_EQ(faults_in("listeners: [{upstream: a.example.com}]\ndefault_upstream: b.example.com" + upstreams), Lines{});
}

TEST(Faults, AWildcardsRegionIsThatOfEachNameItStandsFor) {
  const std::string more = ": {credentials: {type: ecr}}}\ndefault_upstream: docker.io";
  EXPECT_EQ(faults_in("upstreams: {docker.io: {}, '*.dkr.ecr.*.amazonaws.com'" + more), Lines{});
  expect_fault("upstreams: {docker.io: {}, '*.example.com'" + more, "upstreams.*.example.com.credentials.region",
               "is missing");
}

TEST(Faults, AnIdentityOfAzureGoesToNoHostThatAClientNames) {
  const auto upstream = [](const std::string& name, const std::string& more = "") {
    return "default_upstream: docker.io\nupstreams: {docker.io: {}, '" + name + "': {credentials: {type: acr}" + more +
           "}}";
  };
  EXPECT_EQ(faults_in(upstream("*.azurecr.io")), Lines{});
  expect_fault(upstream("*.example.com"), "upstreams.*.example.com.credentials", "Azure's own hosts alone");
  expect_fault(upstream("*.azurecr.io", ", url: 'https://$1.example.com'"), "upstreams.*.azurecr.io.credentials",
               "Azure's own hosts alone");
}

}  // namespace
}  // namespace entrepot::config
