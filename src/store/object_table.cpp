#include "store/object_table.hpp"

#include <cstring>
#include <random>

namespace entrepot::store {

namespace {

// Anyone can name digests of his choice in a manifest: without a secret he could have them all meet in one place.
const std::uint64_t kSeed = std::random_device{}() | std::uint64_t{std::random_device{}()} << 32;

}  // namespace

std::size_t ObjectTable::hash(std::string_view head) const {
  std::uint64_t value = kSeed;
  for (std::size_t i = 0; i < head.size(); i += sizeof value) {
    std::uint64_t word = 0;
    std::memcpy(&word, head.data() + i, sizeof word);
    value = (value ^ word) * 0x9e3779b97f4a7c15;
    value ^= value >> 32;
  }
  return value;
}

bool ObjectTable::is(ObjectId id, const oci::Digest& digest) const {
  const Row& row = rows_[id];
  std::string_view raw = digest.raw();
  if ((row.tail != 0) != (digest.algorithm() == HashAlgorithm::Sha512)) return false;
  if (std::memcmp(row.head.data(), raw.data(), sizeof(Half)) != 0) return false;
  return row.tail == 0 || std::memcmp(tails_[row.tail - 1].data(), raw.data() + sizeof(Half), sizeof(Half)) == 0;
}

void ObjectTable::clear() {
  rows_.clear();
  tails_.clear();
  ids_.clear();
}

std::optional<ObjectId> ObjectTable::find(const oci::Digest& digest) const {
  auto id = ids_.find(digest);
  if (id == ids_.end()) return std::nullopt;
  return *id;
}

ObjectId ObjectTable::intern(const oci::Digest& digest) {
  if (std::optional<ObjectId> known = find(digest)) return *known;
  std::string_view raw = digest.raw();
  Row row{};
  std::memcpy(row.head.data(), raw.data(), sizeof(Half));
  if (digest.algorithm() == HashAlgorithm::Sha512) {
    std::memcpy(tails_.emplace_back().data(), raw.data() + sizeof(Half), sizeof(Half));
    row.tail = static_cast<std::uint32_t>(tails_.size());
  }
  auto id = static_cast<ObjectId>(rows_.size());
  rows_.push_back(row);
  ids_.insert(id);
  return id;
}

oci::Digest ObjectTable::digest(ObjectId id) const {
  const Row& row = rows_[id];
  std::string raw(row.head.data(), sizeof(Half));
  if (row.tail == 0) return oci::Digest::from_raw(HashAlgorithm::Sha256, raw);
  raw.append(tails_[row.tail - 1].data(), sizeof(Half));
  return oci::Digest::from_raw(HashAlgorithm::Sha512, raw);
}

}  // namespace entrepot::store
