// What has outlived its time goes, and, where room is short, what was not used for the longest time.
// docs/store-format.md has the order of the steps and what each protects.

#include <algorithm>
#include <map>

#include "entrepot/base/log.hpp"
#include "entrepot/oci/manifest.hpp"
#include "store/read_file.hpp"
#include "store/store_impl.hpp"

namespace entrepot::store {

namespace {

// What is done at once, so that a shutdown waits for no more, and nobody long for the index.
constexpr std::size_t kAtOnce = 64;
constexpr std::uint64_t kBytesAtOnce = std::uint64_t{1} << 30;
constexpr RepositoryId kRepositoriesAtOnce = 1000;

// How many are looked for at once: each look goes over all objects.
constexpr std::size_t kCandidates = 4096;

// From an index of indexes down to layers.
constexpr int kLevels = 4;

constexpr std::uint64_t kLargestManifest = 4 * 1024 * 1024;

// Runs `slice`, then rests as long as that took: nobody waits for what has merely outlived its time, but requests wait
// for the processors and the disk that they share with it.
template <class Slice>
io::Awaitable<bool> run_at_half_speed(io::Pool& pool, Slice slice) {
  auto begun = io::SteadyClock::now();
  bool more = co_await io::run_blocking(pool, std::move(slice));
  if (more) co_await io::sleep_for(io::SteadyClock::now() - begun);
  co_return more;
}

}  // namespace

// ---- uses

std::vector<oci::Digest> Store::Impl::listed_in(const oci::Digest& manifest) const {
  std::vector<oci::Digest> digests;
  std::optional<Index::Blob> blob = index.find_blob(manifest);
  if (!blob || blob->size > kLargestManifest) return digests;
  Result<UniqueFd> file = blobs.open_file(manifest, blob->size);
  if (!file) return digests;
  std::string bytes(blob->size, '\0');
  Result<void> read = read_exactly(file->get(), 0, std::as_writable_bytes(std::span(bytes)));
  if (!read) return digests;
  Result<oci::Manifest> parsed = oci::parse_manifest(bytes);
  if (!parsed) return digests;
  for (const oci::Descriptor& listed : parsed->references) digests.push_back(listed.digest);
  return digests;
}

// Clients do not ask for the layers that they have; their manifest's use is the layers' use too.
void Store::Impl::carry_uses() {
  std::lock_guard one_at_a_time(uses_mutex);
  for (int level = 0; level < kLevels; ++level) {
    std::vector<Index::UsedManifest> used = index.take_used_manifests();
    if (used.empty()) return;
    for (const Index::UsedManifest& manifest : used) index.touch_listed(manifest, listed_in(manifest.digest));
  }
}

// ---- removal

void Store::Impl::give_up_room(const oci::Digest& digest, std::uint64_t size) {
  open_files.forget(digest);
  keepers.leave(digest, space->take_over(footprint(size)));
}

// Once for each that was there and is not, however soon a fill brings it back.
void Store::Impl::count_evicted(const Index::Victim& victim, Cause cause) {
  Evicted& count = evicted.at(static_cast<std::size_t>(cause));
  ++count.objects;
  count.bytes += victim.size;
  log::info(
      "evicted",
      {{"digest", victim.digest.to_string()}, {"bytes", victim.size}, {"cause", cause == Cause::Ttl ? "ttl" : "size"}});
}

// Marked, committed, unlinked, the rows gone. Whether any has gone.
bool Store::Impl::remove_leaving(const std::vector<Index::Victim>& victims, Cause cause) {
  if (victims.empty()) return false;
  // Where that fails (a full disk, which is why they go), a start after a crash finds rows without files, and forgets
  // each when it is asked for.
  (void)writer->commit();

  std::map<std::filesystem::path, std::vector<Index::Victim>> removed;  // by folder
  for (const Index::Victim& victim : victims) {
    std::lock_guard lock(file_mutex(victim.digest));
    if (!index.is_leaving(victim.digest)) {  // a fill has put another in its place
      count_evicted(victim, cause);
      continue;
    }
    Result<void> gone = disk.remove(blobs.path(victim.digest));
    if (gone) {
      removed[blobs.folder(victim.digest)].push_back(victim);
      count_evicted(victim, cause);
    } else {
      log::warning("blob_not_removed", {{"error", gone.error().message}});
      index.unmark_leaving(victim.digest, clock.now());
    }
  }
  for (const auto& [folder, gone] : removed) {
    // Before the rows go: a power cut would bring back files that nobody knows.
    Result<void> synced = options.fsync ? disk.sync_directory(folder) : ok();
    if (!synced) {  // they stay marked, for the next start
      log::warning("folder_not_synced", {{"error", synced.error().message}});
      continue;
    }
    for (const Index::Victim& victim : gone) {
      std::lock_guard lock(file_mutex(victim.digest));
      if (!index.is_leaving(victim.digest)) continue;
      index.forget_blob(victim.digest);
      give_up_room(victim.digest, victim.size);
      if (on_removed) on_removed(victim.digest);
    }
  }
  writer->changed();
  return !removed.empty();
}

// ---- time

bool Store::Impl::expire_some(RepositoryId& next, Time now) {
  std::shared_ptr<const Lifetimes> current = lifetimes();
  const RepositoryId end = index.end_of_repositories();
  const RepositoryId stop = std::min(end, next + kRepositoriesAtOnce);
  std::lock_guard one_at_a_time(eviction_mutex);
  while (next < stop) {
    Index::Expired expired = index.expire(next, *current, now, kAtOnce);
    if (expired.links + expired.tags < kAtOnce) ++next;
    if (expired.links + expired.tags == 0) continue;
    log::info("expired", {{"links", expired.links}, {"tags", expired.tags}});
    writer->changed();
    remove_leaving(expired.leaving, Cause::Ttl);
    break;
  }
  return next < end;
}

bool Store::Impl::expire_unlinked(Time now) {
  std::lock_guard one_at_a_time(eviction_mutex);
  return remove_leaving(index.expire_unlinked(lifetimes()->general, now, kAtOnce), Cause::Ttl);
}

std::shared_ptr<const Lifetimes> Store::Impl::lifetimes() const {
  std::lock_guard lock(lifetimes_mutex);
  return current_lifetimes;
}

// ---- room

// A part of what is missing, if all of it can be had: nothing goes for a blob that does not fit even so. Whether there
// may be more to do.
bool Store::Impl::make_room(std::uint64_t bytes) {
  const std::uint64_t missing = space->missing(bytes);
  if (missing == 0 || missing > parked.bytes() + index.stored_footprint()) return false;
  return free_some(missing);
}

bool Store::Impl::free_some(std::uint64_t bytes) {
  std::lock_guard one_at_a_time(eviction_mutex);
  bytes = std::min(bytes, kBytesAtOnce);
  std::uint64_t freed = drop_parked(bytes);
  if (freed >= bytes) return true;
  return remove_leaving(pick_oldest(bytes - freed), Cause::Size) || freed > 0;
}

std::vector<Index::Victim> Store::Impl::pick_oldest(std::uint64_t bytes) {
  carry_uses();
  std::vector<Index::Victim> victims;
  std::uint64_t sum = 0;
  bool looked = false;
  while (sum < bytes && victims.size() < kAtOnce) {
    if (candidates.empty()) {
      if (std::exchange(looked, true)) break;
      candidates = index.oldest(kCandidates);
      std::reverse(candidates.begin(), candidates.end());
      continue;
    }
    Index::Candidate candidate = candidates.back();
    candidates.pop_back();
    std::optional<Index::Victim> victim = index.victim(candidate);
    if (!victim) continue;
    open_files.forget(victim->digest);
    if (keepers.in_use(victim->digest)) {  // its room would not be free
      index.touch_blob(victim->digest, clock.now());
      continue;
    }
    if (!index.mark_leaving(candidate)) continue;
    sum += footprint(victim->size);
    victims.push_back(*victim);
  }
  return victims;
}

io::Awaitable<bool> Store::Impl::find_room(std::uint64_t bytes) {
  auto slice = [this, bytes]() -> io::Awaitable<Result<Room>> {
    auto work = [this, bytes]() -> Result<Room> { return make_room(bytes) ? Room::Made : Room::None; };
    return io::run_blocking(pool, std::move(work));
  };
  bool joined = false;
  Result<Room> found = co_await evictions.run(0, std::move(slice), io::kNoDeadline, &joined);
  co_return joined || found.value() == Room::Made;  // what was too much for another need not be for this one
}

// ---- Store

void Store::set_lifetimes(Lifetimes lifetimes) {
  auto shared = std::make_shared<const Lifetimes>(std::move(lifetimes));
  {
    std::lock_guard lock(impl_->lifetimes_mutex);
    impl_->current_lifetimes = std::move(shared);
  }
  impl_->press();
}

void Store::set_limits(std::uint64_t max_size, std::uint64_t min_free) {
  impl_->space->set_limits(max_size, min_free);
  impl_->press();
}

void Store::on_removed(std::function<void(const oci::Digest&)> listener) { impl_->on_removed = std::move(listener); }

io::Awaitable<> Store::expire() {
  // The time up to which uses are carried on to what manifests list is the time by which all of it has to be old.
  const Time now = impl_->clock.now();
  auto carry = [impl = impl_.get()] {
    impl->carry_uses();
    impl->drop_expired();
    return true;
  };
  co_await io::run_blocking(impl_->pool, std::move(carry));
  RepositoryId next = 0;
  for (bool more = true; more;) {
    auto some = [impl = impl_.get(), &next, now] { return impl->expire_some(next, now); };
    more = co_await run_at_half_speed(impl_->pool, std::move(some));
  }
  for (bool more = true; more;) {
    auto unlinked = [impl = impl_.get(), now] { return impl->expire_unlinked(now); };
    more = co_await run_at_half_speed(impl_->pool, std::move(unlinked));
  }
}

io::Awaitable<> Store::trim() {
  auto look = [impl = impl_.get()] { return impl->space->is_tight(); };
  for (bool more = co_await io::run_blocking(impl_->pool, std::move(look)); more;) {
    auto slice = [impl = impl_.get()] {
      std::uint64_t excess = impl->space->excess();
      return excess > 0 && impl->free_some(excess);
    };
    more = co_await io::run_blocking(impl_->pool, std::move(slice));
  }
}

io::Awaitable<bool> Store::wait_until_short(io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(impl_->pressure_mutex);
  while (!impl_->is_short) {
    impl_->waiting_for_pressure.clear();  // of a wait that is over: one that ends by its deadline does not leave
    std::shared_ptr<io::WaitList::Waiter> waiter = impl_->waiting_for_pressure.enter(executor);
    lock.unlock();
    bool woken = co_await io::wait(std::move(waiter), deadline);
    lock.lock();
    if (!woken && !impl_->is_short) co_return false;
  }
  impl_->is_short = false;
  co_return true;
}

Store::Stats Store::stats() const {
  auto evicted = [this](Impl::Cause cause) {
    const Impl::Evicted& count = impl_->evicted.at(static_cast<std::size_t>(cause));
    return Stats::Evicted{count.objects, count.bytes};
  };
  return {impl_->index.stored_objects(), impl_->parked.count(), evicted(Impl::Cause::Ttl), evicted(Impl::Cause::Size)};
}

void Store::Impl::press() {
  std::lock_guard lock(pressure_mutex);
  is_short = true;
  waiting_for_pressure.wake_all();
}

}  // namespace entrepot::store
