// How this module reads JSON from elsewhere: nothing here throws.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace entrepot::oci {

// The value of `text`; a discarded one, which is of no type, if it is no JSON or nests deeper than any document of a
// registry: every open bracket costs more than ten times its size in memory.
nlohmann::json parse_json(std::string_view text);

// The member of this name; null if there is none, or if `value` is no object.
const nlohmann::json& member(const nlohmann::json& value, const char* name);

// "" if there is none, or if it is no string.
std::string text_member(const nlohmann::json& value, const char* name);

}  // namespace entrepot::oci
