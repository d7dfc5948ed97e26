#include "registry/error_response.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace entrepot::registry {
namespace {

using std::chrono::seconds;

// "STATUS CODE message", whatever the headers say.
std::string summary(const http::Response& response) {
  nlohmann::json error = nlohmann::json::parse(std::get<std::string>(response.body)).at("errors").at(0);
  return std::to_string(response.status) + ' ' + error.at("code").get<std::string>() + ' ' +
         error.at("message").get<std::string>();
}

TEST(ErrorResponse, EveryCauseHasItsStatusAndCode) {
  struct Row {
    Errc cause;
    What what;
    const char* summary;
  };
  const Row rows[] = {
      {Errc::NotFound, What::Blob, "404 BLOB_UNKNOWN m"},
      {Errc::NotFound, What::Manifest, "404 MANIFEST_UNKNOWN m"},
      {Errc::NotFound, What::Referrers, "404 UNSUPPORTED m"},
      {Errc::NotFound, What::Repository, "404 NAME_UNKNOWN m"},
      {Errc::Denied, What::Manifest, "403 DENIED m"},
      {Errc::RateLimited, What::Manifest, "429 TOOMANYREQUESTS m"},
      {Errc::Unavailable, What::Blob, "503 UNAVAILABLE m"},
      {Errc::NoRoom, What::Blob, "503 UNAVAILABLE m"},
      {Errc::BadGateway, What::Blob, "502 UNAVAILABLE m"},
      {Errc::Timeout, What::Blob, "504 UNAVAILABLE m"},
      {Errc::Invalid, What::Referrers, "400 PAGINATION_NUMBER_INVALID m"},
      {Errc::Io, What::Blob, "500 UNKNOWN m"},
  };
  for (const Row& row : rows) EXPECT_EQ(summary(error_response(Error{row.cause, "m"}, row.what)), row.summary);
}

TEST(ErrorResponse, UpstreamKnowsWhichNameIsUnknown) {
  struct Row {
    const char* api_code;
    const char* summary;
  };
  for (const Row& row : {Row{"NAME_UNKNOWN", "404 NAME_UNKNOWN m"}, Row{"MANIFEST_UNKNOWN", "404 MANIFEST_UNKNOWN m"},
                         Row{"BLOB_UNKNOWN", "404 BLOB_UNKNOWN m"}, Row{"DENIED", "404 MANIFEST_UNKNOWN m"},
                         Row{"NOT_FOUND", "404 MANIFEST_UNKNOWN m"}, Row{"", "404 MANIFEST_UNKNOWN m"}}) {
    EXPECT_EQ(summary(error_response(Error{Errc::NotFound, "m", row.api_code}, What::Manifest)), row.summary);
  }
  EXPECT_EQ(summary(error_response(Error{Errc::Denied, "m", "NAME_UNKNOWN"}, What::Manifest)), "403 DENIED m");
}

TEST(ErrorResponse, RefusalIsNeverAChallenge) {
  http::Response response = error_response(Error{Errc::Denied, "m", "UNAUTHORIZED"}, What::Manifest);
  EXPECT_EQ(response.status, 403u);
  EXPECT_EQ(response.headers.find("WWW-Authenticate"), "");
}

TEST(ErrorResponse, SaysWhenToTryAgain) {
  EXPECT_EQ(error_response(Error{Errc::RateLimited, "m", "", seconds(21600)}, What::Blob).headers.find("Retry-After"),
            "21600");
  EXPECT_EQ(error_response(Error{Errc::Unavailable, "m", "", seconds(3)}, What::Blob).headers.find("Retry-After"), "3");
  EXPECT_EQ(error_response(Error{Errc::RateLimited, "m"}, What::Blob).headers.find("Retry-After"), "10");
  EXPECT_EQ(error_response(Error{Errc::Unavailable, "m", "", seconds(-5)}, What::Blob).headers.find("Retry-After"),
            "10");
  for (Errc cause : {Errc::NotFound, Errc::Denied, Errc::BadGateway, Errc::Timeout, Errc::Io}) {
    EXPECT_EQ(error_response(Error{cause, "m", "", seconds(3)}, What::Blob).headers.find("Retry-After"), "");
  }
}

TEST(ErrorResponse, EveryAnswerIsARegistrysJson) {
  for (const http::Response& response :
       {error_response(Error{Errc::Io, "m"}, What::Blob), api_error_response(oci::ApiCode::TagInvalid, "m"),
        route_error_response({oci::ApiCode::NameUnknown, "m", std::nullopt}), refused_response(431, "m")}) {
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.find("Docker-Distribution-API-Version"), "registry/2.0");
    EXPECT_EQ(response.notes.error, "m");
  }
}

TEST(ErrorResponse, ApiErrorHasTheStatusOfItsCode) {
  EXPECT_EQ(summary(api_error_response(oci::ApiCode::DigestInvalid, "no digest")), "400 DIGEST_INVALID no digest");
  EXPECT_EQ(summary(api_error_response(oci::ApiCode::Unsupported, "no")), "405 UNSUPPORTED no");
}

TEST(ErrorResponse, MethodNotAllowedSaysWhatIs) {
  EXPECT_EQ(api_error_response(oci::ApiCode::Unsupported, "no").headers.find("Allow"), "GET, HEAD");
  EXPECT_EQ(refused_response(405, "no").headers.find("Allow"), "GET, HEAD");
  EXPECT_EQ(api_error_response(oci::ApiCode::NameInvalid, "no").headers.find("Allow"), "");
}

TEST(ErrorResponse, RouteErrorCarriesItsNamespace) {
  http::Response response = route_error_response({oci::ApiCode::NameUnknown, "no", "docker.io"});
  EXPECT_EQ(summary(response), "404 NAME_UNKNOWN no");
  EXPECT_EQ(response.headers.find("OCI-Namespace"), "docker.io");
  EXPECT_EQ(route_error_response({oci::ApiCode::NameUnknown, "no", std::nullopt}).headers.find("OCI-Namespace"), "");
}

TEST(ErrorResponse, RefusedRequestKeepsTheServersStatus) {
  EXPECT_EQ(summary(refused_response(400, "bad request")), "400 UNSUPPORTED bad request");
  EXPECT_EQ(summary(refused_response(413, "too large")), "413 UNSUPPORTED too large");
  EXPECT_EQ(summary(refused_response(431, "too large")), "431 UNSUPPORTED too large");
  EXPECT_EQ(summary(refused_response(500, "oops")), "500 UNKNOWN oops");
  EXPECT_EQ(summary(refused_response(503, "full")), "503 UNAVAILABLE full");
}

}  // namespace
}  // namespace entrepot::registry
