#include "store/fill_impl.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <chrono>

#include "entrepot/base/log.hpp"
#include "store/read_file.hpp"

namespace entrepot::store {

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kRecordEvery = kMiB;
constexpr std::uint64_t kSyncBytes = 64 * kMiB;
constexpr std::chrono::nanoseconds kSyncTime = std::chrono::seconds(5);
constexpr std::uint64_t kStateBytesPerMiB = 256;  // `written` and `synced` lines, of several places at once

std::int64_t steady_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

std::uint64_t fill_footprint(std::uint64_t size) {
  return footprint(size) + footprint(4096 + size / kMiB * kStateBytesPerMiB);
}

void remove_files(Disk& disk, const FillPaths& paths) {
  for (const std::filesystem::path& path : {paths.state, paths.data}) {
    Result<void> removed = disk.remove(path);
    if (!removed) log::warning("fill_file_not_removed", {{"error", removed.error().message}});
  }
}

FillFile::Impl::Impl(const FillContext& context, FillPaths paths, FillIdentity identity, Extents present,
                     Reservation reservation)
    : context_(context),
      paths_(std::move(paths)),
      identity_(std::move(identity)),
      initial_(std::move(present)),
      written_(initial_),
      reservation_(std::move(reservation)) {}

FillFile::Impl::~Impl() {
  // The last close of a file that was unlinked frees its blocks, which can take long. Its room is free after that.
  auto close = [room = std::move(reservation_), keeper = std::move(keeper_), data = std::move(data_),
                state = std::move(state_)]() mutable {
    data.reset();
    state.reset();
  };
  io::net::dispatch(context_.pool, std::move(close));
}

Result<std::unique_ptr<FillFile::Impl>> FillFile::Impl::create(const FillContext& context, FillPaths paths,
                                                               FillIdentity identity) {
  Disk& disk = context.disk;
  Result<Reservation> room = context.space.reserve(fill_footprint(identity.size.value_or(0)));
  if (!room) return room.error();
  std::unique_ptr<Impl> fill(new Impl(context, std::move(paths), std::move(identity), {}, std::move(*room)));
  auto make = [&]() -> Result<void> {
    Result<UniqueFd> data = disk.create(fill->paths_.data);
    if (!data) return data.error();
    fill->data_ = std::move(*data);
    if (fill->identity_.size) {
      Result<void> allocated = disk.allocate(fill->data_.get(), *fill->identity_.size);
      if (!allocated) return allocated.error();
    }
    fill->reservation_.allocated();
    Result<UniqueFd> state = disk.create(fill->paths_.state);
    if (!state) return state.error();
    fill->state_ = std::move(*state);
    return fill->append(header_line(fill->identity_, context.boot));
  };
  Result<void> made = make();
  if (made) return fill;
  remove_files(disk, fill->paths_);
  return made.error();
}

Result<std::unique_ptr<FillFile::Impl>> FillFile::Impl::resume(const FillContext& context, FillPaths paths,
                                                               FillIdentity identity, Extents present, Extents synced,
                                                               Reservation reservation) {
  std::unique_ptr<Impl> fill(
      new Impl(context, std::move(paths), std::move(identity), std::move(present), std::move(reservation)));
  Result<UniqueFd> data = context.disk.open(fill->paths_.data);
  if (!data) return data.error();
  fill->data_ = std::move(*data);
  Result<UniqueFd> state = context.disk.open(fill->paths_.state);
  if (!state) return state.error();
  fill->state_ = std::move(*state);
  struct stat info{};
  if (::fstat(fill->state_.get(), &info) != 0) return io_error("stat " + fill->paths_.state.string(), errno);
  fill->state_end_ = static_cast<std::uint64_t>(info.st_size);

  // The empty line ends one that a crash may have torn.
  Result<void> begun = fill->append("\n" + boot_line(context.boot));
  if (!begun) return begun.error();
  for (Extent range : fill->initial_.ranges()) {
    if (!synced.contains(range.begin, range.end)) fill->unsynced_.add(range.begin, range.end);
  }
  return fill;
}

Result<void> FillFile::Impl::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (failed_) return Error{Errc::Io, "an earlier write or sync of " + paths_.data.string() + " has failed"};
  std::uint64_t end = offset + bytes.size();
  if (!identity_.size) {
    Result<void> grown = grow_to(end);
    if (!grown) return fail(grown.error());
  }
  Result<void> written = context_.disk.write(data_.get(), offset, bytes);
  if (!written) return fail(written.error());

  Extents recorded;
  {
    std::lock_guard lock(mutex_);
    if (unsynced_since_ == 0) unsynced_since_ = steady_now();
    unsynced_bytes_ += bytes.size();
    written_.add(offset, end);
    unsynced_.add(offset, end);
    unrecorded_.add(offset, end);
    if (unrecorded_.total() < kRecordEvery) return ok();
    recorded = unrecorded_;
    Result<void> result = record();
    if (!result) return fail(result.error());
  }
  if (context_.fsync) {
    for (Extent range : recorded.ranges()) {
      context_.disk.start_write_back(data_.get(), range.begin, range.length());
    }
  }
  return ok();
}

Result<void> FillFile::Impl::read(std::uint64_t offset, std::span<std::byte> buffer) const {
  return read_exactly(data_.get(), offset, buffer);
}

bool FillFile::Impl::sync_due() const {
  std::int64_t since = unsynced_since_;
  if (!context_.fsync || since == 0) return false;
  return unsynced_bytes_ >= kSyncBytes || steady_now() - since >= kSyncTime.count();
}

Result<void> FillFile::Impl::sync() {
  std::lock_guard one_at_a_time(sync_mutex_);
  if (failed_) return Error{Errc::Io, "an earlier write or sync of " + paths_.data.string() + " has failed"};
  Extents batch;
  {
    std::lock_guard lock(mutex_);
    Result<void> recorded = record();
    if (!recorded) return fail(recorded.error());
    std::swap(batch, unsynced_);
    unsynced_since_ = 0;
    unsynced_bytes_ = 0;
  }
  if (!context_.fsync) return ok();

  Result<void> synced = context_.disk.sync(data_.get());
  if (!synced) return fail(synced.error());
  {
    std::lock_guard lock(mutex_);
    Result<void> recorded = append(synced_lines(batch));
    if (!recorded) return fail(recorded.error());
  }
  synced = context_.disk.sync(state_.get());
  if (!synced) return fail(synced.error());
  if (folder_synced_) return ok();
  synced = context_.disk.sync_directory(context_.folder);
  if (!synced) return fail(synced.error());
  folder_synced_ = true;
  return ok();
}

Result<void> FillFile::Impl::finish(std::uint64_t size) {
  {
    std::lock_guard lock(mutex_);
    struct stat info{};
    if (::fstat(data_.get(), &info) != 0) return fail(io_error("stat " + paths_.data.string(), errno));
    if (static_cast<std::uint64_t>(info.st_size) != size || !written_.contains(0, size)) {
      return fail({Errc::Io, paths_.data.string() + " is not the whole of its blob"});
    }
    if (!identity_.size) {
      Result<void> recorded = append(size_line(size));
      if (!recorded) return fail(recorded.error());
    }
  }
  return sync();
}

Result<void> FillFile::Impl::park(Time now) {
  Result<void> synced = sync();
  if (!synced) return synced.error();
  std::lock_guard lock(mutex_);
  if (!identity_.size || written_.empty()) return Error{Errc::Io, "nothing to continue"};
  return append(parked_line(now));
}

Extents FillFile::Impl::present() const {
  std::lock_guard lock(mutex_);
  return written_;
}

Extents FillFile::Impl::synced() const {
  std::lock_guard lock(mutex_);
  return context_.fsync && unsynced_.empty() ? written_ : Extents();
}

Result<void> FillFile::Impl::fail(Error error) {
  failed_ = true;
  return error;
}

Result<void> FillFile::Impl::grow_to(std::uint64_t end) {
  std::lock_guard lock(mutex_);
  if (end <= growth_) return ok();
  std::uint64_t target = (end + kMiB - 1) / kMiB * kMiB;
  Result<void> grown = reservation_.grow(target - growth_);
  if (!grown) return grown.error();
  reservation_.allocated();
  growth_ = target;
  return ok();
}

Result<void> FillFile::Impl::append(const std::string& text) {
  Result<void> written = context_.disk.write(state_.get(), state_end_, std::as_bytes(std::span(text)));
  if (!written) return written.error();
  state_end_ += text.size();
  return ok();
}

Result<void> FillFile::Impl::record() {
  if (unrecorded_.empty()) return ok();
  Result<void> recorded = append(written_lines(unrecorded_));
  if (recorded) unrecorded_ = {};
  return recorded;
}

}  // namespace entrepot::store
