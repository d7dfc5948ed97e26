#include "upstream/aws_session.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "upstream/json_text.hpp"

namespace entrepot::upstream {

namespace {

// The number that `count` digits at `at` are.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, number);
  if (error != std::errc{} || end != begin + count || number < 0) return std::nullopt;
  return number;
}

// "Z", "+01:00"; nothing for anything else.
std::optional<std::chrono::minutes> offset_of(std::string_view zone) {
  if (zone == "Z") return std::chrono::minutes(0);
  const auto hours = digits(zone, 1, 2);
  const auto minutes = digits(zone, 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !hours || !minutes)
    return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return zone[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<Time> parse_aws_time(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool is_formed = text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':';
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!is_formed || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::string_view zone = text.substr(19);
  if (zone.starts_with('.')) zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  const auto offset = offset_of(zone);
  if (!offset) return std::nullopt;
  return time_of(std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                 std::chrono::seconds(*second) - *offset);
}

Time time_of(std::chrono::sys_seconds seconds) {
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(Time::min());
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Time::max());
  return std::clamp(seconds, kFirst, kLast);
}

Duration aws_life(Time end, Time now) {
  constexpr std::chrono::minutes kTrial{1};
  constexpr std::chrono::hours kLongest{24 * 365};
  if (end > now + kLongest) return kLongest;
  return end > now ? std::chrono::ceil<Duration>(end - now) : kTrial;
}

Result<Lease<AwsKeys>> parse_aws_session(std::string_view json, Time now) {
  const auto session = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!session.is_object()) return Error{Errc::BadGateway, "no JSON object"};
  AwsKeys keys{text_in(session, "AccessKeyId"), text_in(session, "SecretAccessKey"), text_in(session, "Token")};
  if (keys.session_token.empty()) keys.session_token = text_in(session, "SessionToken");
  if (Result<void> checked = check_aws_keys(keys); !checked) return checked.error();
  const std::string expiration = text_in(session, "Expiration");
  if (expiration.empty()) return Lease<AwsKeys>{std::move(keys), kAwsKeysWithoutEnd};
  const auto end = parse_aws_time(expiration);
  if (!end) return Error{Errc::BadGateway, "an Expiration that is no time"};
  return Lease<AwsKeys>{std::move(keys), aws_life(*end, now)};
}

Result<void> check_aws_keys(const AwsKeys& keys) {
  if (keys.access_key_id.empty()) return Error{Errc::BadGateway, "no access key id"};
  if (keys.secret_access_key.empty()) return Error{Errc::BadGateway, "no secret access key"};
  if (!http::is_field_value(keys.access_key_id) || !http::is_field_value(keys.session_token)) {
    return Error{Errc::BadGateway, "keys with line breaks"};
  }
  return ok();
}

}  // namespace entrepot::upstream
