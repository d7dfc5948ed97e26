// What a single value may be. Each parser takes the text and gives the value, or Errc::Invalid with a message that
// begins "expected" and says what would be right. Pure.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config::value {

Result<std::string> text(std::string_view text);  // not empty
Result<bool> boolean(std::string_view text);
Result<unsigned> threads(std::string_view text);      // 0 to 1024
Result<unsigned> connections(std::string_view text);  // 1 to 1024
Result<std::uint64_t> size(std::string_view text);    // bytes
Result<Duration> duration(std::string_view text);     // at most 100 years: it can be added to the time of day
Result<Duration> positive_duration(std::string_view text);
Result<std::filesystem::path> path(std::string_view text);  // not empty

// IP:PORT, [IPv6]:PORT. The host comes out in its shortest form, so that equal addresses compare equal.
Result<Address> address(std::string_view text);

// An absolute http or https URL without user, query, fragment or a trailing "/v2".
Result<std::string> url(std::string_view text);

// An upstream's name or alias: a path component of the form HOST or HOST:PORT, in lower case.
Result<std::string> upstream_name(std::string_view text);

// An upstream's name, or a wildcard that stands for many: it ends in two parts without one, and has one `*` in each of
// the others at most.
Result<std::string> upstream_or_wildcard(std::string_view text);

// A URL of a wildcard's: with $0 for the name, $1 and so on for what its stars stand for.
Result<std::string> url_under(std::string_view wildcard, std::string_view text);

// One or more components like an upstream's name, with "/" between them.
Result<std::string> prefix(std::string_view text);

// Of repositories' names: what a name may hold, and * for any characters, slashes too.
Result<std::string> repository_pattern(std::string_view text);

// An ECMAScript regular expression.
Result<std::string> regex(std::string_view text);

// A host without scheme and port; comes out in lower case, an IPv6 address without brackets.
Result<std::string> host(std::string_view text);

// The NAME of a program docker-credential-NAME (letters, digits, ".", "_" and "-"), or an absolute path.
Result<std::string> credential_helper(std::string_view text);

// Of AWS: a region, and the ARN of an IAM role. Messages do not repeat what is given.
Result<std::string> aws_region(std::string_view text);
Result<std::string> role_arn(std::string_view text);

// One of a few words.
template <class T>
class OneOf {
 public:
  OneOf(std::initializer_list<std::pair<std::string_view, T>> choices) : choices_(choices) {}

  Result<T> operator()(std::string_view text) const {
    std::string expected;
    for (const auto& [word, meaning] : choices_) {
      if (word == text) return meaning;
      expected.append(expected.empty() ? "expected " : " or ").append(word);
    }
    return Error{Errc::Invalid, expected};
  }

 private:
  std::vector<std::pair<std::string_view, T>> choices_;
};

}  // namespace entrepot::config::value
