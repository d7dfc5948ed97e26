#include "store/object_table.hpp"

#include <cstring>
#include <random>

namespace entrepot::store {

namespace {

// Anyone can name digests of his choice in a manifest: without a secret he could have them all meet in one place.
const std::uint64_t kSeed = std::random_device{}() | std::uint64_t{std::random_device{}()} << 32;

// A number beyond it, read from a file, would only make a table of that many rows.
constexpr ObjectId kMostObjects = ObjectId{1} << 28;

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
  const std::uint32_t tail = row.object.tail;
  std::string_view raw = digest.raw();
  if ((tail != 0) != (digest.algorithm() == HashAlgorithm::Sha512)) return false;
  if (std::memcmp(row.head.data(), raw.data(), sizeof(Half)) != 0) return false;
  return tail == 0 || std::memcmp(tails_[tail - 1].data(), raw.data() + sizeof(Half), sizeof(Half)) == 0;
}

void ObjectTable::clear() {
  rows_.clear();
  tails_.clear();
  erased_.clear();
  erased_tails_.clear();
  ids_.clear();
}

std::optional<ObjectId> ObjectTable::find(const oci::Digest& digest) const {
  auto id = ids_.find(digest);
  if (id == ids_.end()) return std::nullopt;
  return *id;
}

ObjectId ObjectTable::intern(const oci::Digest& digest) {
  if (std::optional<ObjectId> known = find(digest)) return *known;
  ObjectId id = end();
  if (erased_.empty()) {
    rows_.emplace_back();
  } else {
    id = erased_.back();
    erased_.pop_back();
  }
  set(id, digest);
  return id;
}

bool ObjectTable::insert(ObjectId id, const oci::Digest& digest) {
  if (id < end() || id >= kMostObjects) return false;
  while (end() < id) {
    erased_.push_back(end());
    rows_.emplace_back().object.tail = kErased;
  }
  rows_.emplace_back();
  return set(id, digest);
}

void ObjectTable::erase(ObjectId id) {
  ids_.erase(id);
  Object& object = rows_[id].object;
  if (object.tail != 0) erased_tails_.push_back(object.tail);
  object = {};
  object.tail = kErased;
  erased_.push_back(id);
}

bool ObjectTable::set(ObjectId id, const oci::Digest& digest) {
  std::string_view raw = digest.raw();
  Row& row = rows_[id];
  row.object = {};
  std::memcpy(row.head.data(), raw.data(), sizeof(Half));
  if (digest.algorithm() == HashAlgorithm::Sha512) row.object.tail = add_tail(raw.substr(sizeof(Half)));
  return ids_.insert(id).second;
}

std::uint32_t ObjectTable::add_tail(std::string_view half) {
  if (erased_tails_.empty()) {
    tails_.emplace_back();
    erased_tails_.push_back(static_cast<std::uint32_t>(tails_.size()));
  }
  std::uint32_t tail = erased_tails_.back();
  erased_tails_.pop_back();
  std::memcpy(tails_[tail - 1].data(), half.data(), sizeof(Half));
  return tail;
}

oci::Digest ObjectTable::digest(ObjectId id) const {
  const Row& row = rows_[id];
  std::string raw(row.head.data(), sizeof(Half));
  if (row.object.tail == 0) return oci::Digest::from_raw(HashAlgorithm::Sha256, raw);
  raw.append(tails_[row.object.tail - 1].data(), sizeof(Half));
  return oci::Digest::from_raw(HashAlgorithm::Sha512, raw);
}

}  // namespace entrepot::store
