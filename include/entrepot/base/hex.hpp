// Bytes as lowercase hexadecimal digits.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace entrepot {

void append_hex(std::string& text, std::string_view bytes);
std::string to_hex(std::string_view bytes);

// Into `bytes`. False if `hex` is not twice as long, or a character is not one of 0-9 a-f (uppercase is not a digest's
// form).
bool from_hex(std::string_view hex, std::span<char> bytes);

}  // namespace entrepot
