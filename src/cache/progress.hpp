// How far a fill has come: which bytes are present, who brings what is missing, and how it ended. Readers and fetchers
// wait here for each other, each on its own thread. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "cache/fetch_plan.hpp"
#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
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

  // `stripe`: FetchPlan's.
  Progress(std::optional<std::uint64_t> size, store::Extents present, std::uint64_t stripe = config::Fetching().stripe);

  // Bytes begin..end-1 are in the file. They must not have been present, and are those of a fetcher's job that come
  // next. False, and they count as missing, if the fill has ended: readers go on without them.
  bool publish(std::uint64_t begin, std::uint64_t end);

  void set_size(std::uint64_t size);  // once, for a fill that began without knowing it
  void verified();
  void fail(State state, Error error);  // Failed or DiskFailed; ignored once it has ended

  State state() const;
  std::optional<std::uint64_t> size() const;
  store::Extents present() const;
  std::uint64_t present_from(std::uint64_t offset) const;

  // Waits until something at `offset` may be sent, of the bytes below `end` (none: the blob's end, whatever it turns
  // out to be). `to_end`: the response runs to the blob's end because its client did not ask for an earlier one, so the
  // last byte is kept back until the digest is verified (of a blob of known size; otherwise the end itself is what
  // waits). How many bytes may be sent; 0: `offset` is at the end. The error is that of the failure; see state() for
  // which.
  //
  // Where no fetcher is soon at `offset`, one is asked for. Errc::Timeout after `deadline`.
  io::Awaitable<Result<std::uint64_t>> wait(std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end,
                                            io::Deadline deadline = io::kNoDeadline);

  // A reader will wait for bytes begin..end-1 soon: where no fetcher is soon at the first, one is asked for.
  void want(std::uint64_t begin, std::uint64_t end);

  // Waits for the end: the error if it failed, Errc::Timeout after `deadline`.
  io::Awaitable<Result<void>> wait_verified(io::Deadline deadline) const;

  // ---- for the fetchers: FetchPlan, with what is present and the time

  FetchPlan::Job begin_with(std::uint64_t begin, std::uint64_t end);
  std::optional<FetchPlan::Job> next_job(const FetchPlan::Limits& limits);  // nothing, too, once it has ended
  std::uint64_t end_of(FetchPlan::Id job) const;
  void extend(FetchPlan::Id job);
  void release(FetchPlan::Id job);
  bool has_job(const FetchPlan::Limits& limits) const;

  // There may be another job now, or none any more: resumes wait_for_change().
  void announce_change();

  // Waits until a reader wants what nobody brings, a job was released, what was read back is hashed, or the fill has
  // ended; since the last call, at most until `deadline`. For one coroutine.
  io::Awaitable<> wait_for_change(io::Deadline deadline);

 private:
  std::optional<std::uint64_t> sendable(std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end) const;
  void change();

  mutable std::mutex mutex_;
  mutable io::WaitList waiting_;  // the members below are guarded by mutex_, this one too
  std::optional<std::uint64_t> size_;
  store::Extents present_;
  FetchPlan plan_;
  bool changed_ = false;
  io::WaitList fetching_;
  State state_ = State::Running;
  std::optional<Error> error_;
};

}  // namespace entrepot::cache
