// What the answers of clouds and programs are read with.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace entrepot::upstream {

// The text of an object's member; "" where there is none, or where it is no text.
inline std::string text_in(const nlohmann::json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace entrepot::upstream
