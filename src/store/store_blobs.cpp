// Complete objects: opened, checked where that is due, read.

#include <boost/asio/dispatch.hpp>

#include "entrepot/base/log.hpp"
#include "store/read_file.hpp"
#include "store/store_impl.hpp"

namespace entrepot::store {

// Closing the last descriptor of a file that has lost its name frees its blocks, which can take long.
StoredFile::~StoredFile() {
  io::net::dispatch(pool_, [keeper = std::move(keeper_), fd = std::move(fd_)]() mutable { fd.reset(); });
}

using OpenResult = Result<std::shared_ptr<const StoredFile>>;

OpenResult Store::Impl::open_stored(const oci::Digest& digest) {
  bool verified = false;
  OpenResult file = open_file(digest, verified);
  if (!file) return file;
  if (!verified) {
    Result<bool> right = has_digest((*file)->fd(), digest);
    if (!right) return right.error();
    if (!*right) {
      log::warning("blob_lost", {{"digest", digest.to_string()}, {"reason", "its bytes have another digest"}});
      std::lock_guard lock(file_mutex(digest));
      if (!is_verified(digest)) forget(digest);  // else a fill has put a right one there meanwhile
      return Error{Errc::NotFound, digest.to_string() + " was stored with other bytes"};
    }
    index.set_verified(digest);
    writer->changed();
  }
  std::lock_guard lock(file_mutex(digest));
  if (index.find_blob(digest)) open_files.add(digest, *file);  // else it has gone meanwhile, with its room
  return file;
}

OpenResult Store::Impl::open_file(const oci::Digest& digest, bool& verified) {
  std::lock_guard lock(file_mutex(digest));
  std::optional<Index::Blob> blob = index.find_blob(digest);
  if (!blob) return Error{Errc::NotFound, digest.to_string() + " is not stored"};
  Result<UniqueFd> fd = blobs.open_file(digest, blob->size);
  if (!fd) {
    if (fd.error().code == Errc::NotFound) {
      log::warning("blob_lost", {{"digest", digest.to_string()}, {"reason", fd.error().message}});
      forget(digest);
    }
    return fd.error();
  }
  verified = blob->verified;
  return std::make_shared<const StoredFile>(std::move(*fd), blob->size, keepers.enter(digest), pool);
}

// The file first: until the row is gone no fill puts another in its place.
void Store::Impl::forget(const oci::Digest& digest) {
  Result<void> removed = disk.remove(blobs.path(digest));
  if (!removed) log::warning("blob_not_removed", {{"error", removed.error().message}});
  std::optional<std::uint64_t> size = index.forget_blob(digest);
  if (size) give_up_room(digest, *size);
  writer->changed();
}

io::Awaitable<OpenResult> Store::Impl::open_on_pool(oci::Digest digest) {
  auto work = [this, digest] { return open_stored(digest); };
  co_return co_await io::run_blocking(pool, std::move(work));
}

io::Awaitable<OpenResult> Store::open_blob(oci::Digest digest, io::Deadline deadline) {
  if (std::shared_ptr<const StoredFile> file = impl_->open_files.find(digest)) co_return file;
  if (!impl_->index.find_blob(digest)) co_return Error{Errc::NotFound, digest.to_string() + " is not stored"};
  auto open = [impl = impl_.get(), digest] { return impl->open_on_pool(digest); };
  co_return co_await impl_->openings.run(digest, std::move(open), deadline);
}

io::Awaitable<Result<std::string>> Store::read_all(oci::Digest digest, io::Deadline deadline) {
  OpenResult file = co_await open_blob(digest, deadline);
  if (!file) co_return file.error();
  auto work = [file = *file]() -> Result<std::string> {
    std::string bytes(file->size(), '\0');
    Result<void> read = read_exactly(file->fd(), 0, std::as_writable_bytes(std::span(bytes)));
    if (!read) return read.error();
    return bytes;
  };
  co_return co_await io::run_blocking(impl_->pool, std::move(work));
}

}  // namespace entrepot::store
