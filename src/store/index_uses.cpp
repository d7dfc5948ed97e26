// Last uses. They change under the shared lock, since every hit is one, and are queued for the writer once a second at
// most for each link.

#include "store/index.hpp"

namespace entrepot::store {

void Index::use(LinkKey key, PackedLink& link, std::uint32_t when) {
  objects_[key.second].last_use.raise(when);
  if (!link.ages.last_use.raise(when)) return;
  std::lock_guard lock(uses_mutex_);
  used_links_.insert(key);
  if (link.as_manifest) used_manifests_.insert(key);
}

void Index::touch(const RepositoryKey& repository, const oci::Digest& digest, Time now) {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  std::optional<ObjectId> object = objects_.find(digest);
  if (!in || !object) return;
  auto link = repositories_[*in].links.find(*object);
  if (link != repositories_[*in].links.end()) use({*in, *object}, link->second, seconds_of(now));
}

void Index::touch_tag(const RepositoryKey& repository, const std::string& name, Time now) {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(repository);
  if (!in) return;
  auto tag = repositories_[*in].tags.find(name);
  if (tag == repositories_[*in].tags.end() || !tag->second.ages.last_use.raise(seconds_of(now))) return;
  std::lock_guard uses(uses_mutex_);
  used_tags_.emplace(*in, name);
}

void Index::touch_blob(const oci::Digest& digest, Time now) {
  std::shared_lock lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (id) objects_[*id].last_use.raise(seconds_of(now));
}

std::vector<Index::UsedManifest> Index::take_used_manifests() {
  std::vector<UsedManifest> manifests;
  std::shared_lock lock(mutex_);
  boost::unordered_flat_set<LinkKey> used;
  {
    std::lock_guard uses(uses_mutex_);
    used.swap(used_manifests_);
  }
  for (const auto& [in, object] : used) {  // which may be gone since, and their numbers be another's
    const Repository& repository = repositories_[in];
    auto link = repository.links.find(object);
    if (link == repository.links.end() || objects_[object].presence != Presence::Stored) continue;
    manifests.push_back({repository.key, objects_.digest(object), link->second.ages.last_use.get()});
  }
  return manifests;
}

void Index::touch_listed(const UsedManifest& manifest, const std::vector<oci::Digest>& listed) {
  std::shared_lock lock(mutex_);
  std::optional<RepositoryId> in = find_repository(manifest.repository);
  if (!in) return;
  for (const oci::Digest& digest : listed) {
    std::optional<ObjectId> object = objects_.find(digest);
    if (!object) continue;
    auto link = repositories_[*in].links.find(*object);
    if (link != repositories_[*in].links.end()) use({*in, *object}, link->second, manifest.last_use);
  }
}

}  // namespace entrepot::store
