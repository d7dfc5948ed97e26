// A token as its endpoint gives it. Pure.
//
// Source: distribution's token specification, "Token Response Fields".
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"

namespace entrepot::upstream {

inline constexpr std::size_t kMaxTokenBody = 64 * 1024;

struct Token {
  std::string value;
  std::chrono::seconds lifetime;  // 60 s where the answer does not say it or says less, as the specification has it
};

// Errc::BadGateway if there is no token in `body`, or one that cannot stand in a header field.
Result<Token> parse_token(std::string_view body);

}  // namespace entrepot::upstream
