// One call of an AWS API: signed, tried again where the trouble passes, its error as a message that tells no secret.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "upstream/aws_sigv4.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

// How a request is signed.
struct AwsSigner {
  AwsKeys keys;
  AwsScope scope;
};

struct AwsCall {
  std::string name;             // for messages: "STS AssumeRole"
  http::ClientRequest request;  // its deadline is that of all attempts
  std::optional<AwsSigner> signer{};
  std::vector<std::string> secrets{};  // of the request, besides the signer's keys
  bool local = false;                  // a service of this machine: WebClient::send_locally()
};

// As send_with_retries(), where AWS's own words for being busy count too. Errors have the call's name before them.
io::Awaitable<Result<WebAnswer>> send_aws(WebClient& client, const Clock& clock, const AwsCall& call);

// What an answer other than 200 says: "STS AssumeRole: 403 AccessDenied: User ... is not authorized". AWS quotes what
// it was sent (a wrong signature's canonical request, with the session token in it): secrets are blotted out.
// BadGateway, since it is not the client of a pull who is refused. Pure.
Error aws_error(const AwsCall& call, const WebAnswer& answer);

// Whether an answer speaks of the keys that the request was signed with: that they are not known, are over or may not
// do this. Any other refusal, such as that there were too many requests, says nothing of them. Pure.
bool refuses_keys(const WebAnswer& answer);

// The text of the first element of this name in AWS's XML, or "". Source: AWS Query protocol. Pure.
std::string aws_xml_text(std::string_view xml, std::string_view element);

}  // namespace entrepot::upstream
