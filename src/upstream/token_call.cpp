#include "upstream/token_call.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "entrepot/base/text.hpp"
#include "entrepot/http/message.hpp"
#include "upstream/form.hpp"
#include "upstream/json_text.hpp"
#include "upstream/secrets.hpp"
#include "upstream/web_retries.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestReason = 300;
constexpr std::int64_t kLongestLife = 24 * 60 * 60;  // seconds, of what we believe

// Why a service refuses, in its own words; "" if it does not say.
std::string reason_in(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return body.starts_with('<') ? std::string() : body;
  // RFC 6749, 5.2.
  if (std::string code = text_in(answer, "error"); !code.empty()) {
    const std::string description = text_in(answer, "error_description");
    return description.empty() ? code : code + ": " + description;
  }
  // Google's APIs: google.rpc.Status in `error`.
  if (auto error = answer.find("error"); error != answer.end() && error->is_object()) return text_in(*error, "message");
  // Registries: OCI distribution-spec, "Error Codes".
  if (auto errors = answer.find("errors"); errors != answer.end() && errors->is_array() && !errors->empty()) {
    const nlohmann::json& first = errors->front();
    return first.is_object() ? text_in(first, "code") + ": " + text_in(first, "message") : std::string();
  }
  return text_in(answer, "message");  // Azure App Service
}

// As the part of a message behind what happened: one line of printable ASCII.
std::string quoted(std::string reason, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) blot_out(reason, secret);
  reason = one_line(reason.substr(0, reason.find_first_of("\r\n")), kLongestReason);  // Entra goes on with trace ids
  return reason.empty() ? reason : ": " + reason;
}

// A number, or its digits in a string as Azure's metadata service has it.
std::optional<Duration> life_in(const nlohmann::json& answer) {
  auto found = answer.find("expires_in");
  if (found == answer.end()) return std::nullopt;
  double seconds = 0;
  if (found->is_number()) {
    seconds = found->get<double>();
  } else if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  if (!(seconds > 0)) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, static_cast<double>(kLongestLife))));
}

}  // namespace

io::Awaitable<Result<GivenToken>> call_for_token(WebClient& web, TokenCall call) {
  const std::string who = call.service + " at " + call.request.url.authority();
  const Sending sending{.local = call.local};
  Result<WebAnswer> answer = co_await send_with_retries(web, call.request, sending);
  if (!answer) co_return Error{answer.error().code, who + ": " + answer.error().message};
  if (answer->status != 200) {
    co_return Error{Errc::BadGateway, who + " answered " + std::to_string(answer->status) +
                                          quoted(reason_in(answer->body), call.secrets)};
  }
  const auto json = nlohmann::json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) co_return Error{Errc::BadGateway, who + " answered 200 without a JSON object"};
  GivenToken given{.token = text_in(json, call.field), .life = life_in(json)};
  if (given.token.empty() || !http::is_field_value(given.token)) {
    co_return Error{Errc::BadGateway, who + " answered 200 without a usable " + call.field};
  }
  co_return given;
}

http::ClientRequest form_post(http::Url url,
                              std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  http::ClientRequest post{.method = "POST", .url = std::move(url), .headers = {}};
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  post.headers.add("Accept", "application/json");
  for (const auto& [name, value] : fields) add_field(post.body, name, value);
  return post;
}

bool is_private_way(const http::Url& url) { return url.scheme == "https" || http::is_this_machine(url.host); }

}  // namespace entrepot::upstream
