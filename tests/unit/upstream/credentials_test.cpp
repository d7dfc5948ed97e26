#include "upstream/credentials.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/run_coro.hpp"
#include "support/temp_dir.hpp"

namespace entrepot::upstream {
namespace {

config::Upstream with_password_file(const std::filesystem::path& file) {
  config::Upstream config;
  config.credentials =
      config::BasicCredentials{.username = "user", .password = {}, .password_file = file, .realms = {}};
  return config;
}

TEST(Credentials, NoneIsAnonymous) { EXPECT_EQ(make_credential_provider(config::Upstream{}), nullptr); }

TEST(Credentials, BasicIsBase64OfBothParts) {
  EXPECT_EQ(basic_authorization({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization({"", ""}), "Basic Og==");
}

TEST(Credentials, APasswordFilesFinalNewlineIsNotPartOfIt) {
  test::TempDir dir;
  std::filesystem::path file = dir.path() / "password";
  for (auto [text, password] : {std::pair("secret\n", "secret"), std::pair("secret\r\n", "secret"),
                                std::pair("two\n\n", "two\n"), std::pair("secret", "secret")}) {
    std::ofstream(file) << text;
    auto provider = make_credential_provider(with_password_file(file));
    auto credential = test::run_coro(provider->get(io::kNoDeadline));
    ASSERT_TRUE(credential);
    EXPECT_EQ(credential->username, "user");
    EXPECT_EQ(credential->password, password);
  }
}

TEST(Credentials, APasswordFileThatIsNotThereStopsTheStart) {
  EXPECT_THROW(make_credential_provider(with_password_file("/nonexistent/password")), std::runtime_error);
}

}  // namespace
}  // namespace entrepot::upstream
