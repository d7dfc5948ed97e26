// Forms, as OAuth 2.0 and AWS's Query protocol have them in a request's body (application/x-www-form-urlencoded).
#pragma once

#include <string>
#include <string_view>

#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

// "name=value", percent-encoded, behind what is there; nothing for no value.
inline void add_field(std::string& form, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  form.append(form.empty() ? "" : "&").append(name).append("=").append(http::percent_encode(value));
}

}  // namespace entrepot::upstream
