#include "store/index.hpp"

#include <algorithm>
#include <atomic>
#include <boost/container_hash/hash.hpp>
#include <tuple>

#include "store/space.hpp"

namespace entrepot::store {

namespace {

std::uint32_t seconds(Time time) {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::int64_t milliseconds(Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace

std::size_t Index::KeyHash::operator()(const RepositoryKey& key) const {
  std::size_t value = 0;
  boost::hash_combine(value, key.upstream);
  boost::hash_combine(value, key.repository);
  return value;
}

Index::Index() { intern_media_type(""); }

// ---- objects

std::optional<Index::Blob> Index::find_blob(const oci::Digest& digest) const {
  std::shared_lock lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || !objects_[*id].stored) return std::nullopt;
  return Blob{objects_[*id].size, objects_[*id].verified != 0};
}

std::optional<std::uint64_t> Index::add_blob(const oci::Digest& digest, std::uint64_t size, bool verified, Time now) {
  std::lock_guard lock(mutex_);
  ObjectId id = intern_object(digest);
  ObjectTable::Object& object = objects_[id];
  std::optional<std::uint64_t> before;
  if (object.stored) before = std::uint64_t{object.size};
  object.size = size;
  object.verified = verified || object.verified;
  object.stored = true;
  object.last_use = seconds(now);
  changed_objects_.insert(id);
  return before;
}

void Index::set_verified(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || !objects_[*id].stored) return;
  objects_[*id].verified = true;
  changed_objects_.insert(*id);
}

std::optional<std::uint64_t> Index::forget_blob(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || !objects_[*id].stored) return std::nullopt;
  std::uint64_t size = objects_[*id].size;
  objects_[*id] = {};
  changed_objects_.insert(*id);
  return size;
}

void Index::touch(const oci::Digest& digest, Time now) {
  std::shared_lock lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || !objects_[*id].stored) return;
  // Many hits share a second: only the first of them goes on to the list.
  std::atomic_ref<std::uint32_t> last_use(objects_[*id].last_use);
  std::uint32_t second = seconds(now);
  if (last_use.exchange(second, std::memory_order_relaxed) == second) return;
  std::lock_guard touched(touched_mutex_);
  touched_.insert(*id);
}

std::uint64_t Index::stored_footprint() const {
  std::shared_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (ObjectId id = 0; id < objects_.size(); ++id) {
    if (objects_[id].stored) sum += footprint(objects_[id].size);
  }
  return sum;
}

// ---- links

std::optional<Link> Index::link(const RepositoryKey& repository, const oci::Digest& digest) const {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  std::optional<ObjectId> object = objects_.find(digest);
  if (!in || !object) return std::nullopt;
  auto entry = links_.find(key_of(*in, *object));
  if (entry == links_.end()) return std::nullopt;
  LinkRow row = unpack(entry->first, entry->second);
  return Link{digest, row.as_blob, row.as_manifest, media_types_[row.media_type], row.size};
}

void Index::add_links(const RepositoryKey& repository, const std::vector<Link>& links) {
  std::lock_guard lock(mutex_);
  RepositoryId in = intern_repository(repository);
  for (const Link& link : links) {
    ObjectId object = intern_object(link.digest);
    LinkKey key = key_of(in, object);
    PackedLink& packed = links_[key];
    if (link.as_manifest && !packed.as_manifest) repositories_[in].manifests.push_back(object);
    packed.as_blob |= link.as_blob;
    packed.as_manifest |= link.as_manifest;
    if (!link.media_type.empty()) packed.media_type = intern_media_type(link.media_type);
    if (link.size) packed.size = std::min<std::uint64_t>(*link.size, kNoSize);
    changed_links_.insert(key);
  }
}

LinkRow Index::unpack(LinkKey key, PackedLink link) {
  LinkRow row{static_cast<RepositoryId>(key >> 32),
              static_cast<ObjectId>(key),
              link.as_blob != 0,
              link.as_manifest != 0,
              static_cast<MediaTypeId>(link.media_type),
              {}};
  if (link.size != kNoSize) row.size = std::uint64_t{link.size};
  return row;
}

// ---- tags and repositories

std::optional<TagRecord> Index::tag(const RepositoryKey& repository, const std::string& name) const {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in) return std::nullopt;
  auto entry = repositories_[*in].tags.find(name);
  if (entry == repositories_[*in].tags.end()) return std::nullopt;
  const TagRow& row = entry->second;
  TagRecord record{unpack(row.seen), {}, Time(std::chrono::milliseconds(row.checked))};
  if (row.stored) record.stored = unpack(*row.stored);
  return record;
}

void Index::set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record) {
  std::lock_guard lock(mutex_);
  RepositoryId in = intern_repository(repository);
  TagRow row{pack(record.seen), {}, milliseconds(record.checked)};
  if (record.stored) row.stored = pack(*record.stored);
  repositories_[in].tags.insert_or_assign(name, row);
  changed_tags_.emplace(in, name);
}

bool Index::forget_tag(const RepositoryKey& repository, const std::string& name) {
  std::lock_guard lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in || repositories_[*in].tags.erase(name) == 0) return false;
  changed_tags_.emplace(*in, name);
  return true;
}

std::vector<std::string> Index::tags(const RepositoryKey& repository, const std::string& after,
                                     std::size_t limit) const {
  std::vector<std::string> names;
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in) return names;
  const auto& all = repositories_[*in].tags;
  for (auto entry = all.upper_bound(after); entry != all.end() && names.size() < limit; ++entry) {
    const TagRow& row = entry->second;
    if (row.stored || objects_[row.seen.object].stored != 0) names.push_back(entry->first);
  }
  return names;
}

std::vector<RepositoryKey> Index::repositories(const std::string& upstream) const {
  std::vector<RepositoryKey> keys;
  {
    std::shared_lock lock(mutex_);
    for (const Repository& repository : repositories_) {
      if (!upstream.empty() && repository.key.upstream != upstream) continue;
      if (has_stored_manifest(repository)) keys.push_back(repository.key);
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool Index::has_stored_manifest(const Repository& repository) const {
  return std::any_of(repository.manifests.begin(), repository.manifests.end(),
                     [&](ObjectId id) { return objects_[id].stored != 0; });
}

// ---- numbers

std::optional<RepositoryId> Index::find_repository(const RepositoryKey& key) const {
  auto entry = repository_ids_.find(key);
  if (entry == repository_ids_.end()) return std::nullopt;
  return entry->second;
}

RepositoryId Index::intern_repository(const RepositoryKey& key) {
  auto [entry, added] = repository_ids_.try_emplace(key, static_cast<RepositoryId>(repositories_.size()));
  if (added) repositories_.push_back({key});
  return entry->second;
}

ObjectId Index::intern_object(const oci::Digest& digest) {
  std::size_t before = objects_.size();
  ObjectId id = objects_.intern(digest);
  if (objects_.size() != before) changed_objects_.insert(id);
  return id;
}

MediaTypeId Index::intern_media_type(const std::string& name) {
  auto known = media_type_ids_.find(name);
  if (known != media_type_ids_.end()) return known->second;
  if (media_types_.size() == kMaxMediaTypes) return 0;  // only an upstream that makes them up gets here
  auto id = static_cast<MediaTypeId>(media_types_.size());
  media_types_.push_back(name);
  media_type_ids_.emplace(name, id);
  return id;
}

TargetRow Index::pack(const TagTarget& target) {
  return {intern_object(target.digest), intern_media_type(target.media_type), target.size};
}

TagTarget Index::unpack(const TargetRow& target) const {
  return {objects_.digest(target.object), media_types_[target.media_type], target.size};
}

}  // namespace entrepot::store
