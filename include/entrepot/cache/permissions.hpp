// What the upstream has lately allowed each client to see (`access: passthrough`).
//
// A client may see a repository once the upstream has shown it anything there, for as long as the configuration says
// (`access_ttl`), and not beyond an answer of 401 or 403.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "entrepot/io/async.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::cache {

// One for each upstream. Thread-safe. `now` is a parameter, so that tests have a time of their own.
class Permissions {
 public:
  static constexpr std::size_t kMost = 100'000;  // that are remembered at once

  explicit Permissions(io::SteadyClock::duration ttl) : ttl_(ttl) {}

  bool has(const upstream::View& view, io::Deadline now) const;

  // The upstream has shown something to a request that was sent at `begun`: no effect if it has refused the client
  // since.
  void grant(const upstream::View& view, io::Deadline begun, io::Deadline now);

  // The repository; with a view of none, all of them: it is the account itself that is refused.
  void revoke(const upstream::View& view, io::Deadline now);

 private:
  using Key = std::pair<std::string, std::string>;  // fingerprint, repository ("": the account itself)
  struct Entry {
    io::Deadline until = io::Deadline::min();
    io::Deadline refused = io::Deadline::min();  // last
  };

  void make_room(io::Deadline now);

  const io::SteadyClock::duration ttl_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;  // guarded by mutex_
};

// `upstream`, with all that it answers noted in `permissions`.
std::unique_ptr<upstream::Upstream> noting(std::unique_ptr<upstream::Upstream> upstream,
                                           std::shared_ptr<Permissions> permissions);

}  // namespace entrepot::cache
