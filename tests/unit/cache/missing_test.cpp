#include "cache/missing.hpp"

#include <gtest/gtest.h>

namespace entrepot::cache {
namespace {

using namespace std::chrono_literals;

class MissingTest : public ::testing::Test {
 protected:
  Missing::Request get(const upstream::View& view = kView) { return {kUpstream, view, digest_, false}; }
  Missing::Request head() { return {kUpstream, kView, digest_, true}; }
  void add(const Missing::Request& request, io::SteadyClock::duration ttl = 1s) {
    missing_.add(request, Error{Errc::NotFound, "as told"}, now_, ttl);
  }

  inline static const std::string kUpstream = "docker.io";
  inline static const upstream::View kView{"library/app"};
  const oci::Digest digest_ = oci::Digest::of(HashAlgorithm::Sha256, "x");
  const io::Deadline now_ = io::SteadyClock::now();
  Missing missing_;
};

TEST_F(MissingTest, IsWhatTheUpstreamHasSaidForItsTime) {
  add(get());
  ASSERT_TRUE(missing_.find(get(), now_));
  EXPECT_EQ(missing_.find(get(), now_)->message, "as told");
  EXPECT_TRUE(missing_.find(get(), now_ + 999ms));
  EXPECT_FALSE(missing_.find(get(), now_ + 1s));
}

TEST_F(MissingTest, IsOfOneRepository) {
  add(get());
  const upstream::View other{"library/other"};
  EXPECT_FALSE(missing_.find(get(other), now_));
}

TEST_F(MissingTest, OfAHeadSaysNothingOfAGet) {
  add(head());
  EXPECT_TRUE(missing_.find(head(), now_));
  EXPECT_FALSE(missing_.find(get(), now_));
}

TEST_F(MissingTest, OfAGetIsThatOfAHeadToo) {
  add(get());
  EXPECT_TRUE(missing_.find(head(), now_));
}

TEST_F(MissingTest, IsNotRememberedWithoutATtl) {
  add(get(), 0s);
  EXPECT_FALSE(missing_.find(get(), now_));
}

TEST_F(MissingTest, MakesRoomForNewOnesByWhatHasPassed) {
  std::vector<upstream::View> views;
  for (std::size_t i = 0; i < Missing::kMost; ++i) views.push_back({"library/" + std::to_string(i)});
  for (const upstream::View& view : views) add(get(view));
  add(get());
  EXPECT_FALSE(missing_.find(get(), now_));
  missing_.add(get(), Error{Errc::NotFound, "as told"}, now_ + 1s, 1s);
  EXPECT_TRUE(missing_.find(get(), now_ + 1s));
}

}  // namespace
}  // namespace entrepot::cache
