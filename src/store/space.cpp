#include "store/space.hpp"

#include <algorithm>
#include <utility>

namespace entrepot::store {

namespace {

// Of what the store may take: where the background begins to free room, and where it stops.
constexpr std::uint64_t share_of(std::uint64_t whole, std::uint64_t hundredths) { return whole / 100 * hundredths; }
constexpr std::uint64_t kHigh = 95;
constexpr std::uint64_t kLow = 90;

// The index writes first and is measured afterwards.
constexpr std::uint64_t kIndexGrowth = 8 * 1024 * 1024;

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : space_(std::move(other.space_)),
      bytes_(std::exchange(other.bytes_, 0)),
      promised_(std::exchange(other.promised_, 0)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  release();
  space_ = std::move(other.space_);
  bytes_ = std::exchange(other.bytes_, 0);
  promised_ = std::exchange(other.promised_, 0);
  return *this;
}

Result<void> Reservation::grow(std::uint64_t bytes) {
  Result<void> claimed = space_->claim(bytes);
  if (!claimed) return claimed.error();
  bytes_ += bytes;
  promised_ += bytes;
  return ok();
}

void Reservation::allocated() {
  if (space_ != nullptr) space_->settle(std::exchange(promised_, 0));
}

void Reservation::keep(std::uint64_t bytes) {
  if (space_ == nullptr) return;
  space_->give_back(bytes_ - bytes, promised_);
  space_.reset();
  bytes_ = 0;
  promised_ = 0;
}

Result<Reservation> Space::reserve(std::uint64_t bytes) {
  Result<void> claimed = claim(bytes);
  if (!claimed) return claimed.error();
  return Reservation(shared_from_this(), bytes, bytes);
}

Reservation Space::adopt(std::uint64_t bytes) {
  add(bytes);
  return take_over(bytes);
}

Reservation Space::take_over(std::uint64_t bytes) { return Reservation(shared_from_this(), bytes, 0); }

void Space::add(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  used_ += bytes;
}

void Space::remove(std::uint64_t bytes) { give_back(bytes, 0); }

void Space::set_index(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  index_ = bytes;
}

std::uint64_t Space::used() const {
  std::lock_guard lock(mutex_);
  return used_ + index_;
}

std::uint64_t Space::limit() const { return max_size_ - std::min(kIndexGrowth, max_size_ / 32); }

std::uint64_t Space::excess() const {
  const std::uint64_t free = disk_.free_bytes(path_);
  std::lock_guard lock(mutex_);
  const std::uint64_t used = used_ + index_;
  std::uint64_t excess = 0;
  if (max_size_ != 0 && used > share_of(limit(), kHigh)) excess = used - share_of(limit(), kLow);
  if (free < promised_ + min_free_) excess = std::max(excess, promised_ + min_free_ - free);
  return std::min(excess, used_);
}

Result<void> Space::claim(std::uint64_t bytes) {
  Error none{Errc::NoRoom, "no room for " + std::to_string(bytes) + " bytes in " + path_.string()};
  if (max_size_ != 0 && bytes > limit()) return none;  // nothing that could go would help
  while (std::uint64_t missing = try_claim(bytes)) {
    if (!evict_ || !evict_(missing)) return none;
  }
  if (pressed_ && excess() > 0) pressed_();
  return ok();
}

// How much is missing; 0: it is claimed.
std::uint64_t Space::try_claim(std::uint64_t bytes) {
  const std::uint64_t free = disk_.free_bytes(path_);
  std::lock_guard lock(mutex_);
  const std::uint64_t used = used_ + index_;
  std::uint64_t missing = 0;
  if (max_size_ != 0 && used + bytes > limit()) missing = used + bytes - limit();
  const std::uint64_t taken = promised_ + min_free_ + bytes;
  if (free < taken) missing = std::max(missing, taken - free);
  if (missing > 0) return missing;
  used_ += bytes;
  promised_ += bytes;
  return 0;
}

void Space::give_back(std::uint64_t bytes, std::uint64_t promised) {
  std::lock_guard lock(mutex_);
  used_ -= bytes;
  promised_ -= promised;
}

void Space::settle(std::uint64_t promised) {
  std::lock_guard lock(mutex_);
  promised_ -= promised;
}

}  // namespace entrepot::store
