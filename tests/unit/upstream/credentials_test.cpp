#include "upstream/credentials.hpp"

#include <sys/stat.h>

#include <thread>

#include "unit/upstream/provider_fixture.hpp"
#include "upstream/credentials_basic.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

using CredentialsTest = ProviderTest;

TEST_F(CredentialsTest, NoneIsAnonymous) { EXPECT_EQ(make_credential_provider(config::Upstream{}, context_), nullptr); }

TEST(Credentials, BasicIsBase64OfBothParts) {
  EXPECT_EQ(basic_authorization({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization({"", ""}), "Basic Og==");
}

TEST(Credentials, EveryPartTellsThemApart) {
  const Credential one{"a", "b"};
  EXPECT_EQ(fingerprint(one), fingerprint(Credential{"a", "b"}));
  for (const Credential& other : {Credential{"a", "c"}, Credential{"b", "b"}, Credential{"", "ab"},
                                  Credential{"a", "b", Credential::Kind::IdentityToken}}) {
    EXPECT_NE(fingerprint(one), fingerprint(other));
  }
  EXPECT_EQ(fingerprint({"user", "hunter2"}).find("hunter2"), std::string::npos);
}

TEST(Credentials, ASecretIsBlottedOutOfATextInEachOfItsForms) {
  const Credential credential{"user", "hunter2"};
  EXPECT_EQ(without_secret("no hunter2, hunter2hunter2", credential), "no ***, ******");
  EXPECT_EQ(without_secret(basic_authorization(credential), credential), "Basic ***");
  EXPECT_EQ(without_secret("password=p%2Bss", Credential{"u", "p+ss"}), "password=***");
  EXPECT_EQ(without_secret("as it is", Credential{}), "as it is");
}

class PasswordFileTest : public ProviderTest {
 protected:
  BasicProvider provider(const std::filesystem::path& file) { return {{"user", "", file}, context_}; }
};

TEST_F(PasswordFileTest, AFinalNewlineIsNotPartOfThePassword) {
  for (auto [text, password] : {std::pair("secret\n", "secret"), std::pair("secret\r\n", "secret"),
                                std::pair("two\n\n", "two\n"), std::pair("secret", "secret")}) {
    BasicProvider basic = provider(write("password", text));
    EXPECT_EQ(account(basic), "user:" + std::string(password));
  }
}

// Google's _json_key: a service account's key, JSON in many lines.
TEST_F(PasswordFileTest, AWholeKeyFileIsAPassword) {
  const std::string key = "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN\\n" +
                          std::string(1600, 'k') + "\\n-----END\\n\"\n}";
  BasicProvider basic = provider(write("password", key + "\n"));
  EXPECT_EQ(account(basic), "user:" + key);
}

TEST_F(PasswordFileTest, OneThatIsNotThereOrEmptyStopsTheStart) {
  EXPECT_THROW(provider("/nonexistent/password"), std::runtime_error);
  EXPECT_THROW(provider(write("password", "\n")), std::runtime_error);
  EXPECT_THROW(provider(dir_.path()), std::runtime_error);
}

TEST_F(PasswordFileTest, AnotherPasswordCountsASecondLater) {
  BasicProvider basic = provider(write("password", "one"));
  replace("password", "two");
  EXPECT_EQ(account(basic), "user:one");
  clock_.advance(1s);
  EXPECT_EQ(account(basic), "user:two");
}

TEST_F(PasswordFileTest, AnotherPasswordCountsAtOnceWhereTheOldOneWasRefused) {
  BasicProvider basic = provider(write("password", "one"));
  replace("password", "two");
  basic.refused({"user", "one"});
  EXPECT_EQ(account(basic), "user:two");
}

// Kubernetes mounts a secret as links: password -> ..data/password, and ..data -> a folder that is swapped.
TEST_F(PasswordFileTest, ALinkThatIsSwappedIsFollowed) {
  std::filesystem::create_directories(dir_.path() / "1");
  std::filesystem::create_directories(dir_.path() / "2");
  write("1/password", "one");
  write("2/password", "two");
  std::filesystem::create_directory_symlink("1", dir_.path() / "..data");
  std::filesystem::create_symlink("..data/password", dir_.path() / "password");
  BasicProvider basic = provider(dir_.path() / "password");
  EXPECT_EQ(account(basic), "user:one");
  std::filesystem::create_directory_symlink("2", dir_.path() / "..data_tmp");
  std::filesystem::rename(dir_.path() / "..data_tmp", dir_.path() / "..data");
  clock_.advance(1s);
  EXPECT_EQ(account(basic), "user:two");
}

TEST_F(PasswordFileTest, APipeIsReadOnce) {
  const std::filesystem::path pipe = dir_.path() / "password";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << "one\n"; });
  BasicProvider basic = provider(pipe);
  writer.join();
  clock_.advance(1h);
  basic.refused({"user", "one"});
  EXPECT_EQ(account(basic), "user:one");
}

// The file system's clock moves in steps: two writes within one look the same.
TEST_F(PasswordFileTest, AChangeThatLeavesTimeAndSizeAsTheyWereIsSeen) {
  BasicProvider basic = provider(write("password", "one"));
  const auto time = std::filesystem::last_write_time(dir_.path() / "password");
  write("password", "two");
  std::filesystem::last_write_time(dir_.path() / "password", time);
  clock_.advance(1s);
  EXPECT_EQ(account(basic), "user:two");
}

TEST_F(PasswordFileTest, OneThatCannotBeReadAnyMoreLeavesTheLastPasswordAndALineForEachChange) {
  const std::filesystem::path file = write("password", "one");
  BasicProvider basic = provider(file);
  const auto lines_after = [&](auto change) {
    change();
    testing::internal::CaptureStderr();
    for (int i = 0; i < 3; ++i) {
      clock_.advance(1s);
      EXPECT_EQ(account(basic), "user:one");
    }
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("credentials_not_read"), std::string::npos) << log;
    return std::count(log.begin(), log.end(), '\n');
  };
  EXPECT_EQ(lines_after([&] { std::filesystem::remove(file); }), 1);
  EXPECT_EQ(lines_after([&] { write("password", ""); }), 1);
  EXPECT_EQ(lines_after([&] { replace("password", std::string(100'000, 'x')); }), 1);
  EXPECT_EQ(lines_after([&] {
              std::filesystem::remove(file);
              std::filesystem::create_directory(file);
            }),
            1);
  std::filesystem::remove(file);
  write("password", "two");
  clock_.advance(1s);
  EXPECT_EQ(account(basic), "user:two");
}

}  // namespace
}  // namespace entrepot::upstream
