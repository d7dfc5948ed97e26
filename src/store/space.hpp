// How much room the store takes and may take. Thread-safe; what asks the file system blocks, and says so.
//
// Room is reserved before the first byte of a file is written, and counted until the file is gone. So that it is seldom
// short, somebody frees more in the background as soon as little is left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "entrepot/base/result.hpp"
#include "entrepot/store/disk.hpp"

namespace entrepot::store {

// What a file of `size` bytes takes: whole blocks of 4 KiB.
constexpr std::uint64_t footprint(std::uint64_t size) { return (size + 4095) / 4096 * 4096; }

class Space;

// Room that is counted as used until this object dies or the room is given to a file for good. Not thread-safe.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { release(); }

  std::uint64_t bytes() const { return bytes_; }

  // Blocks. Evicts if it must. Errc::NoRoom; then it is as large as before.
  Result<void> grow(std::uint64_t bytes);

  // The file system has set the room aside: its own count of free bytes shows it from now on.
  void allocated();

  // `bytes` of it stay in use after this object; the rest is free again.
  void keep(std::uint64_t bytes);

  void release() { keep(0); }

 private:
  friend class Space;
  Reservation(std::shared_ptr<Space> space, std::uint64_t bytes, std::uint64_t promised)
      : space_(std::move(space)), bytes_(bytes), promised_(promised) {}

  std::shared_ptr<Space> space_;
  std::uint64_t bytes_ = 0;
  std::uint64_t promised_ = 0;  // the part that the file system does not show as used yet
};

class Space : public std::enable_shared_from_this<Space> {
 public:
  // Frees something, if there can be room for `bytes` more at all; else false. Called with no lock held; may block.
  using Evict = std::function<bool(std::uint64_t bytes)>;

  // Little room is left. Called with no lock held; may not block.
  using Pressed = std::function<void()>;

  // `max_size` 0: no cap.
  Space(Disk& disk, std::filesystem::path path, std::uint64_t max_size, std::uint64_t min_free)
      : disk_(disk), path_(std::move(path)), max_size_(max_size), min_free_(min_free) {}

  // From now on. What is there stays until somebody makes room.
  void set_limits(std::uint64_t max_size, std::uint64_t min_free);

  // Set before the first reservation.
  void evict_with(Evict evict, Pressed pressed) {
    evict_ = std::move(evict);
    pressed_ = std::move(pressed);
  }

  // Both block. Whether little room is left, and how much has to go until there is some for a while.
  bool is_tight() const;
  std::uint64_t excess() const;

  // How much has to go before `bytes` more have room. Blocks.
  std::uint64_t missing(std::uint64_t bytes) const;

  // Errc::NoRoom if there is none. Evicts nothing. Blocks.
  Result<Reservation> reserve(std::uint64_t bytes);

  // For a file that is there already: never refused. take_over(): and which is counted already.
  Reservation adopt(std::uint64_t bytes);
  Reservation take_over(std::uint64_t bytes);
  void add(std::uint64_t bytes);

  // The index writes without asking; this is what its files take now.
  void set_index(std::uint64_t bytes);

  std::uint64_t used() const;

 private:
  friend class Reservation;

  std::uint64_t limit() const;  // with mutex_ held
  std::uint64_t over(std::uint64_t hundredths) const;
  std::uint64_t missing(std::uint64_t bytes, std::uint64_t free) const;  // with mutex_ held
  Result<void> claim(std::uint64_t bytes);
  void give_back(std::uint64_t bytes, std::uint64_t promised);
  void settle(std::uint64_t promised);

  Disk& disk_;
  const std::filesystem::path path_;
  Evict evict_;
  Pressed pressed_;

  mutable std::mutex mutex_;
  std::uint64_t max_size_;      // guarded by mutex_
  std::uint64_t min_free_;      // guarded by mutex_
  std::uint64_t used_ = 0;      // guarded by mutex_
  std::uint64_t promised_ = 0;  // guarded by mutex_: reserved, not allocated yet
  std::uint64_t index_ = 0;     // guarded by mutex_
};

}  // namespace entrepot::store
