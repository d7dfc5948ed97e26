#include "upstream/credentials_docker.hpp"

#include <cstdlib>

#include "unit/upstream/provider_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

constexpr char kEntry[] = R"({"auths":{"ghcr.io":{"username":"u","password":"one"}}})";

// One that has programs of its own on its PATH.
class DockerHelpersTest : public ProviderTest {
 protected:
  DockerHelpersTest() { set_path(dir_.path().string() + ":" + path_); }
  ~DockerHelpersTest() override { set_path(path_); }

  DockerProvider provider(const std::string& text, const std::optional<std::filesystem::path>& file = {},
                          std::vector<std::string> servers = {"ghcr.io"}) {
    return {config::DockerCredentials{text, file}, std::move(servers), context_};
  }

  const std::string path_ = std::getenv("PATH");

 private:
  static void set_path(const std::string& path) { ASSERT_EQ(::setenv("PATH", path.c_str(), 1), 0); }
};

using DockerCredentialsTest = DockerHelpersTest;

TEST_F(DockerCredentialsTest, TheFileIsReadAgainWhenItChanges) {
  auto docker = provider("", write("config.json", kEntry));
  EXPECT_EQ(account(docker), "u:one");
  replace("config.json", R"({"auths":{"ghcr.io":{"username":"u","password":"two"}}})");
  clock_.advance(1s);
  EXPECT_EQ(account(docker), "u:two");
  replace("config.json", "{}");
  clock_.advance(1s);
  EXPECT_EQ(account(docker), "");
}

TEST_F(DockerCredentialsTest, AFileThatMakesNoSenseAnyMoreLeavesTheLastAccountAndNoSecretInTheLog) {
  auto docker = provider("", write("config.json", kEntry));
  replace("config.json", R"({"auths":{"ghcr.io":{"auth":"hunter2"}}})");
  clock_.advance(1s);
  testing::internal::CaptureStderr();
  EXPECT_EQ(account(docker), "u:one");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("credentials_not_read"), std::string::npos);
  EXPECT_EQ(log.find("hunter2"), std::string::npos);
}

TEST_F(DockerCredentialsTest, WhatMakesNoSenseStopsTheStart) {
  EXPECT_THROW(provider("[]"), std::runtime_error);
  EXPECT_THROW(provider("", "/nonexistent/config.json"), std::runtime_error);
  EXPECT_THROW(provider("", write("config.json", "{")), std::runtime_error);
  EXPECT_THROW(provider("{}", write("config.json", "{")), std::runtime_error);
}

TEST_F(DockerCredentialsTest, TheEnvironmentsTextComesBeforeTheFileWhichNeedNotBeThere) {
  const std::string other = R"({"auths":{"ghcr.io":{"username":"env","password":"p"}}})";
  auto both = provider(other, write("config.json", kEntry));
  EXPECT_EQ(account(both), "env:p");
  auto empty = provider("{}", dir_.path() / "config.json");
  EXPECT_EQ(account(empty), "u:one");
  auto alone = provider(other, "/nonexistent/config.json");
  EXPECT_EQ(account(alone), "env:p");
  auto none = provider("{}");
  EXPECT_EQ(account(none), "");
}

TEST_F(DockerCredentialsTest, TheFirstServerWithAnAccountCounts) {
  auto docker = provider(kEntry, {}, {"mirror.local", "ghcr.io"});
  EXPECT_EQ(account(docker), "u:one");
}

TEST_F(DockerHelpersTest, TheServersHelperIsAskedBeforeTheFileIs) {
  write_helper("docker-credential-own", R"(read -r s; echo "{\"Username\":\"own\",\"Secret\":\"$s\"}")");
  write_helper("docker-credential-all", R"(echo '{"Username":"all","Secret":"p"}')");
  const std::string auths = R"(,"auths":{"ghcr.io":{"username":"u","password":"one"}}})";
  auto own = provider(R"({"credHelpers":{"https://ghcr.io":"own"},"credsStore":"all")" + auths);
  EXPECT_EQ(account(own), "own:ghcr.io");
  auto all = provider(R"({"credsStore":"all")" + auths);
  EXPECT_EQ(account(all), "all:p");
}

TEST_F(DockerHelpersTest, WhatTheHelperDoesNotKnowIsLookedForInTheFile) {
  write_helper("docker-credential-all", "echo credentials not found in native keychain; exit 1");
  auto docker = provider(R"({"credsStore":"all","auths":{"ghcr.io":{"username":"u","password":"one"}}})");
  EXPECT_EQ(account(docker), "u:one");
}

TEST_F(DockerHelpersTest, AHelperThatFailsIsAnErrorAndNotAnonymous) {
  write_helper("docker-credential-all", "echo locked; exit 1");
  auto docker = provider(R"({"credsStore":"all","auths":{"ghcr.io":{"username":"u","password":"one"}}})");
  EXPECT_EQ(account(docker), "credential helper: docker-credential-all failed with exit status 1: locked");
  auto missing = provider(R"({"credsStore":"of-no-one"})");
  EXPECT_EQ(account(missing), "credential helper: cannot run docker-credential-of-no-one: No such file or directory");
}

TEST_F(DockerHelpersTest, DockerHubIsAskedForByItsOldName) {
  write_helper("docker-credential-all", R"(read -r s; echo "{\"Username\":\"<token>\",\"Secret\":\"$s\"}")");
  config::Upstream hub;
  hub.name = "docker.io";
  hub.urls = {"https://registry-1.docker.io"};
  auto docker = provider(R"({"credsStore":"all"})", {}, servers_of(hub));
  EXPECT_EQ(**get(docker), (Credential{"", "https://index.docker.io/v1/", Credential::Kind::IdentityToken}));
}

}  // namespace
}  // namespace entrepot::upstream
