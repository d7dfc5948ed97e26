// A small file whose content counts as it is now: it is read again when it has changed. For secrets, which rotate: an
// orchestrator replaces them while the daemon runs, Kubernetes by swapping a symbolic link above them.
//
// Thread-safe. Must outlive its running calls. Files are read on the pool, never on an io thread.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/shared_call.hpp"
#include "upstream/credentials.hpp"

namespace entrepot::upstream {

class WatchedFile {
 public:
  // Takes over what the file holds. An error says why it is of no use, without quoting it; what was taken over before
  // stays then. Called on any thread, once at a time.
  using Take = std::function<Result<void>(std::string text)>;

  // A file of more than `limit` bytes is of no use.
  WatchedFile(std::filesystem::path path, std::size_t limit, Take take, const Context& context);

  // Reads it on the caller's thread: once, before the first refresh(). The error says what is wrong with which file.
  Result<void> load();

  // Reads it again if it is another one than before (device, inode, size, time): looks at most once a second, and all
  // who come meanwhile wait for the same look. A file that cannot be read any more, or is of no use, is a warning in
  // the log, once for each change. Returns after a second, or at `deadline`, whatever the file system does.
  io::Awaitable<> refresh(io::Deadline deadline);

  // What it holds has not worked: the next refresh() looks, whenever the last one did.
  void look_again();

 private:
  // What tells one file, or state of it, from another.
  struct Identity {
    int error = 0;  // of stat(), if it failed; the rest is 0 then
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed = 0;  // nanoseconds
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  struct Look;

  static Identity identity_of(const struct stat& status);
  Result<void> read(Identity& identity);
  bool is_due() const;
  void look();

  const std::filesystem::path path_;
  const std::size_t limit_;
  const Take take_;
  io::Pool& pool_;
  const Clock& clock_;

  // Of load(), then of the one look that runs.
  Identity seen_;
  bool settled_ = true;  // else it may change within the resolution of its time, and look the same

  io::SharedCalls<int, bool> looks_;
  mutable std::mutex mutex_;
  bool fixed_ = false;            // guarded by mutex_: no regular file (a pipe), so it was read once and for all
  Time looked_at_{};              // guarded by mutex_
  std::uint64_t asked_for_ = 0;   // guarded by mutex_: calls of look_again()
  std::uint64_t looked_for_ = 0;  // guarded by mutex_: those that a look has followed
};

// Null where no file is configured.
std::unique_ptr<WatchedFile> watched(const std::optional<std::filesystem::path>& path, std::size_t limit,
                                     WatchedFile::Take take, const Context& context);

}  // namespace entrepot::upstream
