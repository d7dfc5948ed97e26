// The fills in progress, one for each (upstream, digest), and how one begins, goes on and ends.
//
//   Opening   the first request has gone to the upstream, no answer yet
//   Running   the file is there, fetchers write and readers read
//   Closed    nothing more happens: the entry has left the table
//
// An entry is started by one client's request and belongs to the table from then on: a client that leaves stops
// nothing. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "cache/download.hpp"
#include "cache/fill.hpp"
#include "cache/fill_metrics.hpp"
#include "cache/upstream_load.hpp"
#include "entrepot/cache/context.hpp"

namespace entrepot::cache {

class FillEntry {
 public:
  FillEntry(const Source& source, upstream::View view, oci::Digest digest, std::optional<std::uint64_t> listed_size);

  upstream::Upstream& upstream() const { return *source_.upstream; }
  const config::Fetching& fetching() const { return source_.fetching; }
  const oci::Digest& digest() const { return digest_; }

  // The view by which it was started. A refusal of the first request is an answer to those who asked by it, and to
  // nobody else.
  const upstream::View& starter() const { return starter_; }

  // Of what the upstream shows to the starter.
  store::RepositoryKey key() const { return source_.key(starter_); }

  // The size that a stored descriptor gives.
  std::optional<std::uint64_t> listed_size() const { return listed_size_; }

  const std::shared_ptr<Feeders>& feeders() const { return feeders_; }

  // How the opening ended: a fill to read from; or no room for one, the blob's size being this; or the error.
  struct NoRoom {
    std::optional<std::uint64_t> size;
  };
  struct Opened {
    std::shared_ptr<Fill> fill{};
    std::optional<NoRoom> no_room{};
    std::optional<Error> error{};
    bool answered = false;  // for the fill, by the upstream, to the starter
  };

  // The upstream has shown it to the starter: its bytes are right.
  void note_shown() const;

  // Everything is present and right: it is on its way into the store, and can be read as if it were there.
  bool is_verified();

  // It has ended without that, and is being given up. Its error belongs to those who were there before.
  bool has_failed();

  // Waits for the end of the opening; Errc::Timeout after `deadline`.
  io::Awaitable<Opened> wait_opened(io::Deadline deadline);

  // Waits until the entry has left the table; false after `deadline`.
  io::Awaitable<bool> wait_closed(io::Deadline deadline);

  // Where there was no room: the answer to the opening's request, from byte 0, not read yet. For whoever is first, on
  // the thread that started the entry; null for all others.
  std::unique_ptr<Download> claim_stream();

  // For the table: the steps above.
  void set_opened(Opened opened);
  void set_stream(std::unique_ptr<Download> stream);
  void set_closed();

 private:
  const Source& source_;
  const upstream::View starter_;
  const oci::Digest digest_;
  const std::optional<std::uint64_t> listed_size_;
  const std::shared_ptr<Feeders> feeders_;  // shared with downloads and readers
  const io::Deadline begun_ = io::SteadyClock::now();

  std::mutex mutex_;
  io::WaitList waiting_;  // guarded by mutex_, as all below
  std::optional<Opened> opened_{};
  bool closed_ = false;
  std::unique_ptr<Download> stream_{};
};

class FillTable {
 public:
  explicit FillTable(Context context);

  struct Joined {
    std::shared_ptr<FillEntry> entry;  // null: the object is stored, and there is nothing to fill
    bool started = false;              // by this call
  };

  // The fill of (upstream, digest), if there is one.
  std::shared_ptr<FillEntry> find(const upstream::Upstream& upstream, const oci::Digest& digest);

  // The entry of (upstream, digest), or, if there is none, a new one that asks by `view` on the caller's thread.
  // `source` must outlive its tasks.
  io::Awaitable<Joined> join_or_start(const Source& source, upstream::View view, oci::Digest digest,
                                      std::optional<std::uint64_t> listed_size);

 private:
  using Key = std::pair<std::string, oci::Digest>;

  // What the first request has brought about.
  struct Begun {
    std::shared_ptr<Fill> fill{};          // null: there is nothing to fill
    std::unique_ptr<Download> download{};  // its answer; null if nothing is missing
    std::uint64_t first_end = UINT64_MAX;  // where that is to be cut: it was not known that the blob comes in stripes
  };

  io::Awaitable<> run(std::shared_ptr<FillEntry> entry);
  io::Awaitable<Begun> open(std::shared_ptr<FillEntry> entry);
  unsigned stripes_for(const FillEntry& entry, std::optional<std::uint64_t> size);
  UpstreamLoad& load_of(const FillEntry& entry);
  io::Awaitable<> settle(std::shared_ptr<Fill> fill, FillEntry& entry, bool shown);
  void close(FillEntry& entry);

  Context context_;
  FillMetrics metrics_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<FillEntry>> entries_;  // guarded by mutex_
  std::map<std::string, UpstreamLoad> loads_;          // by upstream; the map is guarded by mutex_, and only grows
};

}  // namespace entrepot::cache
