// How far a fill has come: which bytes are present, and how it ended. Written by its fetchers, awaited by its readers,
// each on its own thread. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "entrepot/base/result.hpp"
#include "entrepot/io/wait_list.hpp"
#include "entrepot/store/extents.hpp"

namespace entrepot::cache {

class Progress {
 public:
  enum class State {
    Running,     // more will come
    Verified,    // everything is present and its digest is right
    Failed,      // no more will come, or what came is wrong: readers end short
    DiskFailed,  // no more can be kept: what is present is good, readers go on with streams of their own
  };

  Progress(std::optional<std::uint64_t> size, store::Extents present);

  // Bytes begin..end-1 are in the file. They must not have been present.
  void publish(std::uint64_t begin, std::uint64_t end);

  void set_size(std::uint64_t size);  // once, for a fill that began without knowing it
  void verified();
  void fail(State state, Error error);  // Failed or DiskFailed; ignored once it has ended

  State state() const;
  std::optional<std::uint64_t> size() const;
  store::Extents present() const;
  std::uint64_t present_from(std::uint64_t offset) const;

  // What a reader at `offset` may send now.
  struct Sendable {
    std::uint64_t bytes;  // 0: it is at the end
  };

  // Waits until something at `offset` may be sent, of the bytes below `end` (none: the blob's end, whatever it turns
  // out to be). `to_end`: the response runs to the blob's end because its client did not ask for an earlier one, so the
  // last byte is kept back until the digest is verified (of a blob of known size; otherwise the end itself is what
  // waits). The error is that of the failure; see state() for which.
  io::Awaitable<Result<Sendable>> wait(std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end) const;

  // Waits for the end: the error if it failed, Errc::Timeout after `deadline`.
  io::Awaitable<Result<void>> wait_verified(io::Deadline deadline) const;

 private:
  std::optional<Sendable> sendable(std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end) const;

  mutable std::mutex mutex_;
  mutable io::WaitList waiting_;  // the members below are guarded by mutex_, this one too
  std::optional<std::uint64_t> size_;
  store::Extents present_;
  State state_ = State::Running;
  std::optional<Error> error_;
};

}  // namespace entrepot::cache
