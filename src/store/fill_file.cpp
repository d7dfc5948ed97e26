#include "entrepot/store/fill_file.hpp"

#include "store/fill_impl.hpp"

namespace entrepot::store {

FillFile::FillFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FillFile::~FillFile() = default;

const std::string& FillFile::upstream() const { return impl_->identity().upstream; }

const oci::Digest& FillFile::digest() const { return impl_->identity().digest; }

std::optional<std::uint64_t> FillFile::size() const { return impl_->identity().size; }

int FillFile::fd() const { return impl_->fd(); }

const Extents& FillFile::initial() const { return impl_->initial(); }

Result<void> FillFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  return impl_->write(offset, bytes);
}

Result<void> FillFile::read(std::uint64_t offset, std::span<std::byte> buffer) const {
  return impl_->read(offset, buffer);
}

bool FillFile::sync_due() const { return impl_->sync_due(); }

Result<void> FillFile::sync() { return impl_->sync(); }

}  // namespace entrepot::store
