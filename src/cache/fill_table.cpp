#include "cache/fill_table.hpp"

#include "cache/fetchers.hpp"
#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

constexpr std::chrono::seconds kClaimLimit{1};

// Where a request for a whole blob is cut if that turns out to come in stripes. What is on its way then is lost.
constexpr std::uint64_t kWholeCutAt = 1024 * 1024;

}  // namespace

// ---- FillEntry

FillEntry::FillEntry(const Source& source, upstream::View view, oci::Digest digest,
                     std::optional<std::uint64_t> listed_size)
    : source_(source),
      starter_(std::move(view)),
      digest_(digest),
      listed_size_(listed_size),
      feeders_(std::make_shared<Feeders>(starter_)) {}

void FillEntry::note_shown() const {
  if (source_.permissions != nullptr) source_.permissions->grant(starter_, begun_, io::SteadyClock::now());
}

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
      late.error = Error{Errc::Timeout, upstream().name() + ": no answer in time"};
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

io::Awaitable<FillTable::Joined> FillTable::join_or_start(const Source& source, upstream::View view, oci::Digest digest,
                                                          std::optional<std::uint64_t> listed_size) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::lock_guard lock(mutex_);
  // Under the lock under which a fill that is complete leaves the table.
  if (context_.store.stored_size(digest)) co_return Joined{};
  std::shared_ptr<FillEntry>& slot = entries_[Key(source.upstream->name(), digest)];
  if (slot) co_return Joined{slot, false};
  slot = std::make_shared<FillEntry>(source, std::move(view), digest, listed_size);
  context_.tasks.spawn(executor, "fill", run(slot));
  co_return Joined{slot, true};
}

UpstreamLoad& FillTable::load_of(const FillEntry& entry) {
  std::lock_guard lock(mutex_);
  return loads_.try_emplace(entry.upstream().name(), entry.fetching().max_connections).first->second;
}

// How many stripes of a blob are to be asked for at once.
unsigned FillTable::stripes_for(const FillEntry& entry, std::optional<std::uint64_t> size) {
  const config::Fetching& fetching = entry.fetching();
  const bool large = size && *size >= fetching.parallel_min_size && *size > fetching.stripe;
  return large && load_of(entry).heeds_range() ? fetching.connections_per_blob : 1;
}

io::Awaitable<> FillTable::run(std::shared_ptr<FillEntry> entry) {
  Begun begun = co_await open(entry);
  if (!begun.fill) co_return;
  const bool shown = begun.download != nullptr;
  UpstreamLoad& load = load_of(*entry);
  Fetchers::Options options{stripes_for(*entry, begun.fill->progress().size()), begun.first_end};
  auto fetchers = std::make_shared<Fetchers>(begun.fill, entry->upstream(), entry->feeders(), load, metrics_,
                                             context_.tasks, options);
  load.begin_fill();
  co_await fetchers->run(std::move(begun.download));
  load.end_fill();
  co_await settle(begun.fill, *entry, shown);
  close(*entry);
}

// The first request and the file. Where it ends without a fill, the entry leaves the table before those who wait learn
// of it, so that whoever tries again starts anew.
io::Awaitable<FillTable::Begun> FillTable::open(std::shared_ptr<FillEntry> entry) {
  Begun begun;
  upstream::Upstream& upstream = entry->upstream();
  std::optional<std::uint64_t> size = entry->listed_size();
  store::Extent missing{0, size.value_or(0)};
  auto parked = context_.store.parked(upstream.name(), entry->digest());
  const bool resumes = parked && (!size || *size == parked->size);
  bool complete = false;
  if (resumes) {
    size = parked->size;
    auto next = parked->present.first_missing(*size);
    complete = !next;
    if (next) missing = *next;
  }

  std::unique_ptr<Download>& download = begun.download;
  upstream::BlobRange range;
  FillEntry::Opened outcome;
  if (!complete) {
    if (stripes_for(*entry, size) > 1) {
      missing.end = std::min(missing.end, FetchPlan::stripe_end(missing.begin, entry->fetching().stripe));
    }
    if (size) range = range_between(missing.begin, missing.end, size);
    download = std::make_unique<Download>(upstream, entry->feeders(), entry->digest(), range, size);
    Result<void> answered = co_await download->open(shared_deadline());
    if (!answered && !range.whole() && answered.error().code == Errc::BadGateway) {
      // It may be the parked part that is wrong, begun when the upstream named another size; or ranges are refused.
      size = entry->listed_size();
      range = {};
      download = std::make_unique<Download>(upstream, entry->feeders(), entry->digest(), range, size);
      answered = co_await download->open(shared_deadline());
      if (answered) load_of(*entry).note_no_ranges();
    }
    if (!answered) {
      metrics_.refused.add();
      close(*entry);
      outcome.error = answered.error();
      entry->set_opened(std::move(outcome));
      co_return Begun();
    }
    if (download->ranges_ignored()) load_of(*entry).note_no_ranges();
    size = download->size();
    if (!size) {
      auto stat = co_await upstream.stat_blob(entry->starter(), entry->digest(), shared_deadline());
      if (stat) size = *stat;
    }
    if (range.whole() && stripes_for(*entry, size) > 1)
      begun.first_end = std::min(kWholeCutAt, entry->fetching().stripe);
    store::Link shown{.digest = entry->digest(), .as_blob = true};
    context_.store.add_links(entry->key(), {shown});
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
    co_return Begun();
  }
  if (!(*file)->initial().empty()) metrics_.continued.add();
  begun.fill = std::make_shared<Fill>(std::move(*file), context_.disk_pool, entry->fetching().stripe);
  outcome.fill = begun.fill;
  outcome.answered = begun.download != nullptr;
  entry->set_opened(std::move(outcome));
  co_return begun;
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
        if (shown) {  // the link once more: it may have taken longer than one that nobody uses lives
          entry.note_shown();
          store::Link link{.digest = fill->digest(), .as_blob = true};
          context_.store.add_links(entry.key(), {link});
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
