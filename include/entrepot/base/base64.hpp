// Base64 (RFC 4648, section 4), and its form for URLs (section 5), without padding as JSON Web Tokens have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace entrepot {

std::string to_base64(std::string_view bytes);

// Nothing for what is empty, has no length of a multiple of four, or holds other characters.
std::optional<std::string> from_base64(std::string_view text);

std::string to_base64url(std::string_view bytes);

// Nothing as for from_base64(), but for the padding, which may be there or not.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace entrepot
