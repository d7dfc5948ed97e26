#include "upstream/challenge.hpp"

#include <algorithm>
#include <cctype>

#include "entrepot/base/text.hpp"

namespace entrepot::upstream {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  void skip() { text_.remove_prefix(1); }

  void skip_spaces() {
    while (!at_end() && is_space(text_.front())) skip();
  }
  void skip_separators() {
    while (!at_end() && (is_space(text_.front()) || text_.front() == ',')) skip();
  }

  std::string_view take_name() {
    return take_while([](char c) { return !is_space(c) && c != ',' && c != '=' && c != '"'; });
  }

  // A quoted string without its quotes and escapes (one that never ends goes to the line's end), or all up to the next
  // separator.
  std::string take_value() {
    if (!next_is('"')) return std::string(take_while([](char c) { return !is_space(c) && c != ','; }));
    skip();
    std::string value;
    while (!at_end() && !next_is('"')) {
      if (next_is('\\') && text_.size() > 1) skip();
      value += text_.front();
      skip();
    }
    if (!at_end()) skip();
    return value;
  }

 private:
  template <class Predicate>
  std::string_view take_while(Predicate belongs) {
    auto end = std::find_if_not(text_.begin(), text_.end(), belongs);
    std::string_view taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view text_;
};

void set_parameter(Challenge& challenge, std::string_view name, std::string value) {
  for (auto [known, member] : {std::pair("realm", &Challenge::realm), std::pair("service", &Challenge::service),
                               std::pair("scope", &Challenge::scope)}) {
    if (!equal_ignoring_case(name, known)) continue;
    std::string& slot = challenge.*member;
    if (slot.empty()) slot = std::move(value);
    return;
  }
}

void parse_line(std::string_view line, std::vector<Challenge>& challenges) {
  Scanner scanner(line);
  bool in_challenge = false;  // a parameter belongs to a scheme on its own line
  for (scanner.skip_separators(); !scanner.at_end(); scanner.skip_separators()) {
    std::string_view name = scanner.take_name();
    scanner.skip_spaces();
    if (scanner.next_is('=')) {
      scanner.skip();
      scanner.skip_spaces();
      std::string value = scanner.take_value();
      if (in_challenge) set_parameter(challenges.back(), name, std::move(value));
    } else if (!name.empty()) {
      challenges.push_back({.scheme = lowercase(name), .realm = {}, .service = {}, .scope = {}});
      in_challenge = true;
    } else {
      scanner.take_value();  // a quoted string that belongs to nothing
    }
  }
}

}  // namespace

std::vector<Challenge> parse_challenges(std::span<const std::string> lines) {
  std::vector<Challenge> challenges;
  for (const std::string& line : lines) parse_line(line, challenges);
  return challenges;
}

std::optional<Challenge> choose_challenge(std::span<const std::string> lines) {
  std::optional<Challenge> basic;
  for (Challenge& challenge : parse_challenges(lines)) {
    if (challenge.scheme == "bearer" && !challenge.realm.empty()) return std::move(challenge);
    if (challenge.scheme == "basic" && !basic) basic = std::move(challenge);
  }
  return basic;
}

std::string scope_to_ask(const Challenge& challenge, std::string_view repository, const http::Url& asked) {
  if (repository.empty()) return challenge.scope.starts_with("repository:") ? "" : challenge.scope;
  std::string name(repository);
  std::string own = "repository:" + name + ":pull";
  if (challenge.scope.empty()) return own;
  if (!challenge.scope.starts_with("repository:")) return challenge.scope;
  bool same_repository = asked.target.find("/v2/" + name + "/") != std::string::npos;
  return same_repository ? own : challenge.scope;
}

Challenge for_any_repository(Challenge challenge) {
  if (challenge.scope.starts_with("repository:")) challenge.scope.clear();
  return challenge;
}

}  // namespace entrepot::upstream
