#include "entrepot/base/base64.hpp"

#include <gtest/gtest.h>

namespace entrepot {
namespace {

// RFC 4648, section 10.
TEST(Base64, HasTheRfcsVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"f", "Zg=="},         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(to_base64(""), "");
}

TEST(Base64, WhatIsNoneIsNothing) {
  for (const char* text : {"", "Zg=", "Zg", "Z!==", "Zm9vY"}) EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(Base64, InUrlsHasNoPaddingAndNoSlash) {
  EXPECT_EQ(to_base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
}

TEST(Base64, InUrlsIsReadWithAndWithoutPadding) {
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url("-_8="), "\xfb\xff");
  EXPECT_EQ(from_base64url("Zm9v"), "foo");
  for (const char* text : {"", "+/8", "Z", "Z!", "===="}) EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

}  // namespace
}  // namespace entrepot
