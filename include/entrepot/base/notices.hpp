// What an operator should know for as long as it lasts, though the daemon serves on. /readyz shows it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace entrepot {

// Thread-safe.
class Notices {
 public:
  // `line`, for people, stands until it is cleared or replaced under the same key. Nothing secret is in it.
  void raise(const std::string& key, std::string line);
  void clear(const std::string& key);

  std::vector<std::string> lines() const;  // in the order of their keys

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> lines_;  // guarded by mutex_
};

}  // namespace entrepot
