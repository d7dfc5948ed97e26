#include "entrepot/http/message.hpp"
#include "entrepot/base/text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace entrepot::http {
namespace {

TEST(FieldNames, AreComparedWithoutRegardToCase) {
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("Content-Type", "Content-Typ"));
  EXPECT_FALSE(equal_ignoring_case("a[", "a{"));  // only letters have a case
}

TEST(Request, HeaderIsTheFirstOfItsName) {
  const std::array<HeaderView, 3> fields{{{"Host", "h"}, {"accept", "one"}, {"Accept", "two"}}};
  Request request;
  request.headers = fields;
  EXPECT_EQ(request.header("ACCEPT"), "one");
  EXPECT_EQ(request.header("Range"), "");
}

TEST(HeaderBlock, IsInTheFormInWhichItIsSent) {
  HeaderBlock headers;
  headers.add("Content-Type", "text/plain");
  headers.add("X-Count", std::uint64_t{18446744073709551615u});
  headers.add("X-Empty", "");
  EXPECT_EQ(headers.text(), "Content-Type: text/plain\r\nX-Count: 18446744073709551615\r\nX-Empty: \r\n");
}

TEST(HeaderBlock, FindsByName) {
  HeaderBlock headers;
  headers.add("A", "content-type: x");
  headers.add("Content-Type", "first");
  headers.add("content-type", "second");
  EXPECT_EQ(headers.find("CONTENT-TYPE"), "first");
  EXPECT_EQ(headers.find("A"), "content-type: x");
  EXPECT_EQ(headers.find("B"), "");
  EXPECT_EQ(HeaderBlock().find("A"), "");
}

TEST(FieldValue, HoldsNoLineEndAndNoNul) {
  EXPECT_TRUE(is_field_value("plain \t text"));
  EXPECT_TRUE(is_field_value(""));
  EXPECT_FALSE(is_field_value("a\rb"));
  EXPECT_FALSE(is_field_value("a\nb"));
  EXPECT_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace entrepot::http
