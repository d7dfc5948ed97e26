// How JSON from elsewhere is read in this module: never throws, and takes no more memory than what is looked at.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace entrepot::oci {

// The value of `text`; a discarded one if it is no JSON. Objects and arrays at `max_depth` (the outermost is 0) and
// below are read and dropped, so that megabytes of "[" cost nothing.
inline nlohmann::json parse_json(std::string_view text, int max_depth) {
  using Event = nlohmann::json::parse_event_t;
  auto keep = [max_depth](int depth, Event event, nlohmann::json&) {
    return depth < max_depth || (event != Event::object_start && event != Event::array_start);
  };
  return nlohmann::json::parse(text, keep, /*allow_exceptions=*/false);
}

// The member of this name, or null if there is none or `value` is no object.
inline const nlohmann::json& member(const nlohmann::json& value, const char* name) {
  static const nlohmann::json null;
  if (!value.is_object()) return null;
  auto found = value.find(name);
  return found == value.end() ? null : *found;
}

inline std::string text_member(const nlohmann::json& value, const char* name) {
  const nlohmann::json& found = member(value, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}

}  // namespace entrepot::oci
