#include "store/space.hpp"

#include <algorithm>
#include <utility>

namespace entrepot::store {

namespace {

// Of what the store may take: where the background begins to free room, and where it stops. In hundredths.
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
  while (!claimed && space_->evict_ && space_->evict_(bytes)) claimed = space_->claim(bytes);
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

void Space::set_index(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  index_ = bytes;
}

std::uint64_t Space::used() const {
  std::lock_guard lock(mutex_);
  return used_ + index_;
}

void Space::set_limits(std::uint64_t max_size, std::uint64_t min_free) {
  std::lock_guard lock(mutex_);
  max_size_ = max_size;
  min_free_ = min_free;
}

std::uint64_t Space::limit() const { return max_size_ - std::min(kIndexGrowth, max_size_ / 32); }

bool Space::is_tight() const { return over(kHigh) > 0; }

std::uint64_t Space::excess() const { return over(kLow); }

std::uint64_t Space::over(std::uint64_t hundredths) const {
  const std::uint64_t free = disk_.free_bytes(path_);
  std::lock_guard lock(mutex_);
  std::uint64_t over = missing(0, free);
  const std::uint64_t mark = limit() / 100 * hundredths;
  if (max_size_ != 0 && used_ + index_ > mark) over = std::max(over, used_ + index_ - mark);
  return over;
}

std::uint64_t Space::missing(std::uint64_t bytes) const {
  const std::uint64_t free = disk_.free_bytes(path_);
  std::lock_guard lock(mutex_);
  return missing(bytes, free);
}

std::uint64_t Space::missing(std::uint64_t bytes, std::uint64_t free) const {
  const std::uint64_t used = used_ + index_ + bytes;
  std::uint64_t missing = max_size_ != 0 && used > limit() ? used - limit() : 0;
  const std::uint64_t taken = promised_ + min_free_ + bytes;
  if (taken > free) missing = std::max(missing, taken - free);
  return missing;
}

Result<void> Space::claim(std::uint64_t bytes) {
  const std::uint64_t free = disk_.free_bytes(path_);
  {
    std::lock_guard lock(mutex_);
    if (missing(bytes, free) > 0) {
      return Error{Errc::NoRoom, "no room for " + std::to_string(bytes) + " bytes in " + path_.string()};
    }
    used_ += bytes;
    promised_ += bytes;
  }
  if (pressed_ && is_tight()) pressed_();
  return ok();
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
