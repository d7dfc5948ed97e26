#include "cache/fetch_plan.hpp"

#include <algorithm>
#include <utility>

namespace entrepot::cache {

namespace {

// How far stripes may run ahead of the digest, in stripes for each fetcher: enough that a slow connection does not hold
// up the others.
constexpr std::uint64_t kStripesAhead = 2;

// Bytes a second, at most, of a fetcher in its first seconds: what the kernel had already says nothing of what follows.
constexpr double kAssumedRate = 40e6;
constexpr double kAssumedFor = 1;

// Places that are remembered for readers at once. One that is not is asked for again when its reader looks again.
constexpr std::size_t kMostWants = 64;

}  // namespace

FetchPlan::Job FetchPlan::begin_with(std::uint64_t begin, std::uint64_t end, Time now) {
  return add(false, begin, end, now);
}

bool FetchPlan::want(std::uint64_t offset, std::uint64_t end, const store::Extents& present, Time now) {
  if (!size_ || offset >= *size_ || present.present_from(offset) > 0) return false;
  const Claim* holder = holder_of(offset);
  if (holder != nullptr && arrives_soon(*holder, offset, now)) return false;
  auto same = [&](const Want& want) { return want.offset == offset; };
  if (auto known = std::find_if(wants_.begin(), wants_.end(), same); known != wants_.end()) {
    known->end = std::max(known->end, end);
    return false;
  }
  if (wants_.size() >= kMostWants) return false;
  wants_.push_back({offset, end});
  return true;
}

std::optional<FetchPlan::Job> FetchPlan::next(const store::Extents& present, const Limits& limits, Time now) {
  if (!size_) return std::nullopt;
  if (!limits.ranges) wants_.clear();
  if (std::optional<Job> job = next_wanted(present, now)) return job;
  if (auto range = next_background(present, limits)) return add(false, range->begin, range->end, now);
  return std::nullopt;
}

bool FetchPlan::has_job(const store::Extents& present, const Limits& limits) const {
  if (!size_) return false;
  auto is_missing = [&](const Want& want) { return present.present_from(want.offset) == 0; };
  if (limits.ranges && std::any_of(wants_.begin(), wants_.end(), is_missing)) return true;
  return next_background(present, limits).has_value();
}

std::optional<FetchPlan::Job> FetchPlan::next_wanted(const store::Extents& present, Time now) {
  while (!wants_.empty()) {
    Want want = wants_.front();
    wants_.pop_front();
    if (present.present_from(want.offset) > 0) continue;
    std::uint64_t limit = *size_;
    if (const Claim* holder = holder_of(want.offset)) {
      if (arrives_soon(*holder, want.offset, now)) continue;
      limit = std::exchange(claims_[static_cast<std::size_t>(holder - claims_.data())].end, want.offset);
    }
    scattered_ = true;
    const std::uint64_t end = std::min(std::max(want.end, want.offset + kLeastWanted), want.offset + stripe_);
    return add(true, want.offset, free_until(want.offset, std::min(end, limit), present), now);
  }
  return std::nullopt;
}

std::optional<store::Extent> FetchPlan::next_background(const store::Extents& present, const Limits& limits) const {
  const auto running = std::count_if(claims_.begin(), claims_.end(), [](const Claim& claim) { return !claim.wanted; });
  if (static_cast<unsigned>(running) >= limits.background) return std::nullopt;
  std::optional<store::Extent> free = first_unclaimed(present);
  if (!free) return std::nullopt;
  if (limits.stripes && free->begin >= limits.hashed + kStripesAhead * limits.background * stripe_) {
    return std::nullopt;
  }
  const bool in_parts = limits.ranges && (limits.stripes || scattered_);
  const std::uint64_t end = in_parts ? std::min(free->end, stripe_end(free->begin, stripe_)) : free->end;
  return store::Extent{free->begin, end};
}

// The lowest bytes that are missing and that nobody brings.
std::optional<store::Extent> FetchPlan::first_unclaimed(const store::Extents& present) const {
  std::uint64_t from = 0;
  for (;;) {
    std::optional<store::Extent> missing = present.first_missing(*size_, from);
    if (!missing) return std::nullopt;
    auto covers = [&](const Claim& claim) { return claim.position <= missing->begin && missing->begin < claim.end; };
    auto claim = std::find_if(claims_.begin(), claims_.end(), covers);
    if (claim == claims_.end()) return store::Extent{missing->begin, free_until(missing->begin, missing->end, present)};
    from = claim->end;
  }
}

// Where the free bytes from `offset` on end, at the latest at `end`.
std::uint64_t FetchPlan::free_until(std::uint64_t offset, std::uint64_t end, const store::Extents& present) const {
  if (std::optional<store::Extent> missing = present.first_missing(end, offset)) end = missing->end;
  for (const Claim& claim : claims_) {
    if (claim.position > offset && claim.position < claim.end) end = std::min(end, claim.position);
  }
  return end;
}

bool FetchPlan::arrives_soon(const Claim& claim, std::uint64_t offset, Time now) const {
  const std::uint64_t distance = offset - claim.position;
  if (distance <= kNear) return true;
  const auto brought = static_cast<double>(claim.position - claim.begin);
  const double seconds = std::chrono::duration<double>(now - claim.since).count();
  double rate = brought / seconds;
  if (seconds < kAssumedFor) rate = brought > 0 ? std::min(rate, kAssumedRate) : kAssumedRate;
  return static_cast<double>(distance) <= rate * std::chrono::duration<double>(kSoon).count();
}

const FetchPlan::Claim* FetchPlan::holder_of(std::uint64_t offset) const {
  for (const Claim& claim : claims_) {
    if (claim.position <= offset && offset < claim.end) return &claim;
  }
  return nullptr;
}

FetchPlan::Job FetchPlan::add(bool wanted, std::uint64_t begin, std::uint64_t end, Time now) {
  claims_.push_back({++last_id_, wanted, begin, begin, end, end, now});
  return {last_id_, begin, end};
}

void FetchPlan::advance(std::uint64_t begin, std::uint64_t end) {
  for (Claim& claim : claims_) {
    if (claim.position == begin && begin < claim.end) claim.position = end;
  }
}

std::uint64_t FetchPlan::end_of(Id id) const {
  for (const Claim& claim : claims_) {
    if (claim.id == id) return claim.end;
  }
  return 0;
}

void FetchPlan::extend(Id id, const store::Extents& present) {
  for (Claim& claim : claims_) {
    if (claim.id != id || !size_) continue;
    const bool others = claim.position >= claim.end &&
                        (present.present_from(claim.position) > 0 || holder_of(claim.position) != nullptr);
    if (!others) claim.end = claim.asked = free_until(claim.position, *size_, present);
  }
}

void FetchPlan::release(Id id, const store::Extents& present) {
  auto found = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& claim) { return claim.id == id; });
  if (found == claims_.end()) return;
  const Claim gone = *found;
  claims_.erase(found);
  if (!gone.wanted || gone.position > gone.begin) return;
  for (Claim& claim : claims_) {
    if (claim.end == gone.begin && claim.end < claim.asked) {
      claim.end = free_until(gone.begin, claim.asked, present);
    }
  }
}

}  // namespace entrepot::cache
