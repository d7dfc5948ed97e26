// Which of a fill's missing bytes is asked for next, and by which of its fetchers: no byte belongs to two.
//
// Two kinds of jobs. Background: the lowest missing bytes, so that the digest follows closely. Wanted: where a reader
// waits that no fetcher reaches soon (a resumed client, a lazy puller); it is taken out of the job that had it.
//
// Pure: what is present, and the time, are passed in. Not thread-safe; Progress guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "entrepot/store/extents.hpp"

namespace entrepot::cache {

class FetchPlan {
 public:
  using Id = std::uint32_t;
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  // Bytes begin..end-1, which nobody else brings. `end` may move later: see end_of().
  struct Job {
    Id id;
    std::uint64_t begin;
    std::uint64_t end;
  };

  // What may be asked for now.
  struct Limits {
    unsigned background = 1;   // fetchers at once, besides those that readers have asked for
    bool ranges = true;        // the upstream heeds Range
    bool stripes = false;      // background jobs are stripes, in a window that moves with the digest
    std::uint64_t hashed = 0;  // bytes; the window begins there
  };

  // A cut connection costs what was on its way; a request of one's own, a round trip. So a fetcher is soon there if it
  // is this close, or would be there in this time. Nothing closer is taken out of its job, so it must be more than a
  // fetcher may have read and not written yet.
  static constexpr std::uint64_t kNear = 2 * 1024 * 1024;
  static constexpr std::chrono::milliseconds kSoon{200};

  // What a reader is brought at least: who reads on finds it there. All of it has to be fetched anyway.
  static constexpr std::uint64_t kLeastWanted = 1024 * 1024;

  // Of a blob of `size` bytes; none: not known yet, and one fetcher brings all. `stripe`: the most bytes that one of
  // several jobs has.
  FetchPlan(std::optional<std::uint64_t> size, std::uint64_t stripe) : size_(size), stripe_(stripe) {}

  // Where the stripe ends in which `offset` lies.
  static std::uint64_t stripe_end(std::uint64_t offset, std::uint64_t stripe) { return (offset / stripe + 1) * stripe; }

  // The job of the request that has opened the fill.
  Job begin_with(std::uint64_t begin, std::uint64_t end, Time now);

  // A reader waits for the byte at `offset`, and will want what follows up to `end`. True: nobody brings it soon; it is
  // now remembered for next(), and was not before.
  bool want(std::uint64_t offset, std::uint64_t end, const store::Extents& present, Time now);

  // The job for a fetcher that has none; nothing: it is not needed now.
  std::optional<Job> next(const store::Extents& present, const Limits& limits, Time now);

  // The fetcher that had them has brought these bytes.
  void advance(std::uint64_t begin, std::uint64_t end);

  // Where a fetcher is to stop by now.
  std::uint64_t end_of(Id id) const;

  // The job goes on to where the next bytes begin that are present or another's: its answer cannot be had in parts.
  void extend(Id id, const store::Extents& present);

  // Its fetcher has no more to do with the job. One that has brought nothing gives it back, with what lies behind it,
  // to the job that it was taken out of; else what is left is free.
  void release(Id id, const store::Extents& present);

  // Whether next() would find a job.
  bool has_job(const store::Extents& present, const Limits& limits) const;

 private:
  struct Claim {
    Id id;
    bool wanted;
    std::uint64_t begin;
    std::uint64_t position;  // of the byte that comes next
    std::uint64_t end;
    std::uint64_t asked;  // where `end` was before parts were taken out
    Time since;
  };
  struct Want {
    std::uint64_t offset;
    std::uint64_t end;
  };

  std::optional<Job> next_wanted(const store::Extents& present, Time now);
  std::optional<store::Extent> next_background(const store::Extents& present, const Limits& limits) const;
  std::optional<store::Extent> first_unclaimed(const store::Extents& present) const;
  std::uint64_t free_until(std::uint64_t offset, std::uint64_t end, const store::Extents& present) const;
  bool arrives_soon(const Claim& claim, std::uint64_t offset, Time now) const;
  const Claim* holder_of(std::uint64_t offset) const;
  Job add(bool wanted, std::uint64_t begin, std::uint64_t end, Time now);

  const std::optional<std::uint64_t> size_;
  const std::uint64_t stripe_;
  std::vector<Claim> claims_{};
  std::deque<Want> wants_{};
  bool scattered_ = false;  // readers have asked for parts: long jobs would only be cut
  Id last_id_ = 0;
};

}  // namespace entrepot::cache
