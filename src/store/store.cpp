// The Store's start, and what it answers from memory.

#include "entrepot/store/store.hpp"

#include <random>

#include "entrepot/base/log.hpp"
#include "store/boot.hpp"
#include "store/folder.hpp"
#include "store/recovery.hpp"
#include "store/store_impl.hpp"

namespace entrepot::store {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kOpenFiles = 512;
constexpr std::uint64_t kOwnFiles = 2 * footprint(1);  // FORMAT and LOCK

std::string random_hex() {
  std::random_device random;
  char text[17];
  std::snprintf(text, sizeof text, "%08x%08x", random(), random());
  return text;
}

// What earlier indexes take that made no sense.
std::uint64_t bytes_set_aside(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code unknown;
    if (!entry->path().filename().string().starts_with("index.db.corrupt-")) continue;
    std::uintmax_t size = entry->file_size(unknown);
    if (!unknown) sum += footprint(size);
  }
  return sum;
}

}  // namespace

Store::Impl::Impl(const Options& store_options, io::Pool& work_pool, Disk& file_system, const Clock& wall_clock)
    : options(store_options),
      pool(work_pool),
      disk(file_system),
      clock(wall_clock),
      space(std::make_shared<Space>(disk, options.path, options.max_size, options.min_free)),
      blobs(disk, *space, options.path / "blobs", options.fsync),
      fills{disk, pool, *space, options.path / "fills", boot_id(), options.fsync},
      fill_prefix(random_hex()),
      open_files(kOpenFiles) {
  space->evict_with([this](std::uint64_t bytes) { return make_room(bytes); }, [this] { press(); });
}

Result<void> Store::Impl::start() {
  Result<UniqueFd> held = open_folder(options.path);
  if (!held) return held.error();
  folder_lock = std::move(*held);
  space->add(kOwnFiles);
  Result<void> opened = blobs.open();
  if (!opened) return opened;

  Result<std::unique_ptr<IndexFile>> file = open_index();
  if (!file) return file.error();
  Result<bool> scan = (*file)->needs_scan(fills.boot);
  if (!scan) return scan.error();
  if (*scan) {
    Result<void> scanned = blobs.scan([this](const oci::Digest& digest, std::uint64_t size) {
      if (!index.find_blob(digest)) index.add_blob(digest, size, false, clock.now());
    });
    if (!scanned) return scanned;
  }
  space->add(index.stored_footprint());

  // The order that makes a crash at any point harmless: found, committed, and only then the states removed.
  Result<std::vector<fs::path>> finished = recover_fills(fills, blobs, index, parked, clock.now());
  if (!finished) return finished.error();
  finish_evictions();
  Result<void> written = (*file)->write_scanned(index.take_changes(0), fills.boot);
  if (!written) return written;
  for (const fs::path& state : *finished) {
    Result<void> removed = disk.remove(state);
    if (!removed) log::warning("fill_file_not_removed", {{"error", removed.error().message}});
  }
  drop_expired();
  space->add(bytes_set_aside(options.path));
  space->set_index(footprint((*file)->bytes()));
  writer = std::make_unique<IndexWriter>(index, std::move(*file), *space);
  return ok();
}

// After fills/ was looked through: one of them may have put its file in the place of one that was to go.
void Store::Impl::finish_evictions() {
  for (const Index::Victim& victim : index.leaving()) {
    Result<void> removed = disk.remove(blobs.path(victim.digest));
    if (removed && options.fsync) removed = disk.sync_directory(blobs.folder(victim.digest));
    if (removed) {
      index.forget_blob(victim.digest);
    } else {
      log::warning("blob_not_removed", {{"error", removed.error().message}});
      space->add(footprint(victim.size));
    }
  }
}

// Loads what is there; makes a new one where that makes no sense.
Result<std::unique_ptr<IndexFile>> Store::Impl::open_index() {
  fs::path path = options.path / "index.db";
  auto open = [&]() -> Result<std::unique_ptr<IndexFile>> {
    Result<std::unique_ptr<IndexFile>> file = IndexFile::open(path, options.fsync);
    if (!file) return file;
    // Before the rows are read: it may change them.
    Result<bool> checked = (*file)->needs_scan(fills.boot);
    if (!checked) return checked.error();
    Result<void> loaded = (*file)->load(index);
    if (!loaded) return loaded.error();
    return file;
  };
  Result<std::unique_ptr<IndexFile>> file = open();
  if (file || file.error().code != Errc::Invalid) return file;

  log::warning("index_corrupt", {{"error", file.error().message}, {"action", "set aside, rebuilt from blobs/"}});
  Result<void> aside = set_aside(path, clock.now());
  if (!aside) return aside.error();
  index.clear();
  return open();
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() {
  if (impl_->writer) impl_->carry_uses();  // so that the next start knows of them
}

Result<std::unique_ptr<Store>> Store::open(const Options& options, io::Pool& pool, Disk& disk, const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, pool, disk, clock);
  Result<void> started = impl->start();
  if (!started) return started.error();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::optional<std::uint64_t> Store::stored_size(const oci::Digest& digest) const {
  std::optional<Index::Blob> blob = impl_->index.find_blob(digest);
  if (!blob) return std::nullopt;
  return blob->size;
}

std::optional<Store::ParkedFill> Store::parked(const std::string& upstream, const oci::Digest& digest) const {
  std::optional<ParkedFills::Summary> fill = impl_->parked.find(upstream, digest);
  if (!fill) return std::nullopt;
  return ParkedFill{fill->size, std::move(fill->present)};
}

std::optional<Link> Store::link(const RepositoryKey& repository, const oci::Digest& digest) const {
  return impl_->index.link(repository, digest);
}

void Store::add_links(const RepositoryKey& repository, const std::vector<Link>& links) {
  impl_->index.add_links(repository, links, impl_->clock.now());
  impl_->writer->changed();
}

std::optional<TagRecord> Store::tag(const RepositoryKey& repository, const std::string& name) const {
  return impl_->index.tag(repository, name);
}

void Store::set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record) {
  impl_->index.set_tag(repository, name, record, impl_->clock.now());
  impl_->writer->changed();
}

void Store::forget_tag(const RepositoryKey& repository, const std::string& name) {
  if (impl_->index.forget_tag(repository, name)) impl_->writer->changed();
}

std::vector<std::string> Store::tags(const RepositoryKey& repository, const std::string& after,
                                     std::size_t limit) const {
  return impl_->index.tags(repository, after, limit);
}

std::vector<RepositoryKey> Store::repositories(const std::string& upstream) const {
  return impl_->index.repositories(upstream);
}

void Store::touch(const RepositoryKey& repository, const oci::Digest& digest) {
  impl_->index.touch(repository, digest, impl_->clock.now());
}

void Store::touch_tag(const RepositoryKey& repository, const std::string& name) {
  impl_->index.touch_tag(repository, name, impl_->clock.now());
}

io::Awaitable<Result<void>> Store::flush() { co_return co_await impl_->writer->flush(); }

void Store::forget_waiters() {
  impl_->writer->forget_waiters();
  std::lock_guard lock(impl_->pressure_mutex);
  impl_->waiting_for_pressure.clear();
}

std::uint64_t Store::used_bytes() const { return impl_->space->used(); }

}  // namespace entrepot::store
