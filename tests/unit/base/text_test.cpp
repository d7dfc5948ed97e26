#include "entrepot/base/text.hpp"

#include <gtest/gtest.h>

namespace entrepot {
namespace {

TEST(Text, CaseIsThatOfAsciiLettersAlone) {
  EXPECT_EQ(lowercase("ABCxyz@[`{\xC3\x84"), "abcxyz@[`{\xC3\x84");
  EXPECT_TRUE(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
}

TEST(Text, IsTrimmedAtBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \r\n\t "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, OfOthersIsOneLineOfPrintableCharacters) {
  EXPECT_EQ(one_line("\n no such\r\naccount\x1b[31m \xC3\x84 \x7f!\n", 100), "no such  account [31m     !");
  EXPECT_EQ(one_line("  abcdef", 4), "abcd");
  EXPECT_EQ(one_line("", 4), "");
}

TEST(Text, AnIpv6AddressHasBracketsBeforeAPort) {
  EXPECT_EQ(host_and_port("127.0.0.1", 80), "127.0.0.1:80");
  EXPECT_EQ(host_and_port("ghcr.io", 443), "ghcr.io:443");
  EXPECT_EQ(host_and_port("::1", 5000), "[::1]:5000");
  EXPECT_EQ(url_host("ghcr.io"), "ghcr.io");
  EXPECT_EQ(url_host("fd00::1"), "[fd00::1]");
}

}  // namespace
}  // namespace entrepot
