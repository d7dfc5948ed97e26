#include "entrepot/oci/api_error.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace entrepot::oci {
namespace {

TEST(ApiCode, HasTheNameAndStatusOfTheSpec) {
  struct Row {
    ApiCode code;
    const char* name;
    unsigned status;
  };
  const Row rows[] = {
      {ApiCode::BlobUnknown, "BLOB_UNKNOWN", 404},
      {ApiCode::ManifestUnknown, "MANIFEST_UNKNOWN", 404},
      {ApiCode::NameUnknown, "NAME_UNKNOWN", 404},
      {ApiCode::DigestInvalid, "DIGEST_INVALID", 400},
      {ApiCode::NameInvalid, "NAME_INVALID", 400},
      {ApiCode::TagInvalid, "TAG_INVALID", 400},
      {ApiCode::PaginationNumberInvalid, "PAGINATION_NUMBER_INVALID", 400},
      {ApiCode::RangeInvalid, "RANGE_INVALID", 416},
      {ApiCode::Unauthorized, "UNAUTHORIZED", 401},
      {ApiCode::Denied, "DENIED", 403},
      {ApiCode::Unsupported, "UNSUPPORTED", 405},
      {ApiCode::TooManyRequests, "TOOMANYREQUESTS", 429},
      {ApiCode::Unavailable, "UNAVAILABLE", 503},
      {ApiCode::Unknown, "UNKNOWN", 500},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(name_of(row.code), row.name);
    EXPECT_EQ(status_of(row.code), row.status) << row.name;
  }
}

TEST(ErrorBody, IsTheSpecsForm) {
  EXPECT_EQ(error_body(ApiCode::BlobUnknown, "no \"such\" blob"),
            R"({"errors":[{"code":"BLOB_UNKNOWN","message":"no \"such\" blob"}]})");
}

TEST(ErrorBody, IsValidWhateverTheMessageHolds) {
  for (std::string message : {std::string("\xff\xfe"), std::string("a\r\nb\0c", 6), std::string()}) {
    EXPECT_TRUE(nlohmann::json::accept(error_body(ApiCode::Unknown, message)));
  }
}

TEST(ErrorText, IsReadBackFromAnErrorBody) {
  ApiErrorText text = parse_error_body("application/json", error_body(ApiCode::Denied, "requested access is denied"));
  EXPECT_EQ(text.code, "DENIED");
  EXPECT_EQ(text.message, "requested access is denied");
}

TEST(ErrorText, OfSeveralErrorsIsTheFirst) {
  ApiErrorText text =
      parse_error_body("", R"({"errors":[{"code":"A","message":"a","detail":{"x":[[]]}},{"code":"B","message":"b"}]})");
  EXPECT_EQ(text.code, "A");
  EXPECT_EQ(text.message, "a");
}

TEST(ErrorText, OfAnIncompleteErrorIsWhatItHas) {
  ApiErrorText text = parse_error_body("application/json", R"({"errors":[{"code":"TOOMANYREQUESTS","message":7}]})");
  EXPECT_EQ(text.code, "TOOMANYREQUESTS");
  EXPECT_EQ(text.message, "");
}

TEST(ErrorText, OfAnotherFormIsItsFirstLine) {
  struct Row {
    const char* content_type;
    std::string body;
    std::string message;
  };
  const Row rows[] = {
      {"text/plain", "", ""},
      {"text/plain", "\r\n \n", ""},
      {"text/plain", "Too Many Requests\nslow down", "Too Many Requests"},
      {"text/plain", "\n\n  too many  \r\n", "too many"},
      {"application/json", R"({"details":"incorrect password"})", R"({"details":"incorrect password"})"},
      {"application/json", R"({"errors":[]})", R"({"errors":[]})"},
      {"application/json", R"({"errors":{"code":"X"}})", R"({"errors":{"code":"X"}})"},
      {"application/json", R"([1)", "[1"},
      {"text/html", "<html>\n<head><title> 502 Bad Gateway </title></head>", "502 Bad Gateway"},
      {"Text/HTML; charset=utf-8", "<h1>no</h1>\n", "<h1>no</h1>"},
      {"text/plain", std::string(1000, 'x'), std::string(256, 'x')},
  };
  for (const Row& row : rows) {
    ApiErrorText text = parse_error_body(row.content_type, row.body);
    EXPECT_EQ(text.code, "") << row.body;
    EXPECT_EQ(text.message, row.message) << row.body;
  }
}

TEST(ErrorText, OfNothingButBracketsIsShort) {
  EXPECT_LE(parse_error_body("application/json", std::string(4 << 20, '[')).message.size(), 256u);
}

}  // namespace
}  // namespace entrepot::oci
