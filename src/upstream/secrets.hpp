// Messages from outside may quote what they were sent.
#pragma once

#include <string>

namespace entrepot::upstream {

inline constexpr const char* kBlot = "***";

// Every occurrence of `secret` in `text`, as it is and percent-encoded as in a form, becomes kBlot; "" has none. For a
// text that is whole: half a secret would not be found.
void blot_out(std::string& text, const std::string& secret);

}  // namespace entrepot::upstream
