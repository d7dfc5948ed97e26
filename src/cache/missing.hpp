// Digests that an upstream has just said it does not have in a repository, so that a crowd that asks for one costs it
// one request (`freshness.negative_ttl`).
//
// Never of a tag, nor of a digest that the upstream has shown (a link): a pull right after a push is not fooled.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "entrepot/base/result.hpp"
#include "entrepot/io/async.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/upstream/view.hpp"

namespace entrepot::cache {

// Thread-safe. `now` is a parameter, so that tests have a time of their own.
class Missing {
 public:
  static constexpr std::size_t kMost = 10'000;  // that are remembered at once; what comes on top is not

  // What was asked for. What a HEAD does not find a GET may: Artifactory fetches what it lacks for a GET alone.
  struct Request {
    const std::string& upstream;
    const upstream::View& view;
    const oci::Digest& digest;
    bool head;
  };

  // The upstream's error, if it was added no longer ago than was said then. That of a GET answers a HEAD too. Takes no
  // lock while nothing is remembered, since every request for a digest comes by here.
  std::optional<Error> find(const Request& request, io::Deadline now) const;

  void add(const Request& request, Error error, io::Deadline now, io::SteadyClock::duration ttl);

 private:
  // Upstream, repository, the client's fingerprint (never its account), digest, whether it was a HEAD.
  using Key = std::tuple<std::string, std::string, std::string, oci::Digest, bool>;
  struct Entry {
    Error error;
    io::Deadline until;
  };

  static Key key_of(const Request& request, bool head) {
    return {request.upstream, request.view.repository, std::string(request.view.fingerprint()), request.digest, head};
  }

  std::atomic<io::Deadline> last_until_{io::Deadline::min()};  // when all of it will be forgotten
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;  // guarded by mutex_
};

}  // namespace entrepot::cache
