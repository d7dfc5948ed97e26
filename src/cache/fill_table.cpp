#include "cache/fill_table.hpp"

#include <vector>

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

constexpr std::size_t kFetchBuffer = 256 * 1024;
constexpr std::chrono::seconds kClaimLimit{1};

upstream::BlobRange request_for(store::Extent missing, std::uint64_t size) {
  upstream::BlobRange range;
  range.first = missing.begin;
  if (missing.end < size) range.last = missing.end - 1;
  return range;
}

}  // namespace

// ---- FillEntry

FillEntry::FillEntry(upstream::Upstream& upstream, std::string repository, oci::Digest digest,
                     std::optional<std::uint64_t> listed_size)
    : upstream_(upstream),
      starter_(std::move(repository)),
      digest_(digest),
      listed_size_(listed_size),
      feeders_(std::make_shared<Feeders>(starter_)) {}

bool FillEntry::is_verified() {
  std::lock_guard lock(mutex_);
  return opened_ && opened_->fill && opened_->fill->progress().state() == Progress::State::Verified;
}

bool FillEntry::has_failed() {
  std::lock_guard lock(mutex_);
  if (!opened_ || !opened_->fill) return false;
  Progress::State state = opened_->fill->progress().state();
  return state == Progress::State::Failed || state == Progress::State::DiskFailed;
}

io::Awaitable<FillEntry::Opened> FillEntry::wait_opened(io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  while (!opened_) {
    std::shared_ptr<io::WaitList::Waiter> waiter = waiting_.enter(executor);
    lock.unlock();
    bool woken = co_await io::wait(std::move(waiter), deadline);
    lock.lock();
    if (!woken && !opened_) {
      Opened late;
      late.error = Error{Errc::Timeout, upstream_.name() + ": no answer in time"};
      co_return late;
    }
  }
  co_return *opened_;
}

io::Awaitable<bool> FillEntry::wait_closed(io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  while (!closed_) {
    std::shared_ptr<io::WaitList::Waiter> waiter = waiting_.enter(executor);
    lock.unlock();
    bool woken = co_await io::wait(std::move(waiter), deadline);
    lock.lock();
    if (!woken && !closed_) co_return false;
  }
  co_return true;
}

std::unique_ptr<Download> FillEntry::claim_stream() {
  std::lock_guard lock(mutex_);
  return std::move(stream_);
}

void FillEntry::set_opened(Opened opened) {
  std::lock_guard lock(mutex_);
  opened_ = std::move(opened);
  waiting_.wake_all();
}

void FillEntry::set_stream(std::unique_ptr<Download> stream) {
  std::lock_guard lock(mutex_);
  stream_ = std::move(stream);
}

void FillEntry::set_closed() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.wake_all();
}

// ---- FillTable

FillTable::FillTable(Context context) : context_(context), metrics_(context.registry) {
  auto running = [this] {
    std::lock_guard lock(mutex_);
    return static_cast<double>(entries_.size());
  };
  context.registry.read(metrics::Registry::Kind::Gauge, "entrepot_fills_running", "Downloads into the store.", {},
                        running);
}

std::shared_ptr<FillEntry> FillTable::find(const upstream::Upstream& upstream, const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(Key(upstream.name(), digest));
  return found == entries_.end() ? nullptr : found->second;
}

io::Awaitable<FillTable::Joined> FillTable::join_or_start(upstream::Upstream& upstream, std::string repository,
                                                          oci::Digest digest,
                                                          std::optional<std::uint64_t> listed_size) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::lock_guard lock(mutex_);
  // Under the lock under which a fill that is complete leaves the table.
  if (context_.store.stored_size(digest)) co_return Joined{};
  std::shared_ptr<FillEntry>& slot = entries_[Key(upstream.name(), digest)];
  if (slot) co_return Joined{slot, false};
  slot = std::make_shared<FillEntry>(upstream, std::move(repository), digest, listed_size);
  context_.tasks.spawn(executor, "fill", run(slot));
  co_return Joined{slot, true};
}

io::Awaitable<> FillTable::run(std::shared_ptr<FillEntry> entry) {
  std::shared_ptr<Fill> fill;
  std::unique_ptr<Download> download = co_await open(entry, fill);
  if (!fill) co_return;
  bool shown = download != nullptr;
  co_await fetch(*fill, std::move(download), *entry);
  co_await settle(fill, *entry, shown);
  close(*entry);
}

// The first request and the file. Where it ends without a fill, the entry leaves the table before those who wait learn
// of it, so that whoever tries again starts anew.
io::Awaitable<std::unique_ptr<Download>> FillTable::open(std::shared_ptr<FillEntry> entry,
                                                         std::shared_ptr<Fill>& fill) {
  upstream::Upstream& upstream = entry->upstream();
  std::optional<std::uint64_t> size = entry->listed_size();
  upstream::BlobRange range;
  bool complete = false;
  auto parked = context_.store.parked(upstream.name(), entry->digest());
  bool resumes = parked && (!size || *size == parked->size);
  if (resumes) {
    size = parked->size;
    auto missing = parked->present.first_missing(*size);
    complete = !missing;
    if (missing) range = request_for(*missing, *size);
  }

  std::unique_ptr<Download> download;
  FillEntry::Opened outcome;
  if (!complete) {
    download = std::make_unique<Download>(upstream, entry->feeders(), entry->digest(), range, size);
    Result<void> answered = co_await download->open(io::SteadyClock::now() + kSharedLimit);
    if (!answered && resumes && answered.error().code == Errc::BadGateway) {
      // It may be the parked part that is wrong: begun when the upstream named another size.
      size = entry->listed_size();
      range = {};
      download = std::make_unique<Download>(upstream, entry->feeders(), entry->digest(), range, size);
      answered = co_await download->open(io::SteadyClock::now() + kSharedLimit);
    }
    if (!answered) {
      metrics_.refused.add();
      close(*entry);
      outcome.error = answered.error();
      entry->set_opened(std::move(outcome));
      co_return nullptr;
    }
    size = download->size();
    if (!size) {
      auto stat = co_await upstream.stat_blob(entry->starter(), entry->digest(), io::SteadyClock::now() + kSharedLimit);
      if (stat) size = *stat;
    }
    store::Link shown{.digest = entry->digest(), .as_blob = true};
    context_.store.add_links({upstream.name(), entry->starter()}, {shown});
  }

  auto file = co_await context_.store.open_fill(upstream.name(), entry->digest(), size);
  if (!file) {
    metrics_.no_room.add();
    log::info("no_room", {{"digest", entry->digest().to_string()}, {"error", file.error().message}});
    close(*entry);
    if (download && range.whole()) entry->set_stream(std::move(download));
    outcome.no_room = FillEntry::NoRoom{size};
    entry->set_opened(std::move(outcome));
    co_await io::sleep_for(kClaimLimit);
    entry->claim_stream();  // it ends on the thread that it belongs to
    co_return nullptr;
  }
  if (!(*file)->initial().empty()) metrics_.continued.add();
  fill = std::make_shared<Fill>(std::move(*file), context_.disk_pool);
  outcome.fill = fill;
  entry->set_opened(std::move(outcome));
  co_return download;
}

// One fetcher, from the first missing byte on. `download` is the answer to the first request, or null.
io::Awaitable<> FillTable::fetch(Fill& fill, std::unique_ptr<Download> download, FillEntry& entry) {
  std::vector<std::byte> buffer(kFetchBuffer);
  std::optional<std::uint64_t> size = fill.progress().size();
  for (;;) {
    store::Extent missing{0, UINT64_MAX};
    if (size) {
      auto next = fill.progress().present().first_missing(*size);
      if (!next) break;
      missing = *next;
    }
    if (!download || download->position() != missing.begin) {
      upstream::BlobRange range;
      if (size) range = request_for(missing, *size);
      download = std::make_unique<Download>(entry.upstream(), entry.feeders(), fill.digest(), range, size);
    }
    while (download->position() < missing.end) {
      std::uint64_t offset = download->position();
      auto read = co_await download->read(buffer);
      if (std::uint64_t resumes = download->take_resumes()) metrics_.resumed.add(static_cast<double>(resumes));
      if (!read) {
        fill.fail(read.error());
        co_return;
      }
      if (*read == 0) break;
      Result<void> written = co_await fill.write(offset, std::span(buffer).first(*read));
      if (!written) co_return;
    }
    if (!size) {
      co_await fill.finish(download->position());
      co_return;
    }
    download.reset();
  }
  if (fill.progress().state() == Progress::State::Running) co_await fill.hash_present();
}

// `shown`: the upstream has answered for it in the repository that it was started by.
io::Awaitable<> FillTable::settle(std::shared_ptr<Fill> fill, FillEntry& entry, bool shown) {
  const Progress& progress = fill->progress();
  std::optional<std::uint64_t> size = progress.size();
  std::string digest = fill->digest().to_string();
  std::uint64_t present = progress.present().total();
  switch (progress.state()) {
    case Progress::State::Verified:
      if (fill->sync_failed()) {
        metrics_.disk.add();
        co_await context_.store.drop_fill(fill->file());
      } else {
        if (shown) {  // once more: it may have taken longer than a link that nobody uses lives
          store::Link link{.digest = fill->digest(), .as_blob = true};
          context_.store.add_links({entry.upstream().name(), entry.starter()}, {link});
        }
        Result<void> committed = co_await context_.store.commit_fill(fill->file(), *size);
        (committed ? metrics_.completed : metrics_.disk).add();
        if (committed) {
          log::info("fill_done", {{"upstream", entry.upstream().name()}, {"digest", digest}, {"bytes", *size}});
        } else {
          log::error("commit_failed", {{"digest", digest}, {"error", committed.error().message}});
        }
      }
      break;
    case Progress::State::Failed:
      if (size && present < *size) {
        metrics_.parked.add();
        co_await context_.store.park_fill(fill->file());
        log::warning(
            "fill_parked",
            {{"upstream", entry.upstream().name()}, {"digest", digest}, {"present", present}, {"size", *size}});
      } else {
        metrics_.wrong.add();
        co_await context_.store.drop_fill(fill->file());
        log::error("fill_dropped", {{"upstream", entry.upstream().name()}, {"digest", digest}, {"present", present}});
      }
      break;
    case Progress::State::DiskFailed:
    case Progress::State::Running:
      metrics_.disk.add();
      co_await context_.store.drop_fill(fill->file());
      log::error("fill_dropped_by_disk", {{"digest", digest}, {"present", present}});
      break;
  }
}

void FillTable::close(FillEntry& entry) {
  {
    std::lock_guard lock(mutex_);
    entries_.erase(Key(entry.upstream().name(), entry.digest()));
  }
  entry.set_closed();
}

}  // namespace entrepot::cache
