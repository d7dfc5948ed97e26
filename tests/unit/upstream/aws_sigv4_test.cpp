#include "upstream/aws_sigv4.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const AwsKeys kKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
const AwsScope kScope{"us-east-1", "service"};
const Time kTime{std::chrono::seconds(1440938160)};  // 20150830T123600Z
constexpr const char* kToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7"
    "mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d"
    "+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
constexpr const char* kUnreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// A request of AWS's Signature Version 4 test suite, with what its canonical request and its Authorization have.
struct Vector {
  std::string name;
  std::string method;
  std::string target;
  Headers headers;  // besides Host and X-Amz-Date
  std::string body;
  std::string line;  // one of the canonical request
  std::string signature;
};

// Source: AWS Signature Version 4 test suite, as in botocore's tests/unit/auth/aws4_testsuite (Apache 2.0).
const Vector kVectors[] = {
    {"get-vanilla", "GET", "/", {}, "", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/?Param1=value1",
     {},
     "",
     "Param1=value1",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     {},
     "",
     "%E1%88%B4=Value1&Param=Value2&Param-3=Value3",
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/?Param2=value2&Param1=value1",
     {},
     "",
     "Param1=value1&Param2=value2",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-key",
     "GET",
     "/?Param1=value2&Param1=Value1",
     {},
     "",
     "Param1=Value1&Param1=value2",
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
    {"get-vanilla-query-order-value",
     "GET",
     "/?Param1=value2&Param1=value1",
     {},
     "",
     "Param1=value1&Param1=value2",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-query-unreserved",
     "GET",
     std::string("/?") + kUnreserved + "=" + kUnreserved,
     {},
     "",
     std::string(kUnreserved) + "=" + kUnreserved,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/?\u1234=bar",
     {},
     "",
     "%E1%88%B4=bar",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     "",
     "host;x-amz-date;x-amz-security-token",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-unreserved",
     "GET",
     std::string("/") + kUnreserved,
     {},
     "",
     std::string("/") + kUnreserved,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\u1234",
     {},
     "",
     "/%E1%88%B4",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "",
     "my-header1:value2,value2,value1",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-multiline",
     "GET",
     "/",
     {{"My-Header1", "value1\n  value2\n     value3"}},
     "",
     "my-header1:value1 value2 value3",
     "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {"get-header-value-order",
     "GET",
     "/",
     {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
     "",
     "my-header1:value4,value1,value3,value2",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "",
     "my-header2:\"a b c\"",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-relative",
     "GET",
     "/example/..",
     {},
     "",
     "/",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-relative-relative",
     "GET",
     "/example1/example2/../..",
     {},
     "",
     "/",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash", "GET", "//", {}, "", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-dot-slash",
     "GET",
     "/./",
     {},
     "",
     "/",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-pointless-dot",
     "GET",
     "/./example",
     {},
     "",
     "/example",
     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"get-slashes",
     "GET",
     "//example//",
     {},
     "",
     "/example/",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-space",
     "GET",
     "/example space/",
     {},
     "",
     "/example%20space/",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-special-character",
     "GET",
     "/example/$delete",
     {},
     "",
     "/example/%24delete",
     "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27"},
    {"post-vanilla", "POST", "/", {}, "", "POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/?Param1=value1",
     {},
     "",
     "Param1=value1",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     {{"My-Header1", "value1"}},
     "",
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {{"My-Header1", "VALUE1"}},
     "",
     "my-header1:VALUE1",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     "Param1=value1",
     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     {{"Content-Type", "application/x-www-form-urlencoded; charset=utf8"}},
     "Param1=value1",
     "content-type:application/x-www-form-urlencoded; charset=utf8",
     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
    {"post-sts-header-before",
     "POST",
     "/",
     {{"X-Amz-Security-Token", kToken}},
     "",
     std::string("x-amz-security-token:") + kToken,
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
};

TEST(AwsSigV4, SignsAsAwsOwnTestSuiteHasIt) {
  for (const Vector& vector : kVectors) {
    AwsRequest request{vector.method, vector.target, vector.headers, vector.body};
    request.headers.emplace_back("Host", "example.amazonaws.com");
    request.headers.emplace_back("X-Amz-Date", aws_timestamp(kTime));
    const std::string canonical = canonical_request(request);
    EXPECT_NE(("\n" + canonical + "\n").find("\n" + vector.line + "\n"), std::string::npos) << vector.name << "\n"
                                                                                            << canonical;
    const std::string authorization = aws_authorization(request, kKeys, kScope, kTime);
    EXPECT_TRUE(authorization.ends_with(", Signature=" + vector.signature)) << vector.name << "\n" << canonical;
    EXPECT_TRUE(authorization.starts_with(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="))
        << authorization;
  }
}

// The suite's post-sts-header-after: the token comes along, and is no part of what is signed.
TEST(AwsSigV4, KeysWithoutATokenSignNone) {
  http::ClientRequest request{
      .method = "POST", .url = *http::Url::parse("https://example.amazonaws.com"), .headers = {}};
  sign(request, kKeys, kScope, kTime);
  EXPECT_EQ(request.headers.find("Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(request.headers.find("X-Amz-Security-Token"), "");
}

TEST(AwsSigV4, ATokenAndEveryHeaderAreSigned) {
  http::ClientRequest request{
      .method = "POST", .url = *http::Url::parse("https://example.amazonaws.com"), .headers = {}};
  sign(request, {kKeys.access_key_id, kKeys.secret_access_key, kToken}, kScope, kTime);
  EXPECT_TRUE(request.headers.find("Authorization")
                  .ends_with("Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
  EXPECT_EQ(request.headers.find("X-Amz-Security-Token"), kToken);
  EXPECT_EQ(request.headers.find("X-Amz-Date"), "20150830T123600Z");
}

// A path that is encoded on its way is encoded once more in what is signed, a query is not.
TEST(AwsSigV4, AnEncodedPathIsEncodedTwiceAndAnEncodedQueryOnce) {
  const std::string canonical = canonical_request({"GET", "/a%20b?c=d%2Fe", {}, ""});
  EXPECT_TRUE(canonical.starts_with("GET\n/a%2520b\nc=d%2Fe\n")) << canonical;
}

TEST(AwsSigV4, APortBelongsToTheHost) {
  http::ClientRequest with{.method = "GET", .url = *http::Url::parse("http://127.0.0.1:5000"), .headers = {}};
  http::ClientRequest without{.method = "GET", .url = *http::Url::parse("http://127.0.0.1"), .headers = {}};
  sign(with, kKeys, kScope, kTime);
  sign(without, kKeys, kScope, kTime);
  EXPECT_NE(with.headers.find("Authorization"), without.headers.find("Authorization"));
}

}  // namespace
}  // namespace entrepot::upstream
