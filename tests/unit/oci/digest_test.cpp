#include "entrepot/oci/digest.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace entrepot::oci {
namespace {

// sha256 of nothing.
const std::string kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, ReadsAndWritesBothAlgorithms) {
  for (const std::string& text : {"sha256:" + kEmpty, "sha512:" + std::string(128, 'a')}) {
    Result<Digest> digest = Digest::parse(text);
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(digest->to_string(), text);
    EXPECT_EQ(digest->hex(), text.substr(7));
    EXPECT_EQ(digest->raw().size() * 2, digest->hex().size());
  }
}

TEST(Digest, RefusesEverythingElse) {
  const std::string malformed[] = {
      "",
      ":",
      "sha256",
      "sha256:",
      "sha256:totallywrong",
      kEmpty,
      ":" + kEmpty,
      "sha256:" + kEmpty + "0",
      "sha256:" + kEmpty.substr(1),
      "sha256:" + std::string(64, 'A'),
      "sha256:" + std::string(64, 'g'),
      "sha256:" + std::string(64, '\0'),
      "SHA256:" + kEmpty,
      " sha256:" + kEmpty,
      "sha256:" + kEmpty + "\n",
      "sha512:" + kEmpty,
      "sha384:" + std::string(96, 'a'),
      "md5:d41d8cd98f00b204e9800998ecf8427e",
      "sha256+b64u:" + kEmpty,
  };
  for (const std::string& text : malformed) {
    Result<Digest> digest = Digest::parse(text);
    ASSERT_FALSE(digest) << text;
    EXPECT_EQ(digest.error().code, Errc::Invalid);
    EXPECT_FALSE(digest.error().message.empty());
  }
}

TEST(Digest, OfAVeryLongTextHasAShortError) {
  Result<Digest> digest = Digest::parse(std::string(100'000, 'x'));
  ASSERT_FALSE(digest);
  EXPECT_LT(digest.error().message.size(), 300u);
}

TEST(Digest, OfBytes) {
  EXPECT_EQ(Digest::of(HashAlgorithm::Sha256, "").to_string(), "sha256:" + kEmpty);
  EXPECT_EQ(Digest::of(HashAlgorithm::Sha512, "abc").hex().substr(0, 16), "ddaf35a193617aba");
}

TEST(Digest, FromRawIsWhatAHasherSaw) {
  Hasher hasher(HashAlgorithm::Sha512);
  hasher.update("abc");
  EXPECT_EQ(Digest::from_raw(HashAlgorithm::Sha512, hasher.digest()), Digest::of(HashAlgorithm::Sha512, "abc"));
}

TEST(Digest, IsAKey) {
  Digest a = Digest::of(HashAlgorithm::Sha256, "a");
  Digest b = Digest::of(HashAlgorithm::Sha256, "b");
  EXPECT_NE(a, b);
  EXPECT_NE(a < b, b < a);
  EXPECT_EQ((std::unordered_set<Digest>{a, b, a}.size()), 2u);

  // The same bytes under two algorithms are two digests.
  std::string zeros(64, '\0');
  EXPECT_NE(Digest::from_raw(HashAlgorithm::Sha256, zeros.substr(32)), Digest::from_raw(HashAlgorithm::Sha512, zeros));
}

}  // namespace
}  // namespace entrepot::oci
