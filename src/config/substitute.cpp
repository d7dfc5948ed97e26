#include "config/substitute.hpp"

#include <algorithm>

namespace entrepot::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// POSIX, "Environment Variable Definition", with the lower-case letters that programs use too.
bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
}

Error malformed() {
  return {Errc::Invalid, "malformed variable; expected ${NAME} or ${NAME:-default} (a dollar sign is written $$)"};
}

// What stands between the braces: NAME or NAME:-default.
Result<std::string> expand(std::string_view inside, const Environment& environment) {
  const auto separator = inside.find(":-");
  const std::string_view name = inside.substr(0, separator);
  if (!is_name(name)) return malformed();

  std::optional<std::string> value = environment(std::string(name));
  if (separator == std::string_view::npos) {
    if (value) return *std::move(value);
    return Error{Errc::Invalid, "the environment variable " + std::string(name) + " is not set (${" +
                                    std::string(name) + ":-default} would give it a default)"};
  }
  if (value && !value->empty()) return *std::move(value);
  const std::string_view fallback = inside.substr(separator + 2);
  if (fallback.find("${") != std::string_view::npos) return malformed();
  return substitute(fallback, environment);
}

}  // namespace

Result<std::string> substitute(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const auto dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return result;
    text.remove_prefix(dollar + 1);

    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const auto end = text.find('}');
      if (end == std::string_view::npos) return malformed();
      auto value = expand(text.substr(1, end - 1), environment);
      if (!value) return value.error();
      result += *value;
      text.remove_prefix(end + 1);
    } else {
      result += '$';
    }
  }
}

}  // namespace entrepot::config
