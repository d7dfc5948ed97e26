#include "entrepot/oci/name.hpp"

#include <algorithm>

namespace entrepot::oci {

namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// What may stand between two runs of letters and digits: ".", "_", "__", any number of "-".
bool is_separator(std::string_view text) {
  return text == "." || text == "_" || text == "__" || text.find_first_not_of('-') == std::string_view::npos;
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_component(std::string_view text) {
  auto at = text.begin();
  while (true) {
    auto word_end = std::find_if_not(at, text.end(), is_lower_alnum);
    if (word_end == at) return false;
    if (word_end == text.end()) return true;
    at = std::find_if(word_end, text.end(), is_lower_alnum);
    if (!is_separator({word_end, at})) return false;
  }
}

}  // namespace

bool is_repository(std::string_view text) {
  constexpr std::size_t kMaxLength = 255;
  if (text.size() > kMaxLength) return false;
  while (true) {
    std::size_t slash = text.find('/');
    if (!is_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kMaxLength = 128;
  return !text.empty() && text.size() <= kMaxLength && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

std::string to_string(const Reference& reference) {
  if (const Tag* tag = std::get_if<Tag>(&reference)) return tag->name;
  return std::get<Digest>(reference).to_string();
}

}  // namespace entrepot::oci
