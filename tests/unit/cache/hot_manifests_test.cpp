#include "cache/hot_manifests.hpp"

#include <gtest/gtest.h>

namespace entrepot::cache {
namespace {

oci::Digest put(HotManifests& hot, const std::string& bytes) {
  oci::Digest digest = oci::Digest::of(HashAlgorithm::Sha256, bytes);
  hot.put(digest, std::make_shared<const std::string>(bytes));
  return digest;
}

TEST(HotManifests, FindsWhatWasPut) {
  HotManifests hot(100);
  oci::Digest digest = put(hot, "one");
  EXPECT_EQ(*hot.find(digest), "one");
  EXPECT_EQ(hot.find(oci::Digest::of(HashAlgorithm::Sha256, "two")), nullptr);
}

TEST(HotManifests, DropsWhatWasUsedLongestAgo) {
  HotManifests hot(10);
  oci::Digest a = put(hot, "aaaa");
  oci::Digest b = put(hot, "bbbb");
  hot.find(a);
  oci::Digest c = put(hot, "cccc");
  EXPECT_NE(hot.find(a), nullptr);
  EXPECT_EQ(hot.find(b), nullptr);
  EXPECT_NE(hot.find(c), nullptr);
}

TEST(HotManifests, KeepsTheNewestHoweverLarge) {
  HotManifests hot(10);
  oci::Digest large = put(hot, std::string(100, 'x'));
  EXPECT_NE(hot.find(large), nullptr);
}

}  // namespace
}  // namespace entrepot::cache
