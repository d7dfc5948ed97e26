// A download in progress on disk: the data at its final size, and beside it a state file that says what it is and which
// bytes are there. docs/store-format.md has the bytes of both.
//
// write(), read() and sync() block (disk pool) and may run at once from several threads. Bytes that were written are
// never written again, and the file is never truncated: readers send its pages to sockets (docs/store-format.md, "Sent
// pages").
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "entrepot/base/result.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/store/extents.hpp"

namespace entrepot::store {

class Store;

class FillFile {
 public:
  ~FillFile();  // closes; what happens to the files on disk is the Store's to say

  const std::string& upstream() const;
  const oci::Digest& digest() const;
  std::optional<std::uint64_t> size() const;  // none: not known; such a fill is not continued after a restart
  int fd() const;                             // for reading; as long as this object lives

  // What was there when this object was made: empty for a new fill.
  const Extents& initial() const;

  // Errc::NoRoom or Errc::Io; the range then counts as missing and must not be written again in this file. Records the
  // bytes in the state file, at the latest after every MiB. For a fill of unknown size it reserves room as it grows.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);

  // Reads what is present: all of `buffer`.
  Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) const;

  // Whether 64 MiB or 5 s have passed since the last sync with something new to sync. Cheap, any thread.
  bool sync_due() const;

  // Makes what was written so far durable and records it as such. After a failure the file must be dropped.
  Result<void> sync();

 private:
  friend class Store;
  class Impl;
  explicit FillFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::store
