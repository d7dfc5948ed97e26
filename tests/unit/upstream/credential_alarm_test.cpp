#include "upstream/credential_alarm.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace entrepot::upstream {
namespace {

class CredentialAlarmTest : public ::testing::Test {
 protected:
  CredentialAlarmTest() { testing::internal::CaptureStderr(); }
  ~CredentialAlarmTest() override {
    if (!taken_) logged();
  }
  std::string logged() {
    taken_ = true;
    return testing::internal::GetCapturedStderr();
  }
  bool gauge_is(int value) const {
    return registry_.text().find("entrepot_upstream_credentials_refused{upstream=\"ghcr.io\"} " +
                                 std::to_string(value)) != std::string::npos;
  }

  metrics::Registry registry_;
  Notices notices_;
  CredentialAlarm alarm_{"ghcr.io", registry_, notices_};
  bool taken_ = false;
};

TEST_F(CredentialAlarmTest, IsRaisedFromARefusalToTheNextAcceptance) {
  EXPECT_TRUE(gauge_is(0));
  alarm_.refused({"u", "hunter2"}, "auth.ghcr.io");
  EXPECT_TRUE(gauge_is(1));
  EXPECT_EQ(notices_.lines(), std::vector<std::string>{"upstream ghcr.io: auth.ghcr.io refuses its credentials"});
  alarm_.accepted();
  EXPECT_TRUE(gauge_is(0));
  EXPECT_TRUE(notices_.lines().empty());
  const std::string log = logged();
  EXPECT_NE(log.find("warning credentials_refused upstream=ghcr.io host=auth.ghcr.io"), std::string::npos) << log;
  EXPECT_NE(log.find("info credentials_accepted upstream=ghcr.io"), std::string::npos) << log;
  EXPECT_EQ(log.find("hunter2"), std::string::npos);
}

TEST_F(CredentialAlarmTest, OneAccountIsOneLineHoweverOftenItIsRefused) {
  for (int i = 0; i < 10; ++i) alarm_.refused({"u", "one"}, "ghcr.io");
  for (int i = 0; i < 10; ++i) alarm_.refused({"u", "two"}, "ghcr.io");
  for (int i = 0; i < 10; ++i) alarm_.absent();
  EXPECT_TRUE(gauge_is(0));
  const std::string log = logged();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
}

TEST_F(CredentialAlarmTest, TheNextTokenOfAnAccountIsNoOtherAccount) {
  const auto refuse = [&](const std::string& token, const std::string& owner) {
    alarm_.refused({"", token, Credential::Kind::IdentityToken, owner}, "ghcr.io");
  };
  for (int i = 0; i < 10; ++i) refuse("token " + std::to_string(i), "one");
  for (int i = 0; i < 10; ++i) refuse("token " + std::to_string(i), "two");
  const std::string log = logged();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
}

TEST_F(CredentialAlarmTest, AccountsThatWorkAreNoNews) {
  for (int i = 0; i < 10; ++i) alarm_.accepted();
  EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace entrepot::upstream
