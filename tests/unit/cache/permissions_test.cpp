#include "entrepot/cache/permissions.hpp"

#include <gtest/gtest.h>

namespace entrepot::cache {
namespace {

using namespace std::chrono_literals;
using upstream::View;

class PermissionsTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const upstream::ClientAccount> account(const std::string& name) {
    return std::make_shared<const upstream::ClientAccount>(name, "secret");
  }

  const View ann_{"team/app", account("ann")};
  const View bob_{"team/app", account("bob")};
  const io::Deadline now_ = io::SteadyClock::now();
  Permissions permissions_{1min};
};

TEST_F(PermissionsTest, AreOfOneAccountAndOneRepositoryForTheirTime) {
  permissions_.grant(ann_, now_, now_);
  EXPECT_TRUE(permissions_.has(ann_, now_ + 59s));
  EXPECT_FALSE(permissions_.has(ann_, now_ + 1min));
  EXPECT_FALSE(permissions_.has(bob_, now_));
  EXPECT_FALSE(permissions_.has({"team/web", ann_.client}, now_));
  EXPECT_TRUE(permissions_.has({"team/app", account("ann")}, now_));  // the same, shown again
}

TEST_F(PermissionsTest, AnAccountWithAnotherPasswordIsAnother) {
  permissions_.grant(ann_, now_, now_);
  const View other{"team/app", std::make_shared<const upstream::ClientAccount>("ann", "other")};
  EXPECT_FALSE(permissions_.has(other, now_));
}

TEST_F(PermissionsTest, EndWithARefusal) {
  permissions_.grant(ann_, now_, now_);
  permissions_.grant(bob_, now_, now_);
  permissions_.revoke(ann_, now_ + 1s);
  EXPECT_FALSE(permissions_.has(ann_, now_ + 1s));
  EXPECT_TRUE(permissions_.has(bob_, now_ + 1s));
}

TEST_F(PermissionsTest, ARefusalOfTheAccountEndsAllOfIts) {
  const View web{"team/web", ann_.client};
  for (const View& view : {ann_, web, bob_}) permissions_.grant(view, now_, now_);
  permissions_.revoke({"", ann_.client}, now_ + 1s);
  EXPECT_FALSE(permissions_.has(ann_, now_ + 1s));
  EXPECT_FALSE(permissions_.has(web, now_ + 1s));
  EXPECT_TRUE(permissions_.has(bob_, now_ + 1s));
}

TEST_F(PermissionsTest, AnAnswerToARequestFromBeforeARefusalAllowsNothing) {
  permissions_.revoke(ann_, now_ + 1s);
  permissions_.grant(ann_, now_, now_ + 2s);
  EXPECT_FALSE(permissions_.has(ann_, now_ + 2s));
  permissions_.revoke({"", bob_.client}, now_ + 1s);
  permissions_.grant(bob_, now_, now_ + 2s);
  EXPECT_FALSE(permissions_.has(bob_, now_ + 2s));
  permissions_.grant(ann_, now_ + 2s, now_ + 3s);
  EXPECT_TRUE(permissions_.has(ann_, now_ + 3s));
}

TEST_F(PermissionsTest, AreNoMoreThanSoMany) {
  for (std::size_t i = 0; i < Permissions::kMost; ++i) {
    permissions_.grant({std::to_string(i), ann_.client}, now_, now_);
  }
  permissions_.grant(ann_, now_ + 1min, now_ + 1min);  // by then the others are over
  EXPECT_TRUE(permissions_.has(ann_, now_ + 1min));
}

}  // namespace
}  // namespace entrepot::cache
