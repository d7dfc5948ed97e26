#include "script.hpp"

#include "request_log.hpp"

namespace entrepot::test {

Script::Id Script::add(Rule rule) {
  std::lock_guard lock(mutex_);
  rules_.emplace_front(next_, std::move(rule));
  return next_++;
}

void Script::remove(Id id) {
  std::lock_guard lock(mutex_);
  rules_.remove_if([id](const auto& entry) { return entry.first == id; });
}

void Script::clear() {
  std::lock_guard lock(mutex_);
  rules_.clear();
}

Rule Script::take(const std::string& method, const std::string& path, const std::string& query, bool has_range) {
  std::lock_guard lock(mutex_);
  for (auto& [id, rule] : rules_) {
    if (rule.times == 0 || (!rule.method.empty() && rule.method != method)) continue;
    if (!matches(rule.path, path) || !matches(rule.query, query) || (rule.only_ranges && !has_range)) continue;
    if (rule.times > 0) --rule.times;
    return rule;
  }
  return {};
}

void Script::open_gates() {
  std::lock_guard lock(mutex_);
  for (auto& [id, rule] : rules_) {
    if (rule.hold) rule.hold->open();
    if (rule.hold_body) rule.hold_body->open();
  }
}

}  // namespace entrepot::test
