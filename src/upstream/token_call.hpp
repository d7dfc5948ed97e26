// One call of a service that gives out tokens: an OAuth 2.0 token endpoint, or what answers like one (metadata
// services, Google's IAM, Azure's registries).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/web_client.hpp"

namespace entrepot::upstream {

struct TokenCall {
  http::ClientRequest request;         // its deadline is that of all attempts
  std::string service;                 // for messages: "Google's token endpoint"; its host is added
  std::string field = "access_token";  // of the answer, that holds the token
  std::vector<std::string> secrets{};  // what the request holds that no message may, if the answer quotes it
  bool local = false;                  // a service of this machine: WebClient::send_locally()
};

struct GivenToken {
  std::string token;               // fit for a header
  std::optional<Duration> life{};  // as `expires_in` says, if it does
};

// By send_with_retries(). Errc::BadGateway for what is not 200 with a token; the message has the service's own words
// (RFC 6749, 5.2, or what there is in place of that), and no secret. Errc::Timeout.
io::Awaitable<Result<GivenToken>> call_for_token(WebClient& web, TokenCall call);

// A POST of these fields as a form; those without a value are left out.
http::ClientRequest form_post(http::Url url,
                              std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

// Whether what is sent there is safe from who listens on the way: by https, or within this machine.
bool is_private_way(const http::Url& url);

}  // namespace entrepot::upstream
