// Downloads in progress: begun, continued, given up, and put in their place. docs/store-format.md has the order of the
// steps and what each protects.

#include "entrepot/base/log.hpp"
#include "store/store_impl.hpp"

namespace entrepot::store {

namespace {

constexpr std::chrono::hours kParkedFor{24};

}  // namespace

bool Store::Impl::is_verified(const oci::Digest& digest) const {
  std::optional<Index::Blob> blob = index.find_blob(digest);
  return blob && blob->verified;
}

Result<std::unique_ptr<FillFile>> Store::Impl::create_fill(FillIdentity identity) {
  std::filesystem::path name = fills.folder / (fill_prefix + "-" + std::to_string(next_fill++));
  FillPaths paths{name.string() + ".data", name.string() + ".state"};
  Result<std::unique_ptr<FillFile::Impl>> made = FillFile::Impl::create(fills, std::move(paths), std::move(identity));
  if (!made) return made.error();
  return std::unique_ptr<FillFile>(new FillFile(std::move(*made)));
}

Result<std::unique_ptr<FillFile>> Store::Impl::resume_fill(Parked fill) {
  FillPaths paths = fill.paths;
  Result<std::unique_ptr<FillFile::Impl>> made =
      FillFile::Impl::resume(fills, std::move(fill.paths), std::move(fill.identity), std::move(fill.present),
                             std::move(fill.synced), std::move(fill.reservation));
  if (made) return std::unique_ptr<FillFile>(new FillFile(std::move(*made)));
  remove_files(disk, paths);
  return made.error();
}

Result<std::unique_ptr<FillFile>> Store::Impl::open_fill(const std::string& upstream, const oci::Digest& digest,
                                                         std::optional<std::uint64_t> size) {
  if (std::optional<Parked> fill = parked.take(upstream, digest)) {
    if (!size || size == fill->identity.size) {
      Result<std::unique_ptr<FillFile>> resumed = resume_fill(std::move(*fill));
      if (resumed) return resumed;
      log::warning("fill_not_continued", {{"error", resumed.error().message}});
    } else {
      remove_files(disk, fill->paths);
    }
  }
  return create_fill({upstream, digest, size});
}

Result<std::unique_ptr<FillFile>> Store::Impl::fill_with(FillIdentity identity, const std::string& bytes) {
  Result<std::unique_ptr<FillFile>> file = create_fill(std::move(identity));
  if (!file) return file;
  Result<void> written = (*file)->write(0, std::as_bytes(std::span(bytes)));
  if (written) return file;
  drop(**file);
  return written.error();
}

// Everything up to the row in memory. On an error nothing is left.
Result<void> Store::Impl::place(FillFile& file, std::uint64_t size) {
  FillFile::Impl& fill = *file.impl_;
  const oci::Digest& digest = fill.identity().digest;
  if (is_verified(digest)) {  // another upstream's fill was faster
    drop(file);
    return ok();
  }

  // Durable under its temporary name, with a state that says what it is.
  Result<void> done = fill.finish(size);
  if (done) done = blobs.make_folder(digest);
  std::lock_guard lock(file_mutex(digest));
  if (done && is_verified(digest)) {  // likewise, meanwhile
    drop(file);
    return ok();
  }
  if (done) done = disk.rename(fill.paths().data, blobs.path(digest));
  if (!done) {
    drop(file);
    return done;
  }
  if (options.fsync) done = disk.sync_directory(blobs.folder(digest));
  if (!done) {
    drop(file);
    forget(digest);
    return done;
  }

  // One that was not verified, or was to be evicted.
  std::optional<std::uint64_t> replaced = index.add_blob(digest, size, true, clock.now());
  if (replaced) give_up_room(digest, *replaced);
  fill.reservation().keep(footprint(size));
  fill.set_keeper(keepers.enter(digest));
  writer->changed();
  return ok();
}

void Store::Impl::park(FillFile& file) {
  FillFile::Impl& fill = *file.impl_;
  Time now = clock.now();
  Result<void> recorded = fill.park(now);
  if (!recorded) return drop(file);
  std::optional<Parked> other =
      parked.put({fill.paths(), fill.identity(), fill.present(), fill.synced(), now, std::move(fill.reservation())});
  if (other) remove_files(disk, other->paths);
}

// Its room is free when nobody has it open any more.
void Store::Impl::drop(FillFile& file) { remove_files(disk, file.impl_->paths()); }

void Store::Impl::drop_expired() {
  for (const Parked& fill : parked.take_before(clock.now() - kParkedFor)) {
    log::info("fill_dropped", {{"digest", fill.identity.digest.to_string()}, {"reason", "nobody has continued it"}});
    remove_files(disk, fill.paths);
  }
}

std::uint64_t Store::Impl::drop_parked(std::uint64_t bytes) {
  std::uint64_t freed = 0;
  while (freed < bytes) {
    std::optional<Parked> fill = parked.take_oldest();
    if (!fill) break;
    log::info("fill_dropped", {{"digest", fill->identity.digest.to_string()}, {"reason", "its room is needed"}});
    remove_files(disk, fill->paths);
    freed += fill->reservation.bytes();
  }
  return freed;
}

// What `work` makes, with room made for it where there is none.
template <class Work>
io::Awaitable<Result<std::unique_ptr<FillFile>>> Store::Impl::with_room(std::uint64_t bytes, Work work) {
  for (bool again = true;;) {
    Work attempt = work;
    Result<std::unique_ptr<FillFile>> made = co_await io::run_blocking(pool, std::move(attempt));
    if (made || made.error().code != Errc::NoRoom || !again) co_return made;
    again = co_await find_room(bytes);
  }
}

io::Awaitable<Result<std::unique_ptr<FillFile>>> Store::open_fill(std::string upstream, oci::Digest digest,
                                                                  std::optional<std::uint64_t> size) {
  auto work = [impl = impl_.get(), upstream = std::move(upstream), digest, size] {
    return impl->open_fill(upstream, digest, size);
  };
  co_return co_await impl_->with_room(fill_footprint(size.value_or(0)), std::move(work));
}

io::Awaitable<Result<void>> Store::commit_fill(FillFile& file, std::uint64_t size) {
  auto place = [impl = impl_.get(), &file, size] { return impl->place(file, size); };
  Result<void> placed = co_await io::run_blocking(impl_->pool, std::move(place));
  if (!placed) co_return placed;
  // The object is stored and served from now on, whether or not its row could be written. The state file stays until
  // it was: the next start finishes what it finds.
  Result<void> committed = co_await impl_->writer->flush();
  if (!committed) co_return ok();
  auto remove_state = [impl = impl_.get(), &file] { return impl->disk.remove(file.impl_->paths().state); };
  Result<void> removed = co_await io::run_blocking(impl_->pool, std::move(remove_state));
  if (!removed) log::warning("fill_file_not_removed", {{"error", removed.error().message}});
  co_return ok();
}

io::Awaitable<Result<void>> Store::put(std::string upstream, oci::Digest digest,
                                       std::shared_ptr<const std::string> bytes) {
  if (impl_->is_verified(digest)) co_return ok();
  auto work = [impl = impl_.get(), upstream = std::move(upstream), digest, bytes] {
    return impl->fill_with({upstream, digest, bytes->size()}, *bytes);
  };
  Result<std::unique_ptr<FillFile>> file = co_await impl_->with_room(fill_footprint(bytes->size()), std::move(work));
  if (!file) co_return file.error();
  co_return co_await commit_fill(**file, bytes->size());
}

io::Awaitable<> Store::park_fill(FillFile& file) {
  auto work = [impl = impl_.get(), &file] {
    impl->park(file);
    return true;
  };
  co_await io::run_blocking(impl_->pool, std::move(work));
}

io::Awaitable<> Store::drop_fill(FillFile& file) {
  auto work = [impl = impl_.get(), &file] {
    impl->drop(file);
    return true;
  };
  co_await io::run_blocking(impl_->pool, std::move(work));
}

}  // namespace entrepot::store
