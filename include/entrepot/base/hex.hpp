// Bytes as lowercase hexadecimal digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace entrepot {

std::string to_hex(std::string_view bytes);

// Nothing if the length is odd or a character is not one of 0-9 a-f (uppercase is not a digest's form).
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace entrepot
