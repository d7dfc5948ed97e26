// The index's two doors to its file: what has changed, and what was loaded.

#include <algorithm>

#include "store/index.hpp"

namespace entrepot::store {

ObjectRow Index::object_row(ObjectId id) const {
  const ObjectTable::Object& object = objects_[id];
  return {id, objects_.digest(id), object.stored != 0, object.verified != 0, object.size, object.last_use};
}

Changes Index::take_changes() {
  Changes changes;
  std::lock_guard lock(mutex_);
  {
    std::lock_guard touched(touched_mutex_);
    changed_objects_.insert(touched_.begin(), touched_.end());
    touched_.clear();
  }
  for (; written_media_types_ < media_types_.size(); ++written_media_types_) {
    changes.media_types.push_back({static_cast<MediaTypeId>(written_media_types_), media_types_[written_media_types_]});
  }
  for (; written_repositories_ < repositories_.size(); ++written_repositories_) {
    const RepositoryKey& key = repositories_[written_repositories_].key;
    changes.repositories.push_back({static_cast<RepositoryId>(written_repositories_), key.upstream, key.repository});
  }
  changes.objects.reserve(changed_objects_.size());
  for (ObjectId id : changed_objects_) changes.objects.push_back(object_row(id));
  changes.links.reserve(changed_links_.size());
  for (LinkKey key : changed_links_) changes.links.push_back(unpack(key, links_.find(key)->second));
  for (const TagKey& key : changed_tags_) {
    const auto& tags = repositories_[key.first].tags;
    auto tag = tags.find(key.second);
    changes.tags.push_back({key.first, key.second, {}});
    if (tag != tags.end()) changes.tags.back().tag = tag->second;
  }
  // Not clear(): that would keep the memory of the largest batch.
  changed_objects_ = {};
  changed_links_ = {};
  changed_tags_.clear();
  return changes;
}

void Index::put_back(const Changes& changes) {
  std::lock_guard lock(mutex_);
  if (!changes.media_types.empty()) written_media_types_ = changes.media_types.front().id;
  if (!changes.repositories.empty()) written_repositories_ = changes.repositories.front().id;
  for (const ObjectRow& row : changes.objects) changed_objects_.insert(row.id);
  for (const LinkRow& row : changes.links) changed_links_.insert(key_of(row.repository, row.object));
  for (const TagChange& change : changes.tags) changed_tags_.emplace(change.repository, change.name);
}

void Index::reserve(std::size_t objects, std::size_t links) {
  objects_.reserve(objects);
  links_.reserve(links);
}

void Index::clear() {
  objects_.clear();
  links_.clear();
  repositories_.clear();
  repository_ids_.clear();
  media_types_.clear();
  media_type_ids_.clear();
  intern_media_type("");
  written_repositories_ = 0;
  written_media_types_ = 0;
}

bool Index::load(const ObjectRow& row) {
  if (row.id != objects_.size() || objects_.intern(row.digest) != row.id) return false;
  ObjectTable::Object& object = objects_[row.id];
  object.size = row.size;
  object.stored = row.stored;
  object.verified = row.verified;
  object.last_use = row.last_use;
  return true;
}

bool Index::load(const MediaTypeRow& row) {
  if (row.id == 0 && row.name.empty()) {  // there from the beginning
    written_media_types_ = 1;
    return true;
  }
  if (row.id != media_types_.size() || intern_media_type(row.name) != row.id) return false;
  written_media_types_ = media_types_.size();
  return true;
}

bool Index::load(const RepositoryRow& row) {
  if (row.id != repositories_.size() || intern_repository({row.upstream, row.name}) != row.id) return false;
  written_repositories_ = repositories_.size();
  return true;
}

bool Index::load(const LinkRow& row) {
  if (row.repository >= repositories_.size() || row.object >= objects_.size()) return false;
  if (row.media_type >= media_types_.size()) return false;
  PackedLink link;
  link.as_blob = row.as_blob;
  link.as_manifest = row.as_manifest;
  link.media_type = row.media_type;
  link.size = std::min(row.size.value_or(kNoSize), kNoSize);
  if (row.as_manifest) repositories_[row.repository].manifests.push_back(row.object);
  return links_.emplace(key_of(row.repository, row.object), link).second;
}

bool Index::has(const TargetRow& target) const {
  return target.object < objects_.size() && target.media_type < media_types_.size();
}

bool Index::load(RepositoryId repository, const std::string& name, const TagRow& tag) {
  if (repository >= repositories_.size() || !has(tag.seen) || (tag.stored && !has(*tag.stored))) return false;
  return repositories_[repository].tags.emplace(name, tag).second;
}

}  // namespace entrepot::store
