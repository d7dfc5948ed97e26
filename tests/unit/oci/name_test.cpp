#include "entrepot/oci/name.hpp"

#include <gtest/gtest.h>

namespace entrepot::oci {
namespace {

TEST(Repository, HasComponentsOfLettersAndDigitsWithSingleSeparators) {
  for (const char* name : {"a", "0", "alpine", "library/alpine", "a/b/c/d/e", "a.b", "a_b", "a__b", "a-b", "a---b",
                           "a.b_c__d-e/f--g", "a/manifests/b", "v2/v2"}) {
    EXPECT_TRUE(is_repository(name)) << name;
  }
}

TEST(Repository, IsNothingElse) {
  for (std::string name :
       {"",     "/",     "/a",   "a/",   "a//b", "A",  "a/B",    "-a",  "a-",  ".a",  "a.",   "_a",       "a_",
        "a..b", "a___b", "a.-b", "a-_b", "a/.",  "..", "a/../b", "a b", "a:b", "a@b", "a\nb", "_catalog", "\xc3\xa4"}) {
    EXPECT_FALSE(is_repository(name)) << name;
  }
  EXPECT_FALSE(is_repository(std::string_view("a\0b", 3)));
}

TEST(Repository, HasAtMost255Characters) {
  EXPECT_TRUE(is_repository(std::string(255, 'a')));
  EXPECT_FALSE(is_repository(std::string(256, 'a')));
}

TEST(Tag, BeginsWithAWordCharacter) {
  for (const char* tag : {"latest", "3.20", "V1", "_x", "a-b_c.d", "sha256-abc", "_catalog", "1..--__"}) {
    EXPECT_TRUE(is_tag(tag)) << tag;
  }
  for (const char* tag : {"", ".a", "-a", "a b", "a:b", "a/b", "a+b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(is_tag(tag)) << tag;
  }
}

TEST(Tag, HasAtMost128Characters) {
  EXPECT_TRUE(is_tag(std::string(128, 'a')));
  EXPECT_FALSE(is_tag(std::string(129, 'a')));
}

TEST(Reference, IsWrittenAsInAPath) {
  EXPECT_EQ(to_string(Reference(Tag{"3.20"})), "3.20");
  Digest digest = Digest::of(HashAlgorithm::Sha256, "");
  EXPECT_EQ(to_string(Reference(digest)), digest.to_string());
}

}  // namespace
}  // namespace entrepot::oci
