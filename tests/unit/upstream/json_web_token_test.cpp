#include "upstream/json_web_token.hpp"

#include "unit/upstream/signed_token.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{1'000'000s};

TEST(SigningKey, SignsWhatItsPublicHalfVerifies) {
  const test::RsaKey rsa;
  Result<SigningKey> key = SigningKey::parse(rsa.pem());
  ASSERT_TRUE(key) << key.error().message;
  Result<std::string> token = key->sign(R"({"alg":"RS256"})", R"({"iss":"me"})");
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_TRUE(rsa.verifies(*token));
  EXPECT_FALSE(test::RsaKey().verifies(*token));
  EXPECT_EQ(test::part_of(*token, 0), nlohmann::json({{"alg", "RS256"}}));
  EXPECT_EQ(test::part_of(*token, 1), nlohmann::json({{"iss", "me"}}));
}

TEST(SigningKey, WhatIsNoneIsRefusedWithoutAWordOfIt) {
  for (const std::string& pem :
       {std::string(), std::string("hunter2"), test::RsaKey().pem_with_password(), test::RsaKey().pem().substr(0, 400),
        std::string("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
                    "-----END PRIVATE KEY-----\n")}) {
    Result<SigningKey> key = SigningKey::parse(pem);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().message, "is no RSA key in PEM without a password");
  }
}

TEST(WebToken, LivesFromItsIssueToItsEnd) {
  EXPECT_EQ(life_of_web_token(test::web_token({{"iat", 5000}, {"exp", 15800}}), kNow), 3h);
  EXPECT_EQ(life_of_web_token(test::web_token({{"exp", 1'000'060}}), kNow), 1min);
  EXPECT_EQ(life_of_web_token(test::web_token({{"iat", 5000}, {"exp", 900'000}}), kNow), 24h);
}

TEST(WebToken, WhatDoesNotSayItsEndHasNoLife) {
  for (const std::string& token :
       {std::string(), std::string("opaque"), std::string("a.b"), std::string("a.!!.c"),
        "a." + to_base64url("[1]") + ".c", test::web_token({{"iat", 5}}), test::web_token({{"exp", "5"}}),
        test::web_token({{"exp", -5}}), test::web_token({{"exp", 1e300}}), test::web_token({{"exp", 999'999}})}) {
    EXPECT_EQ(life_of_web_token(token, kNow), std::nullopt) << token;
  }
}

}  // namespace
}  // namespace entrepot::upstream
