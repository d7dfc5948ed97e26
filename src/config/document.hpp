// What is known of a configuration file while it is read: where its keys stand, and what is wrong with it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/config/load.hpp"

namespace entrepot::config {

class Document {
 public:
  explicit Document(const Environment& environment) : environment_(environment) {}

  const Environment& environment() const { return environment_; }

  void place(const std::string& key, int line) { lines_.emplace(key, line); }
  bool given(const std::string& key) const { return lines_.contains(key); }

  // A fault of `key`, at its line or, where the file does not give the key, at the line of what it would stand in. A
  // key has one fault, the first: what is found later of the same key mostly follows from it.
  void fault(const std::string& key, std::string message);
  void fault(int line, const std::string& key, std::string message);
  bool faulty(const std::string& key) const;

  // The file that `key` names cannot be used here and now. No fault of the text; where that has one, the only one.
  void unreadable(const std::string& key, std::string message);

  // By line; those of one line as they were found.
  const std::vector<Fault>& faults() const { return faults_; }
  const std::vector<Fault>& unreadable_files() const { return unreadable_; }  // likewise

 private:
  int line_of(const std::string& key) const;

  const Environment& environment_;
  std::map<std::string, int> lines_;
  std::vector<Fault> faults_;
  std::vector<Fault> unreadable_;
};

// `text` for a message: in quotes, without control characters, not too long, and without what stands before an "@",
// which may be a password.
std::string quote(std::string_view text);

}  // namespace entrepot::config
