#include "upstream/aws_call.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "entrepot/base/text.hpp"
#include "upstream/json_text.hpp"
#include "upstream/secrets.hpp"
#include "upstream/web_retries.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestMessage = 400;

struct Complaint {
  std::string code;
  std::string message;
};

std::string first_text_in(const nlohmann::json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string text = text_in(object, name); !text.empty()) return text;
  }
  return {};
}

// In JSON, or in XML; nothing where it is neither, such as a web server's page.
Complaint complaint_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) {
    // "com.amazon.coral.service#UnrecognizedClientException", or without what stands before the "#".
    std::string code = first_text_in(json, {"__type", "code", "Code"});
    return {code.substr(code.rfind('#') + 1), first_text_in(json, {"message", "Message"})};
  }
  return {aws_xml_text(body, "Code"), aws_xml_text(body, "Message")};
}

bool throttles(const WebAnswer& answer) {
  if (answer.status < 400) return false;
  const std::string code = complaint_in(answer.body).code;
  // Source: AWS SDKs and Tools Reference Guide, "Retry behavior"; IDPCommunicationError: STS API Reference.
  return code.starts_with("Throttl") || code == "RequestLimitExceeded" || code == "IDPCommunicationError";
}

// The digits behind each "Signature=", which only the service and we know.
void blot_out_signatures(std::string& text) {
  constexpr std::string_view kMark = "Signature=";
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    at += kMark.size();
    const auto end = std::min(text.find_first_not_of("0123456789abcdef", at), text.size());
    text.replace(at, end - at, kBlot);
  }
}

std::string without_secrets(std::string text, const AwsCall& call) {
  for (const std::string& secret : call.secrets) blot_out(text, secret);
  if (call.signer) {
    blot_out(text, call.signer->keys.secret_access_key);
    blot_out(text, call.signer->keys.session_token);
  }
  blot_out_signatures(text);
  return text;
}

}  // namespace

io::Awaitable<Result<WebAnswer>> send_aws(WebClient& client, const Clock& clock, const AwsCall& call) {
  Sending sending{.local = call.local, .passes_too = throttles};
  if (call.signer) {
    sending.prepare = [&call, &clock](http::ClientRequest& request) {
      sign(request, call.signer->keys, call.signer->scope, clock.now());
    };
  }
  Result<WebAnswer> answer = co_await send_with_retries(client, call.request, sending);
  if (!answer) co_return Error{answer.error().code, call.name + ": " + answer.error().message};
  co_return answer;
}

bool refuses_keys(const WebAnswer& answer) {
  if (answer.status < 400 || answer.status >= 500) return false;
  const std::string code = complaint_in(answer.body).code;
  // With or without "Exception" behind them. Source: AWS's API references, "Common Error Types"; ECR's answers.
  constexpr std::array<std::string_view, 9> kCodes{
      "UnrecognizedClient", "ExpiredToken",          "InvalidSignature",    "InvalidClientTokenId",  "InvalidToken",
      "AccessDenied",       "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthentication",
  };
  return std::ranges::any_of(kCodes, [&code](std::string_view known) { return code.starts_with(known); });
}

Error aws_error(const AwsCall& call, const WebAnswer& answer) {
  const Complaint complaint = complaint_in(answer.body);
  std::string text = call.name + ": " + std::to_string(answer.status);
  if (!complaint.code.empty())
    text.append(" ").append(one_line(without_secrets(complaint.code, call), kLongestMessage));
  // Cut only once it is clean: half a secret would not be found.
  if (!complaint.message.empty())
    text.append(": ").append(one_line(without_secrets(complaint.message, call), kLongestMessage));
  return {Errc::BadGateway, std::move(text)};
}

std::string aws_xml_text(std::string_view xml, std::string_view element) {
  const std::string open = "<" + std::string(element) + ">";
  const auto begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const auto end = xml.find("</" + std::string(element) + ">", begin);
  if (end == std::string_view::npos) return {};
  std::string text(xml.substr(begin + open.size(), end - begin - open.size()));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEntities{
      {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}}};
  for (const auto& [entity, character] : kEntities) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

}  // namespace entrepot::upstream
