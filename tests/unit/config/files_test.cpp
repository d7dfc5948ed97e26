#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

using Lines = std::vector<std::string>;

Lines unreadable_in(std::string_view yaml, const Environment& environment = environment_of({})) {
  return lines_of(parse(yaml, environment, true).unreadable);
}

TEST(Files, ThoseThatCannotBeReadAreNamedWithTheirLinesAndKeys) {
  const Loaded loaded = parse(R"(listeners:
  - address: 127.0.0.1:0
    tls: {certificate: /nowhere/tls.crt, key: /proc/self/exe, client_ca: /nowhere/clients.pem}
upstreams:
  docker.io: {}
  ghcr.io:
    ca: /nowhere/ca.pem
    client_certificate:
      certificate: /nowhere/client.crt
      key: /nowhere/client.key
    credentials: {type: basic, username: u, password_file: /nowhere/p}
)",
                              environment_of({}), true);
  EXPECT_TRUE(loaded.config) << testing::PrintToString(lines_of(loaded.faults));
  const std::string missing = ": No such file or directory";
  EXPECT_EQ(lines_of(loaded.unreadable),
            (Lines{"3: listeners[0].tls.certificate: cannot read /nowhere/tls.crt" + missing,
                   "3: listeners[0].tls.client_ca: cannot read /nowhere/clients.pem" + missing,
                   "7: upstreams.ghcr.io.ca: cannot read /nowhere/ca.pem" + missing,
                   "9: upstreams.ghcr.io.client_certificate.certificate: cannot read /nowhere/client.crt" + missing,
                   "10: upstreams.ghcr.io.client_certificate.key: cannot read /nowhere/client.key" + missing,
                   "11: upstreams.ghcr.io.credentials.password_file: cannot read /nowhere/p" + missing}));
}

TEST(Files, AreLookedForInATextWithFaultsTooAndNotWhereTheFaultIs) {
  const Loaded loaded = parse(R"(threads: many
listeners: [{tls: {certificate: /nowhere/tls.crt}}]
)",
                              environment_of({}), true);
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(loaded.faults.size(), 2u) << testing::PrintToString(lines_of(loaded.faults));
  EXPECT_EQ(lines_of(loaded.unreadable),
            Lines{"2: listeners[0].tls.certificate: cannot read /nowhere/tls.crt: No such file or directory"});
}

Lines of_account(const std::string& account, const Environment& environment = environment_of({})) {
  return unreadable_in("default_upstream: ghcr.io\nupstreams: {ghcr.io: {credentials: {" + account + "}}}",
                       environment);
}

Lines of_key(const std::string& key, const std::string& message) {
  return {"2: upstreams.ghcr.io.credentials." + key + ": " + message};
}

const std::string kNowhere = "cannot read /nowhere/f: No such file or directory";

TEST(Files, DockersConfigurationHasToBeThereUnlessTheEnvironmentHasOne) {
  EXPECT_EQ(of_account("type: docker, config: /nowhere/f"), of_key("config", kNowhere));
  EXPECT_EQ(of_account("type: docker", environment_of({{"DOCKER_CONFIG", "/nowhere"}})),
            of_key("config", "cannot read /nowhere/config.json: No such file or directory"));
  EXPECT_EQ(of_account("type: docker", environment_of({{"DOCKER_CONFIG", "/nowhere"}, {"DOCKER_AUTH_CONFIG", "{}"}})),
            Lines{});
}

TEST(Files, ACredentialHelperHasToBeThere) {
  EXPECT_EQ(of_account("type: helper, helper: /nowhere/h"),
            of_key("helper", "cannot run /nowhere/h: No such file or directory"));
  EXPECT_EQ(of_account("type: helper, helper: of-no-one"),
            of_key("helper", "there is no program docker-credential-of-no-one on PATH"));
  EXPECT_EQ(of_account("type: helper, helper: /proc/self/exe"), Lines{});
}

TEST(Files, ThoseThatCanBeReadAreNoFault) {
  EXPECT_EQ(unreadable_in("upstreams: {docker.io: {ca: /proc/self/exe}}"), Lines{});
}

TEST(Files, OfCloudsHaveToBeThere) {
  const std::string entra = "type: acr, tenant: t, client_id: c, ";
  EXPECT_EQ(of_account("type: google, key_file: /nowhere/f"), of_key("key_file", kNowhere));
  EXPECT_EQ(of_account(entra + "client_secret_file: /nowhere/f"), of_key("client_secret_file", kNowhere));
  EXPECT_EQ(of_account(entra + "federated_token_file: /nowhere/f"), of_key("federated_token_file", kNowhere));
  EXPECT_EQ(of_account("type: google"), Lines{});
}

}  // namespace
}  // namespace entrepot::config
