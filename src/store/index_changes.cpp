// The index's two doors to its file: what has changed, and what was loaded.

#include <algorithm>

#include "store/index.hpp"
#include "store/space.hpp"

namespace entrepot::store {

namespace {

// A number beyond it, read from a file, would only make a table of that many rows.
constexpr RepositoryId kMostRepositories = RepositoryId{1} << 26;

}  // namespace

ObjectRow Index::object_row(ObjectId id) const {
  const ObjectTable::Object& object = objects_[id];
  return {id, objects_.digest(id), object.presence, object.verified != 0, object.size, object.last_use.get()};
}

Changes Index::take_changes(std::size_t uses) {
  Changes changes;
  std::lock_guard lock(mutex_);
  {
    std::lock_guard used(uses_mutex_);
    auto take = [&](auto& from, auto& to) {
      for (auto use = from.begin(); uses > 0 && use != from.end(); --uses) {
        to.insert(*use);
        from.erase(use++);
      }
    };
    take(used_tags_, changed_tags_);
    take(used_links_, changed_links_);
    if (used_links_.empty()) used_links_ = {};  // not its memory, which is that of the most there ever were
  }
  for (; written_media_types_ < media_types_.size(); ++written_media_types_) {
    changes.media_types.push_back({static_cast<MediaTypeId>(written_media_types_), media_types_[written_media_types_]});
  }
  for (RepositoryId id : changed_repositories_) {
    const RepositoryKey& key = repositories_[id].key;
    if (is_known(id)) {
      changes.repositories.push_back({id, key.upstream, key.repository});
    } else {
      changes.repositories_gone.push_back(id);
    }
  }
  changes.objects.reserve(changed_objects_.size());
  for (ObjectId id : changed_objects_) {
    if (objects_.is_known(id)) {
      changes.objects.push_back(object_row(id));
    } else {
      changes.objects_gone.push_back(id);
    }
  }
  changes.links.reserve(changed_links_.size());
  for (LinkKey key : changed_links_) {
    const auto& links = repositories_[key.first].links;
    auto link = links.find(key.second);
    if (link != links.end()) {
      changes.links.push_back(link_row(key, link->second));
    } else {
      changes.links_gone.push_back(key);
    }
  }
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
  changed_repositories_.clear();
  return changes;
}

std::size_t Index::uses() const {
  std::lock_guard lock(uses_mutex_);
  return used_links_.size() + used_tags_.size();
}

void Index::put_back(const Changes& changes) {
  std::lock_guard lock(mutex_);
  if (!changes.media_types.empty()) written_media_types_ = changes.media_types.front().id;
  for (const RepositoryRow& row : changes.repositories) changed_repositories_.insert(row.id);
  for (const ObjectRow& row : changes.objects) changed_objects_.insert(row.id);
  for (const LinkRow& row : changes.links) changed_links_.emplace(row.repository, row.object);
  for (const TagChange& change : changes.tags) changed_tags_.emplace(change.repository, change.name);
  changed_repositories_.insert(changes.repositories_gone.begin(), changes.repositories_gone.end());
  changed_objects_.insert(changes.objects_gone.begin(), changes.objects_gone.end());
  changed_links_.insert(changes.links_gone.begin(), changes.links_gone.end());
}

void Index::reserve(std::size_t objects) { objects_.reserve(objects); }

void Index::clear() {
  objects_.clear();
  stored_footprint_ = 0;
  stored_objects_ = 0;
  repositories_.clear();
  erased_repositories_.clear();
  repository_ids_.clear();
  media_types_.clear();
  media_type_ids_.clear();
  intern_media_type("");
  written_media_types_ = 0;
}

bool Index::load(const ObjectRow& row) {
  if (!objects_.insert(row.id, row.digest)) return false;
  ObjectTable::Object& object = objects_[row.id];
  object.size = row.size;
  object.presence = row.presence;
  if (row.presence == Presence::Stored) {
    stored_footprint_ += footprint(row.size);
    ++stored_objects_;
  }
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
  if (row.id < repositories_.size() || row.id >= kMostRepositories || row.upstream.empty()) return false;
  for (auto id = static_cast<RepositoryId>(repositories_.size()); id < row.id; ++id) erased_repositories_.push_back(id);
  repositories_.resize(row.id + std::size_t{1});
  repositories_[row.id].key = {row.upstream, row.name};
  return repository_ids_.emplace(repositories_[row.id].key, row.id).second;
}

bool Index::load(const LinkRow& row) {
  if (!is_known(row.repository) || !objects_.is_known(row.object)) return false;
  if (row.media_type >= media_types_.size()) return false;
  PackedLink link;
  link.as_blob = row.as_blob;
  link.as_manifest = row.as_manifest;
  link.media_type = row.media_type;
  link.size = std::min(row.size.value_or(kNoSize), kNoSize);
  link.ages = row.ages;
  Repository& repository = repositories_[row.repository];
  if (row.as_manifest) repository.manifests.push_back(row.object);
  ObjectTable::Object& object = objects_[row.object];
  ++object.links;
  object.last_use.raise(link.ages.last_use.get());
  return repository.links.emplace(row.object, link).second;
}

bool Index::has(const TargetRow& target) const {
  return objects_.is_known(target.object) && target.media_type < media_types_.size();
}

bool Index::load(RepositoryId repository, const std::string& name, const TagRow& tag) {
  if (!is_known(repository) || !has(tag.seen) || (tag.stored && !has(*tag.stored))) return false;
  count_tag(tag, 1);
  return repositories_[repository].tags.emplace(name, tag).second;
}

}  // namespace entrepot::store
