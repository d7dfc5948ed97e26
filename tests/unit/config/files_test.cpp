#include <gtest/gtest.h>

#include "entrepot/config/load.hpp"

namespace entrepot::config {
namespace {

TEST(Files, ThoseThatCannotBeReadAreNamedWithTheirKeys) {
  Config config;
  config.listeners = {{{"127.0.0.1", 0}, {}, ListenerTls{"/nowhere/tls.crt", "/proc/self/exe"}}};
  Upstream& upstream = config.upstreams["ghcr.io"];
  upstream.ca = "/nowhere/ca.pem";
  upstream.client_certificate = ClientCertificate{"/nowhere/client.crt", "/nowhere/client.key"};
  upstream.credentials = Credentials{BasicCredentials{"u", "", "/nowhere/p"}};
  std::vector<std::string> lines;
  for (const Fault& fault : unreadable_files(config)) lines.push_back(to_string(fault, "c.yaml"));
  const std::vector<std::string> expected{
      "c.yaml: listeners[0].tls.certificate: cannot read /nowhere/tls.crt: No such file or directory",
      "c.yaml: upstreams.ghcr.io.ca: cannot read /nowhere/ca.pem: No such file or directory",
      "c.yaml: upstreams.ghcr.io.client_certificate.certificate: cannot read /nowhere/client.crt: No such file or "
      "directory",
      "c.yaml: upstreams.ghcr.io.client_certificate.key: cannot read /nowhere/client.key: No such file or directory",
      "c.yaml: upstreams.ghcr.io.credentials.password_file: cannot read /nowhere/p: No such file or directory"};
  EXPECT_EQ(lines, expected);
}

std::vector<std::string> faults_of(const decltype(Credentials::account)& account) {
  Config config;
  config.upstreams["ghcr.io"].credentials = Credentials{account};
  std::vector<std::string> lines;
  for (const Fault& fault : unreadable_files(config)) lines.push_back(to_string(fault, ""));
  return lines;
}

TEST(Files, DockersConfigurationHasToBeThereUnlessTheEnvironmentHasOne) {
  EXPECT_EQ(faults_of(DockerCredentials{.text = "", .file = "/nowhere/c"}),
            std::vector<std::string>{
                "upstreams.ghcr.io.credentials.config: cannot read /nowhere/c: No such file or directory"});
  EXPECT_TRUE(faults_of(DockerCredentials{.text = "{}", .file = "/nowhere/c"}).empty());
}

TEST(Files, ACredentialHelperHasToBeThere) {
  EXPECT_EQ(faults_of(HelperCredentials{"/nowhere/h"}),
            std::vector<std::string>{
                "upstreams.ghcr.io.credentials.helper: cannot run /nowhere/h: No such file or directory"});
  EXPECT_EQ(faults_of(HelperCredentials{"of-no-one"}),
            std::vector<std::string>{"upstreams.ghcr.io.credentials.helper: there is no program "
                                     "docker-credential-of-no-one on PATH"});
  EXPECT_TRUE(faults_of(HelperCredentials{"/proc/self/exe"}).empty());
}

TEST(Files, ThoseThatCanBeReadAreNoFault) {
  Config config;
  config.upstreams["ghcr.io"].ca = "/proc/self/exe";
  EXPECT_TRUE(unreadable_files(config).empty());
}

TEST(Files, OfCloudsHaveToBeThere) {
  const std::string nowhere = ": cannot read /nowhere/f: No such file or directory";
  const auto lines = [&](const std::string& key) {
    return std::vector<std::string>{"upstreams.ghcr.io.credentials." + key + nowhere};
  };
  EXPECT_EQ(faults_of(GoogleCredentials{.key_file = "/nowhere/f"}), lines("key_file"));
  EXPECT_EQ(faults_of(AcrCredentials{.proof = EntraSecret{"", "/nowhere/f"}}), lines("client_secret_file"));
  EXPECT_EQ(faults_of(AcrCredentials{.proof = EntraFederation{"/nowhere/f"}}), lines("federated_token_file"));
  EXPECT_TRUE(faults_of(GoogleCredentials{}).empty());
}

}  // namespace
}  // namespace entrepot::config
