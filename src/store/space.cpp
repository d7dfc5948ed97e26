#include "store/space.hpp"

#include <utility>

namespace entrepot::store {

Reservation::Reservation(Reservation&& other) noexcept
    : space_(std::exchange(other.space_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      promised_(std::exchange(other.promised_, 0)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  release();
  space_ = std::exchange(other.space_, nullptr);
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
  space_ = nullptr;
  bytes_ = 0;
  promised_ = 0;
}

Result<Reservation> Space::reserve(std::uint64_t bytes) {
  Result<void> claimed = claim(bytes);
  if (!claimed) return claimed.error();
  return Reservation(*this, bytes, bytes);
}

Reservation Space::adopt(std::uint64_t bytes) {
  add(bytes);
  return Reservation(*this, bytes, 0);
}

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

Result<void> Space::claim(std::uint64_t bytes) {
  Error none{Errc::NoRoom, "no room for " + std::to_string(bytes) + " bytes in " + path_.string()};
  if (max_size_ != 0 && bytes > max_size_) return none;  // nothing that could go would help
  while (!try_claim(bytes)) {
    if (!evict_ || !evict_()) return none;
  }
  return ok();
}

bool Space::try_claim(std::uint64_t bytes) {
  std::uint64_t free = disk_.free_bytes(path_);
  std::lock_guard lock(mutex_);
  if (max_size_ != 0 && used_ + index_ + bytes > max_size_) return false;
  std::uint64_t taken = promised_ + min_free_;
  if (free < taken || free - taken < bytes) return false;
  used_ += bytes;
  promised_ += bytes;
  return true;
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
