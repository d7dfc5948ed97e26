#include "config/document.hpp"

#include <algorithm>

namespace entrepot::config {
namespace {

// "a.b[0].c" -> "a.b[0]" -> "a.b" -> "a" -> "". Names with dots in them give steps that no key has; they do no harm.
std::string_view enclosing(std::string_view key) {
  const auto end = key.find_last_of(".[");
  return key.substr(0, end == std::string_view::npos ? 0 : end);
}

}  // namespace

void Document::fault(const std::string& key, std::string message) {
  std::string_view place = key;
  auto line = lines_.find(key);
  while (line == lines_.end() && !place.empty()) {
    place = enclosing(place);
    line = lines_.find(std::string(place));
  }
  fault(line == lines_.end() ? 0 : line->second, key, std::move(message));
}

void Document::fault(int line, const std::string& key, std::string message) {
  const bool known =
      std::ranges::any_of(faults_, [&](const Fault& other) { return other.key == key && other.line == line; });
  if (known) return;
  const auto after = std::ranges::upper_bound(faults_, line, {}, &Fault::line);
  faults_.insert(after, {line, key, std::move(message)});
}

bool Document::faulty(const std::string& key) const {
  return std::ranges::any_of(faults_, [&](const Fault& fault) { return fault.key == key; });
}

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string result = "\"";
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    result += "***";
    text.remove_prefix(at);
  }
  for (const char c : text.substr(0, kLongest)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    result += control ? '?' : c;
  }
  if (text.size() > kLongest) result += "...";
  return result + "\"";
}

}  // namespace entrepot::config
