#include "registry/repository_rules.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <regex>
#include <utility>
#include <vector>

namespace entrepot::registry {

struct RepositoryRules::Compiled {
  std::vector<std::pair<std::regex, std::string>> rewrite;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

namespace {

// The configuration admits no special character but *, which matches slashes too.
bool matches_any(const std::vector<std::string>& patterns, const std::string& repository) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), repository.c_str(), FNM_NOESCAPE) == 0;
  });
}

}  // namespace

RepositoryRules::RepositoryRules(const config::Upstream& upstream) {
  auto compiled = std::make_unique<Compiled>();
  for (const config::Rewrite& rule : upstream.rewrite) {
    compiled->rewrite.emplace_back(std::regex(rule.from, std::regex::ECMAScript | std::regex::optimize), rule.to);
  }
  compiled->allow = upstream.allow;
  compiled->deny = upstream.deny;
  compiled_ = std::move(compiled);
}

RepositoryRules::~RepositoryRules() = default;
RepositoryRules::RepositoryRules(RepositoryRules&&) noexcept = default;

std::string RepositoryRules::rename(std::string repository) const {
  for (const auto& [from, to] : compiled_->rewrite) {
    std::smatch match;
    if (std::regex_match(repository, match, from)) return match.format(to);
  }
  return repository;
}

bool RepositoryRules::admit(const std::string& repository) const {
  const bool allowed = compiled_->allow.empty() || matches_any(compiled_->allow, repository);
  return allowed && !matches_any(compiled_->deny, repository);
}

}  // namespace entrepot::registry
