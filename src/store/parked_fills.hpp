// Fills that were given up for now, by (upstream, digest). Their files stay in fills/ and count as used space until
// they are continued or dropped. Thread-safe; no call touches the disk.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "store/fill_impl.hpp"

namespace entrepot::store {

struct Parked {
  FillPaths paths;
  FillIdentity identity;  // its size is known
  Extents present;
  Extents synced;
  Time since;
  Reservation reservation;
};

class ParkedFills {
 public:
  // What this replaces, if anything: its files are the caller's to remove.
  std::optional<Parked> put(Parked fill);

  std::optional<Parked> take(const std::string& upstream, const oci::Digest& digest);
  std::optional<Parked> take_oldest();
  std::vector<Parked> take_before(Time since);

  std::uint64_t bytes() const;  // that all of them take
  std::size_t count() const;

  struct Summary {
    std::uint64_t size;
    Extents present;
  };
  std::optional<Summary> find(const std::string& upstream, const oci::Digest& digest) const;

 private:
  using Key = std::pair<std::string, oci::Digest>;

  mutable std::mutex mutex_;
  std::map<Key, Parked> fills_;  // guarded by mutex_
};

}  // namespace entrepot::store
