// Looking up and writing header fields. Pure values.
#include "entrepot/http/message.hpp"

#include <charconv>

#include "entrepot/base/text.hpp"

namespace entrepot::http {

std::string_view Request::header(std::string_view name) const {
  for (const HeaderView& field : headers) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  constexpr std::size_t kUsual = 512;  // most answers' fields
  if (text_.empty()) text_.reserve(kUsual);
  text_.append(name).append(": ").append(value).append("\r\n");
}

void HeaderBlock::add(std::string_view name, std::uint64_t value) {
  char digits[20];
  auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  add(name, std::string_view(digits, end));
}

std::string_view HeaderBlock::find(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find("\r\n"));
    std::size_t colon = line.find(':');
    if (equal_ignoring_case(line.substr(0, colon), name)) return line.substr(colon + 2);
    rest.remove_prefix(line.size() + 2);
  }
  return {};
}

bool is_field_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace entrepot::http
