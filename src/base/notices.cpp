#include "entrepot/base/notices.hpp"

namespace entrepot {

void Notices::raise(const std::string& key, std::string line) {
  std::lock_guard lock(mutex_);
  lines_.insert_or_assign(key, std::move(line));
}

void Notices::clear(const std::string& key) {
  std::lock_guard lock(mutex_);
  lines_.erase(key);
}

std::vector<std::string> Notices::lines() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [key, line] : lines_) lines.push_back(line);
  return lines;
}

}  // namespace entrepot
