#include "entrepot/base/notices.hpp"

#include <gtest/gtest.h>

namespace entrepot {
namespace {

using Lines = std::vector<std::string>;

TEST(Notices, ALineStandsUntilItIsReplacedOrCleared) {
  Notices notices;
  EXPECT_EQ(notices.lines(), Lines{});
  notices.raise("b", "two");
  notices.raise("a", "one");
  EXPECT_EQ(notices.lines(), (Lines{"one", "two"}));
  notices.raise("b", "three");
  EXPECT_EQ(notices.lines(), (Lines{"one", "three"}));
  notices.clear("a");
  notices.clear("c");
  EXPECT_EQ(notices.lines(), Lines{"three"});
}

}  // namespace
}  // namespace entrepot
