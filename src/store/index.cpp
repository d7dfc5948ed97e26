#include "store/index.hpp"

#include <algorithm>
#include <atomic>
#include <boost/container_hash/hash.hpp>
#include <tuple>

#include "store/space.hpp"

namespace entrepot::store {

namespace {

// Only an upstream that makes them up gets there; what goes beyond has none.
constexpr std::size_t kMostMediaTypes = 65'536;

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
  if (!id || objects_[*id].presence != Presence::Stored) return std::nullopt;
  return Blob{objects_[*id].size, objects_[*id].verified != 0};
}

std::optional<std::uint64_t> Index::add_blob(const oci::Digest& digest, std::uint64_t size, bool verified, Time now) {
  std::lock_guard lock(mutex_);
  ObjectId id = intern_object(digest);
  ObjectTable::Object& object = objects_[id];
  std::optional<std::uint64_t> before;
  if (object.presence != Presence::Absent) before = std::uint64_t{object.size};
  object.verified = verified || (object.presence == Presence::Stored && object.verified);
  set_presence(id, Presence::Absent);
  object.size = size;
  set_presence(id, Presence::Stored);
  object.last_use.raise(seconds_of(now));
  return before;
}

void Index::set_verified(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || objects_[*id].presence != Presence::Stored) return;
  objects_[*id].verified = true;
  changed_objects_.insert(*id);
}

std::optional<std::uint64_t> Index::forget_blob(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || objects_[*id].presence == Presence::Absent) return std::nullopt;
  ObjectTable::Object& object = objects_[*id];
  set_presence(*id, Presence::Absent);
  std::uint64_t size = object.size;
  object.size = 0;
  object.verified = false;
  drop_object_if_unused(*id);
  return size;
}

void Index::set_presence(ObjectId id, Presence presence) {
  ObjectTable::Object& object = objects_[id];
  if (object.presence == Presence::Stored) {
    stored_footprint_ -= footprint(object.size);
    --stored_objects_;
  }
  if (presence == Presence::Stored) {
    stored_footprint_ += footprint(object.size);
    ++stored_objects_;
  }
  object.presence = presence;
  changed_objects_.insert(id);
}

void Index::drop_object_if_unused(ObjectId id) {
  const ObjectTable::Object& object = objects_[id];
  if (object.presence != Presence::Absent || object.links != 0 || object.tags != 0) return;
  objects_.erase(id);
  changed_objects_.insert(id);
}

// ---- links

std::optional<Link> Index::link(const RepositoryKey& repository, const oci::Digest& digest) const {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  std::optional<ObjectId> object = objects_.find(digest);
  if (!in || !object) return std::nullopt;
  const auto& links = repositories_[*in].links;
  auto entry = links.find(*object);
  if (entry == links.end()) return std::nullopt;
  LinkRow row = link_row({*in, *object}, entry->second);
  return Link{digest, row.as_blob, row.as_manifest, media_types_[row.media_type], row.size};
}

void Index::add_links(const RepositoryKey& repository, const std::vector<Link>& links, Time now) {
  std::lock_guard lock(mutex_);
  if (links.empty()) return;
  RepositoryId in = intern_repository(repository);
  const std::uint32_t when = seconds_of(now);
  for (const Link& link : links) {
    ObjectId object = intern_object(link.digest);
    auto [entry, added] = repositories_[in].links.try_emplace(object);
    PackedLink& packed = entry->second;
    if (added) ++objects_[object].links;
    if (added || objects_[object].presence != Presence::Stored) packed.ages.fetched = when;
    if (link.as_manifest && !packed.as_manifest) repositories_[in].manifests.push_back(object);
    packed.as_blob |= link.as_blob;
    packed.as_manifest |= link.as_manifest;
    if (!link.media_type.empty()) packed.media_type = intern_media_type(link.media_type);
    if (link.size) packed.size = std::min<std::uint64_t>(*link.size, kNoSize);
    use({in, object}, packed, when);
    changed_links_.insert({in, object});
  }
}

LinkRow Index::link_row(LinkKey key, const PackedLink& link) {
  LinkRow row{
      key.first, key.second, link.as_blob != 0, link.as_manifest != 0, static_cast<MediaTypeId>(link.media_type),
      {},        link.ages};
  if (link.size != kNoSize) row.size = std::uint64_t{link.size};
  return row;
}

// ---- tags and repositories

const TagRow* Index::find_tag(const RepositoryKey& repository, const std::string& name) const {
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in) return nullptr;
  auto entry = repositories_[*in].tags.find(name);
  return entry == repositories_[*in].tags.end() ? nullptr : &entry->second;
}

std::optional<TagRecord> Index::tag(const RepositoryKey& repository, const std::string& name) const {
  std::shared_lock lock(mutex_);
  const TagRow* row = find_tag(repository, name);
  if (row == nullptr) return std::nullopt;
  TagRecord record{unpack(row->seen), {}, Time(std::chrono::milliseconds(row->checked))};
  if (row->stored) record.stored = unpack(*row->stored);
  return record;
}

void Index::set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record, Time now) {
  std::lock_guard lock(mutex_);
  RepositoryId in = intern_repository(repository);
  TagRow row{pack(record.seen), {}, milliseconds(record.checked), {}};
  if (record.stored) row.stored = pack(*record.stored);
  row.ages = {seconds_of(now), seconds_of(now)};
  count_tag(row, 1);
  auto [entry, added] = repositories_[in].tags.try_emplace(name, row);
  if (!added) {
    const TagRow before = entry->second;
    if (before.seen.object == row.seen.object) row.ages.fetched = before.ages.fetched;
    row.ages.last_use.raise(before.ages.last_use.get());
    entry->second = row;
    count_tag(before, -1);
  }
  changed_tags_.emplace(in, name);
}

void Index::count_tag(const TagRow& tag, std::int32_t by) {
  auto count = [&](ObjectId id) {
    objects_[id].tags += static_cast<std::uint32_t>(by);
    drop_object_if_unused(id);
  };
  const std::optional<ObjectId> stored = tag.stored ? std::optional(tag.stored->object) : std::nullopt;
  count(tag.seen.object);
  if (stored) count(*stored);
}

bool Index::forget_tag(const RepositoryKey& repository, const std::string& name) {
  std::lock_guard lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in) return false;
  auto tag = repositories_[*in].tags.find(name);
  if (tag == repositories_[*in].tags.end()) return false;
  erase_tag(*in, tag);
  drop_repository_if_empty(*in);
  return true;
}

void Index::erase_tag(RepositoryId repository, std::map<std::string, TagRow>::iterator tag) {
  changed_tags_.emplace(repository, tag->first);
  count_tag(tag->second, -1);
  repositories_[repository].tags.erase(tag);
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
    const bool is_stored = objects_[row.seen.object].presence == Presence::Stored ||
                           (row.stored && objects_[row.stored->object].presence == Presence::Stored);
    if (is_stored) names.push_back(entry->first);
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
                     [&](ObjectId id) { return objects_[id].presence == Presence::Stored; });
}

// ---- numbers

std::optional<RepositoryId> Index::find_repository(const RepositoryKey& key) const {
  auto entry = repository_ids_.find(key);
  if (entry == repository_ids_.end()) return std::nullopt;
  return entry->second;
}

RepositoryId Index::intern_repository(const RepositoryKey& key) {
  if (std::optional<RepositoryId> known = find_repository(key)) return *known;
  auto id = static_cast<RepositoryId>(repositories_.size());
  if (erased_repositories_.empty()) {
    repositories_.push_back({.key = key});
  } else {
    id = erased_repositories_.back();
    erased_repositories_.pop_back();
    repositories_[id].key = key;
  }
  repository_ids_.emplace(key, id);
  changed_repositories_.insert(id);
  return id;
}

void Index::drop_repository_if_empty(RepositoryId id) {
  Repository& repository = repositories_[id];
  if (!repository.tags.empty() || !repository.links.empty()) return;
  repository_ids_.erase(repository.key);
  repository = {};
  erased_repositories_.push_back(id);
  changed_repositories_.insert(id);
}

ObjectId Index::intern_object(const oci::Digest& digest) {
  if (std::optional<ObjectId> known = objects_.find(digest)) return *known;
  ObjectId id = objects_.intern(digest);
  changed_objects_.insert(id);
  return id;
}

MediaTypeId Index::intern_media_type(const std::string& name) {
  auto known = media_type_ids_.find(name);
  if (known != media_type_ids_.end()) return known->second;
  if (media_types_.size() == kMostMediaTypes) return 0;
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
