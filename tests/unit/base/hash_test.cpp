#include "entrepot/base/hash.hpp"

#include <gtest/gtest.h>

#include "entrepot/base/hex.hpp"

namespace entrepot {
namespace {

// FIPS 180-4, examples for "abc" and the empty message.
TEST(Hasher, KnowsTheStandardsExamples) {
  Hasher sha256(HashAlgorithm::Sha256);
  EXPECT_EQ(to_hex(sha256.digest()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha256.update("abc");
  EXPECT_EQ(to_hex(sha256.digest()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Hasher sha512(HashAlgorithm::Sha512);
  sha512.update("abc");
  EXPECT_EQ(to_hex(sha512.digest()).substr(0, 32), "ddaf35a193617abacc417349ae204131");
  EXPECT_EQ(sha512.digest().size(), size_of(HashAlgorithm::Sha512));
}

TEST(Hasher, GoesOnAfterItsDigestWasRead) {
  Hasher hasher(HashAlgorithm::Sha256);
  hasher.update("a");
  (void)hasher.digest();
  hasher.update("bc");
  EXPECT_EQ(to_hex(hasher.digest()).substr(0, 8), "ba7816bf");
}

TEST(Hasher, CopiesGoTheirOwnWays) {
  Hasher first(HashAlgorithm::Sha256);
  first.update("ab");
  Hasher second(first);
  first.update("x");
  second.update("c");
  EXPECT_EQ(to_hex(second.digest()).substr(0, 8), "ba7816bf");
  EXPECT_NE(first.digest(), second.digest());
}

TEST(Hex, ReadsWhatItWrites) {
  std::string bytes("\x00\x0f\xff", 3);
  EXPECT_EQ(to_hex(bytes), "000fff");
  std::string back(3, 'x');
  EXPECT_TRUE(from_hex("000fff", back));
  EXPECT_EQ(back, bytes);
}

TEST(Hex, RefusesWhatIsNotLowercaseHex) {
  char byte = 0;
  for (const char* text : {"0", "0g", "AB", " 0", "0x00", "0000", ""}) EXPECT_FALSE(from_hex(text, {&byte, 1})) << text;
}

}  // namespace
}  // namespace entrepot
