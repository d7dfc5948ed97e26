#include "oci/json.hpp"

#include <cstddef>

namespace entrepot::oci {

namespace {

using nlohmann::json;

// Counts brackets outside of strings. Where the text is no JSON the count may be wrong; the parser refuses it then.
bool nests_deeper_than(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        in_string = !in_string;
        break;
      case '\\':
        ++i;
        break;
      case '[':
      case '{':
        if (!in_string && ++depth > limit) return true;
        break;
      case ']':
      case '}':
        if (!in_string) --depth;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace

json parse_json(std::string_view text) {
  constexpr int kMaxDepth = 64;
  if (nests_deeper_than(text, kMaxDepth)) return json(json::value_t::discarded);
  return json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
}

const json& member(const json& value, const char* name) {
  static const json null;
  if (!value.is_object()) return null;
  auto found = value.find(name);
  return found == value.end() ? null : *found;
}

std::string text_member(const json& value, const char* name) {
  const json& found = member(value, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}

}  // namespace entrepot::oci
