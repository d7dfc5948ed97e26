#include "upstream/docker_config.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using Kind = Credential::Kind;
using Servers = std::vector<std::string>;

const std::string kHub = "https://index.docker.io/v1/";

// The account of `server` in `json`; one of the server "fault: ..." if there is a fault.
DockerAccount account_in(const std::string& json, const std::string& server = "ghcr.io") {
  const Servers servers{server};
  Result<std::vector<DockerAccount>> accounts = parse_docker_config(json, servers);
  if (!accounts) return {.server = "fault: " + accounts.error().message};
  EXPECT_EQ(accounts->size(), 1u);
  return accounts->front();
}

std::optional<Credential> stored_in(const std::string& json, const std::string& server = "ghcr.io") {
  return account_in(json, server).stored;
}

TEST(DockerConfig, KeysAreReadAsClientsWriteThem) {
  struct Case {
    const char* key;
    std::optional<std::string> server;
  };
  const Case cases[] = {
      {"https://index.docker.io/v1/", kHub},
      {"https://index.docker.io/v1", kHub},
      {"index.docker.io", kHub},
      {"docker.io", kHub},
      {"https://docker.io", kHub},
      {"registry-1.docker.io", kHub},
      {"https://registry-1.docker.io/v2/", kHub},
      {"ghcr.io", "ghcr.io"},
      {"GHCR.io", "ghcr.io"},
      {"ghcr.io/", "ghcr.io"},
      {"ghcr.io/v1/", "ghcr.io"},
      {"ghcr.io/v2", "ghcr.io"},
      {"https://ghcr.io", "ghcr.io"},
      {"https://ghcr.io/", "ghcr.io"},
      {"http://localhost:5000/v1/", "localhost:5000"},
      {"https://reg.example/artifactory/docker", "reg.example"},
      {"[::1]:5000", "[::1]:5000"},
      // Of podman, for a part of a registry.
      {"quay.io/org", std::nullopt},
      {"quay.io/org/app", std::nullopt},
      {"docker.io/library", std::nullopt},
      {"", std::nullopt},
      {"/v1/", std::nullopt},
      {"https://", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(server_of_key(c.key), c.server) << c.key;
}

TEST(DockerConfig, AnUpstreamIsKnownByItsUrlsThenByItsName) {
  config::Upstream upstream;
  upstream.name = "docker.io";
  upstream.urls = {"https://registry-1.docker.io"};
  EXPECT_EQ(servers_of(upstream), Servers{kHub});
  upstream.urls = {"http://mirror.local:5000/hub", "https://registry-1.docker.io"};
  EXPECT_EQ(servers_of(upstream), (Servers{"mirror.local:5000", kHub}));
  upstream.name = "reg.example";
  upstream.urls = {"https://REG.example:443"};
  EXPECT_EQ(servers_of(upstream), Servers{"reg.example"});
}

TEST(DockerConfig, AuthIsUserAndPasswordInBase64) {
  const auto with = [](const std::string& auth) { return R"({"auths":{"ghcr.io":{"auth":")" + auth + R"("}}})"; };
  EXPECT_EQ(stored_in(with("dXNlcjpwYXNzd29yZA==")), (Credential{"user", "password"}));
  EXPECT_EQ(stored_in(with("dTphOmI6Yw==")), (Credential{"u", "a:b:c"}));  // the password holds colons
  EXPECT_EQ(stored_in(with("dTpwAAA=")), (Credential{"u", "p"}));          // and NULs behind it are none of it
  EXPECT_EQ(stored_in(with("dTpw")), (Credential{"u", "p"}));
}

TEST(DockerConfig, AnEntryHasOneOfSeveralKindsOfSecrets) {
  const auto stored = [](const std::string& entry) { return stored_in(R"({"auths":{"ghcr.io":{)" + entry + "}}}"); };
  EXPECT_EQ(stored(R"("username":"u","password":"p")"), (Credential{"u", "p"}));
  EXPECT_EQ(stored(R"("username":"x","password":"y","auth":"dTpw")"), (Credential{"u", "p"}));
  EXPECT_EQ(stored(R"("identitytoken":"t")"), (Credential{"", "t", Kind::IdentityToken}));
  EXPECT_EQ(stored(R"("auth":"dTo=","identitytoken":"t")"), (Credential{"u", "t", Kind::IdentityToken}));
  EXPECT_EQ(stored(R"("identitytoken":"t","registrytoken":"r")"), (Credential{"", "r", Kind::RegistryToken}));
  EXPECT_EQ(stored(R"("auth":"","identitytoken":null,"email":"u@example.com")"), std::nullopt);
  EXPECT_EQ(stored(""), std::nullopt);
}

TEST(DockerConfig, DockersOwnKeyForAServerComesFirst) {
  EXPECT_EQ(stored_in(R"({"auths":{"docker.io":{"auth":"YTph"},"https://index.docker.io/v1/":{"auth":"dTpw"}}})", kHub),
            (Credential{"u", "p"}));
  EXPECT_EQ(stored_in(R"({"auths":{"http://ghcr.io":{"auth":"YTph"},"ghcr.io":{"auth":"dTpw"}}})"),
            (Credential{"u", "p"}));
  EXPECT_EQ(stored_in(R"({"auths":{"ghcr.io/org":{"auth":"YTph"},"https://ghcr.io":{"auth":"dTpw"}}})"),
            (Credential{"u", "p"}));
}

TEST(DockerConfig, AServersOwnHelperComesBeforeThatOfAll) {
  const std::string json =
      R"({"credsStore":"all","credHelpers":{"https://ghcr.io":"own","quay.io":""},"auths":{"quay.io":{"auth":"dTpw"}}})";
  EXPECT_EQ(account_in(json).helper, "own");
  EXPECT_EQ(account_in(json, "other.io").helper, "all");
  EXPECT_EQ(account_in(json, "quay.io"), (DockerAccount{"quay.io", "", Credential{"u", "p"}}));  // "" is none
  EXPECT_EQ(account_in(R"({"credHelpers":{"docker.io":"own"}})", kHub).helper, "own");
  EXPECT_EQ(account_in("{}").helper, "");
}

TEST(DockerConfig, WhatConcernsOtherServersNeedNotMakeSense) {
  const std::string json =
      R"({"HttpHeaders":7,"auths":{"ghcr.io":{"auth":"dTpw"},"a":7,"b":{"auth":"!"}},"credHelpers":{"c":"/bin/sh"}})";
  EXPECT_EQ(stored_in(json), (Credential{"u", "p"}));
}

TEST(DockerConfig, AFaultIsNamedWithoutWhatIsSecret) {
  struct Case {
    const char* json;
    const char* fault;
  };
  const Case cases[] = {
      {"", "is not a JSON object"},
      {"[\"hunter2\"]", "is not a JSON object"},
      {R"({"auths":{"ghcr.io":{"auth":"aHVudGVyMg=="}}})", "the auth of ghcr.io is not USER:PASSWORD in base64"},
      {R"({"auths":{"ghcr.io":{"auth":"u:hunter2"}}})", "the auth of ghcr.io is not USER:PASSWORD in base64"},
      {R"({"auths":{"ghcr.io":"hunter2"}})", "auths has no object for ghcr.io"},
      {R"({"auths":{"ghcr.io":{"password":["hunter2"]}}})", "of ghcr.io: password is no text"},
      {R"({"auths":{"ghcr.io":{"registrytoken":"hunter2\r\nHost: x"}}})",
       "the registrytoken of ghcr.io cannot be sent"},
      {R"({"auths":["hunter2"]})", "auths is no object"},
      {R"({"credsStore":["hunter2"]})", "credsStore is no text"},
      {R"({"credsStore":"../../hunter2"})", "a credential helper's name is none"},
      {R"({"credHelpers":{"ghcr.io":{"hunter2":1}}})", "credHelpers has no text for ghcr.io"},
  };
  for (const Case& c : cases) EXPECT_EQ(account_in(c.json).server, std::string("fault: ") + c.fault) << c.json;
}

}  // namespace
}  // namespace entrepot::upstream
