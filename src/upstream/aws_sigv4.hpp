// AWS Signature Version 4, in the Authorization header. Pure.
//
// Source: IAM User Guide, "Create a signed AWS API request". Paths are normalized and encoded once more, as every
// service but S3 has it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/http/client.hpp"

namespace entrepot::upstream {

// What a request to AWS is signed with: a user's, or those of a session.
struct AwsKeys {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token{};  // "": none
  friend bool operator==(const AwsKeys&, const AwsKeys&) = default;
};

// What a signature is good for, besides its day.
struct AwsScope {
  std::string region;
  std::string service;  // as it signs: "ecr", "sts"
};

// What is signed of a request. Every header that is here is.
struct AwsRequest {
  std::string method;
  std::string target;  // path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

std::string canonical_request(const AwsRequest& request);

// "20150830T123600Z": what X-Amz-Date has to say.
std::string aws_timestamp(Time time);

// The value of Authorization.
std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys, const AwsScope& scope, Time now);

// Adds X-Amz-Date, X-Amz-Security-Token if there is one, and Authorization to what is to be sent. All headers that it
// has so far are signed. `keys` must be fit for a header (http::is_field_value).
void sign(http::ClientRequest& request, const AwsKeys& keys, const AwsScope& scope, Time now);

}  // namespace entrepot::upstream
