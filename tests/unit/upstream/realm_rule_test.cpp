#include "upstream/realm_rule.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace entrepot::upstream {
namespace {

TEST(RealmRule, CredentialsGoToWhatBelongsToTheUpstream) {
  struct Case {
    const char* realm;
    const char* registry;
    const char* name;
    RealmTrust trust;
  };
  using enum RealmTrust;
  const Case cases[] = {
      // The registry's own host, at any port.
      {"https://ghcr.io/token", "https://ghcr.io", "ghcr.io", Credentials},
      {"https://reg.example:8443/token", "https://reg.example:5000", "mirror", Credentials},
      {"http://reg.example/token", "http://reg.example", "mirror", Credentials},
      // The upstream's name, and below it.
      {"https://auth.docker.io/token", "https://registry-1.docker.io", "docker.io", Credentials},
      {"https://docker.io/token", "https://registry-1.docker.io", "docker.io", Credentials},
      {"https://a.b.docker.io/token", "https://registry-1.docker.io", "docker.io", Credentials},
      {"https://auth.reg.example/token", "https://10.0.0.1:5000", "Reg.Example:5000", Credentials},
      // Neither.
      {"https://evil-docker.io/token", "https://registry-1.docker.io", "docker.io", Anonymous},
      {"https://docker.io.evil.example/token", "https://registry-1.docker.io", "docker.io", Anonymous},
      {"https://io/token", "https://registry-1.docker.io", "docker.io", Anonymous},
      {"https://sub.ghcr.io/token", "https://ghcr.io", "github", Anonymous},
      {"https://elsewhere.example/token", "https://ghcr.io", "ghcr.io", Anonymous},
      // Listed.
      {"https://login.example/token", "https://ghcr.io", "ghcr.io", Credentials},
      {"https://sub.login.example/token", "https://ghcr.io", "ghcr.io", Anonymous},
      // From https down to http: never.
      {"http://ghcr.io/token", "https://ghcr.io", "ghcr.io", Refused},
      {"http://login.example/token", "https://ghcr.io", "ghcr.io", Refused},
      {"http://elsewhere.example/token", "https://ghcr.io", "ghcr.io", Refused},
      {"https://reg.example/token", "http://reg.example", "mirror", Credentials},
  };
  const std::vector<std::string> listed{"Login.example"};
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.realm) + " for " + c.registry);
    EXPECT_EQ(trust_in(*http::Url::parse(c.realm), *http::Url::parse(c.registry), c.name, listed), c.trust);
  }
}

}  // namespace
}  // namespace entrepot::upstream
