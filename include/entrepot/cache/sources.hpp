// The upstreams as the cache sees them, by name: those that are configured, and those that a wildcard stands for, each
// made when it is first asked for.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "entrepot/cache/context.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/shared_call.hpp"

namespace entrepot::cache {

// Thread-safe. What it holds stays where it is, and as long as it does.
class Sources {
 public:
  static constexpr std::size_t kMostUnderWildcards = 1000;

  // The source of an upstream. It may read files; throws std::runtime_error if one cannot be read or makes no sense.
  using Make = std::function<Source(const config::Upstream&)>;

  // Makes those that are configured by name, and throws what `make` throws. Others are made on `pool`, which must
  // outlive it, as must `tasks`.
  Sources(const config::Upstreams& upstreams, Make make, io::Tasks& tasks, io::Pool& pool);

  // Null if there is none yet.
  const Source* find(std::string_view name) const;

  // What is configured for it: null if nothing is.
  const config::Upstream* configured(std::string_view name) const;

  // `name` belongs to a configured upstream. Errc::Unavailable for one more than there may be; Errc::BadGateway if it
  // cannot be made; Errc::Timeout.
  io::Awaitable<Result<const Source*>> get(std::string name, io::Deadline deadline);

 private:
  struct MakeOne;

  Result<const Source*> make_under_wildcard(const std::string& name);

  const config::Upstreams upstreams_;
  const Make make_;
  io::Pool& pool_;
  std::map<std::string, Source, std::less<>> configured_;  // constant after construction
  io::SharedCalls<std::string, const Source*> makings_;
  mutable std::mutex mutex_;
  std::map<std::string, Source, std::less<>> made_;  // guarded by mutex_; only grows
  std::set<std::string> tried_;                      // guarded by mutex_: names that were to be made, also in vain
};

}  // namespace entrepot::cache
