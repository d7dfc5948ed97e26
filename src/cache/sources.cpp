#include "entrepot/cache/sources.hpp"

#include <stdexcept>

#include "entrepot/base/log.hpp"
#include "entrepot/base/wildcard.hpp"
#include "entrepot/config/find_upstream.hpp"

namespace entrepot::cache {

Sources::Sources(const config::Upstreams& upstreams, Make make, io::Tasks& tasks, io::Pool& pool)
    : upstreams_(upstreams), make_(std::move(make)), pool_(pool), makings_(tasks) {
  for (const auto& [name, upstream] : upstreams_) {
    if (!is_wildcard(name)) configured_.emplace(name, make_(upstream));
  }
}

const Source* Sources::find(std::string_view name) const {
  auto found = configured_.find(name);
  if (found != configured_.end()) return &found->second;
  std::lock_guard lock(mutex_);
  auto made = made_.find(name);
  return made == made_.end() ? nullptr : &made->second;
}

const config::Upstream* Sources::configured(std::string_view name) const {
  return config::find_upstream(upstreams_, name);
}

// The work of a shared call, owned by its task.
struct Sources::MakeOne {
  Sources* sources;
  std::string name;

  // On the pool.
  struct Job {
    Sources* sources;
    std::string name;
    Result<const Source*> operator()() const { return sources->make_under_wildcard(name); }
  };

  io::Awaitable<Result<const Source*>> operator()() {
    Job job{sources, name};
    co_return co_await io::run_blocking(sources->pool_, std::move(job));
  }
};

io::Awaitable<Result<const Source*>> Sources::get(std::string name, io::Deadline deadline) {
  if (const Source* found = find(name)) co_return found;
  MakeOne work{this, name};
  co_return co_await makings_.run(std::move(name), std::move(work), deadline);
}

// One call at a time for each name.
Result<const Source*> Sources::make_under_wildcard(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    auto made = made_.find(name);  // by a call that ended just before this one began
    if (made != made_.end()) return &made->second;
    if (tried_.size() >= kMostUnderWildcards && !tried_.contains(name)) {
      return Error{Errc::Unavailable, "no more than " + std::to_string(kMostUnderWildcards) +
                                          " upstreams can be asked for under wildcards; a restart forgets them"};
    }
    tried_.insert(name);
  }
  const config::Upstream& wildcard = *config::find_upstream(upstreams_, name);
  try {
    Source source = make_(config::upstream_under(wildcard, name));
    log::info("upstream_added", {{"upstream", name}, {"wildcard", wildcard.name}});
    std::lock_guard lock(mutex_);
    return &made_.emplace(name, std::move(source)).first->second;
  } catch (const std::exception& error) {
    return Error{Errc::BadGateway, name + ": " + error.what()};
  }
}

}  // namespace entrepot::cache
