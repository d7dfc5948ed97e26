#include "config/document.hpp"

#include <algorithm>

namespace entrepot::config {
namespace {

// "a.b[0].c" -> "a.b[0]" -> "a.b" -> "a" -> "". Names with dots in them give steps that no key has; they do no harm.
std::string_view enclosing(std::string_view key) {
  const auto end = key.find_last_of(".[");
  return key.substr(0, end == std::string_view::npos ? 0 : end);
}

// By line, behind those of the same line.
void insert(std::vector<Fault>& faults, Fault fault) {
  const auto after = std::ranges::upper_bound(faults, fault.line, {}, &Fault::line);
  faults.insert(after, std::move(fault));
}

}  // namespace

int Document::line_of(const std::string& key) const {
  std::string_view place = key;
  auto line = lines_.find(key);
  while (line == lines_.end() && !place.empty()) {
    place = enclosing(place);
    line = lines_.find(std::string(place));
  }
  return line == lines_.end() ? 0 : line->second;
}

void Document::fault(const std::string& key, std::string message) { fault(line_of(key), key, std::move(message)); }

void Document::fault(int line, const std::string& key, std::string message) {
  const bool known =
      std::ranges::any_of(faults_, [&](const Fault& other) { return other.key == key && other.line == line; });
  if (!known) insert(faults_, {line, key, std::move(message)});
}

void Document::unreadable(const std::string& key, std::string message) {
  if (!faulty(key)) insert(unreadable_, {line_of(key), key, std::move(message)});
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
