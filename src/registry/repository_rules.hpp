// What the configuration says of the repositories of one upstream: under which name it has them, and which of them may
// be pulled.
#pragma once

#include <memory>
#include <string>

#include "entrepot/config/config.hpp"

namespace entrepot::registry {

// Constant after construction, thus thread-safe.
class RepositoryRules {
 public:
  explicit RepositoryRules(const config::Upstream& upstream);  // of a checked configuration
  ~RepositoryRules();
  RepositoryRules(RepositoryRules&&) noexcept;

  // The name at the upstream of what clients call `repository`. Need not be a name at all.
  std::string rename(std::string repository) const;

  // `repository`: as the upstream calls it.
  bool admit(const std::string& repository) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace entrepot::registry
