// What may go: links and tags whose time is over, the objects that only they named, and what was not used for the
// longest time.
//
// Walks that look at everything take the lock for a part at a time, so that no request waits for long.

#include <algorithm>

#include "store/index.hpp"

namespace entrepot::store {

namespace {

constexpr ObjectId kObjectsAtATime = 16'384;

bool is_over(const Lifetime& lifetime, const Ages& ages, std::uint32_t now) {
  if (lifetime.ttl <= Duration::zero()) return false;
  std::uint32_t from = lifetime.since == Lifetime::Since::Fetch ? ages.fetched : ages.last_use.get();
  auto ttl = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(lifetime.ttl).count());
  return now > from && now - from > ttl;
}

}  // namespace

RepositoryId Index::end_of_repositories() const {
  std::shared_lock lock(mutex_);
  return static_cast<RepositoryId>(repositories_.size());
}

// Looked for under the shared lock, which keeps nobody from reading; forgotten under the other.
Index::Expired Index::expire(RepositoryId id, const Lifetimes& lifetimes, Time now, std::size_t most) {
  const std::uint32_t second = seconds_of(now);
  RepositoryKey key;
  std::vector<std::string> tags;
  std::vector<ObjectId> links;
  {
    std::shared_lock lock(mutex_);
    if (!is_known(id)) return {};
    const Repository& repository = repositories_[id];
    key = repository.key;
    const Lifetime& lifetime = lifetimes.of(key.upstream);
    for (auto tag = repository.tags.begin(); tag != repository.tags.end() && tags.size() < most; ++tag) {
      if (is_over(lifetime, tag->second.ages, second)) tags.push_back(tag->first);
    }
    for (auto link = repository.links.begin(); link != repository.links.end() && links.size() < most - tags.size();
         ++link) {
      if (is_over(lifetime, link->second.ages, second)) links.push_back(link->first);
    }
  }
  if (tags.empty() && links.empty()) return {};

  Expired expired;
  std::lock_guard lock(mutex_);
  if (!is_known(id) || repositories_[id].key != key) return {};
  Repository& repository = repositories_[id];
  const Lifetime& lifetime = lifetimes.of(key.upstream);
  for (const std::string& name : tags) {
    auto tag = repository.tags.find(name);
    if (tag == repository.tags.end() || !is_over(lifetime, tag->second.ages, second)) continue;
    erase_tag(id, tag);
    ++expired.tags;
  }
  bool lists_change = false;
  for (ObjectId object : links) {
    auto link = repository.links.find(object);
    if (link == repository.links.end() || !is_over(lifetime, link->second.ages, second)) continue;
    lists_change |= link->second.as_manifest != 0;
    repository.links.erase(link);
    changed_links_.insert({id, object});
    ++expired.links;
    if (--objects_[object].links == 0 && objects_[object].presence == Presence::Stored) {
      set_presence(object, Presence::Leaving);
      expired.leaving.push_back(victim(object));
    }
    drop_object_if_unused(object);
  }
  if (lists_change) {
    std::erase_if(repository.manifests, [&](ObjectId object) { return !repository.links.contains(object); });
  }
  if (repository.links.size() < repository.links.bucket_count() / 4) repository.links.rehash(0);
  drop_repository_if_empty(id);
  return expired;
}

std::vector<Index::Victim> Index::expire_unlinked(const Lifetime& lifetime, Time now, std::size_t most) {
  std::vector<Victim> expired;
  const std::uint32_t second = seconds_of(now);
  auto over = [&](ObjectId id) {
    const ObjectTable::Object& object = objects_[id];
    if (object.presence != Presence::Stored || object.links != 0) return false;
    return is_over(lifetime, {object.last_use.get(), object.last_use}, second);
  };
  bool more = lifetime.ttl > Duration::zero();
  for (ObjectId begin = 0; more && expired.size() < most; begin += kObjectsAtATime) {
    std::vector<ObjectId> found;
    {
      std::shared_lock lock(mutex_);
      const ObjectId end = std::min(objects_.end(), begin + kObjectsAtATime);
      for (ObjectId id = begin; id < end && expired.size() + found.size() < most; ++id) {
        if (over(id)) found.push_back(id);
      }
      more = end < objects_.end();
    }
    if (found.empty()) continue;
    std::lock_guard lock(mutex_);
    for (ObjectId id : found) {
      if (!over(id)) continue;
      set_presence(id, Presence::Leaving);
      expired.push_back(victim(id));
    }
  }
  return expired;
}

std::vector<Index::Candidate> Index::oldest(std::size_t count) const {
  auto older = [](const Candidate& a, const Candidate& b) { return a.last_use < b.last_use; };
  std::vector<Candidate> heap;  // the latest used of them in front
  bool more = true;
  for (ObjectId begin = 0; more; begin += kObjectsAtATime) {
    std::shared_lock lock(mutex_);
    const ObjectId end = std::min(objects_.end(), begin + kObjectsAtATime);
    for (ObjectId id = begin; id < end; ++id) {
      if (objects_[id].presence != Presence::Stored) continue;
      Candidate candidate{id, objects_[id].last_use.get()};
      if (heap.size() == count) {
        if (!older(candidate, heap.front())) continue;
        std::pop_heap(heap.begin(), heap.end(), older);
        heap.pop_back();
      }
      heap.push_back(candidate);
      std::push_heap(heap.begin(), heap.end(), older);
    }
    more = end < objects_.end();
  }
  std::sort_heap(heap.begin(), heap.end(), older);
  return heap;
}

std::optional<Index::Victim> Index::victim(const Candidate& candidate) const {
  std::shared_lock lock(mutex_);
  if (!is_still(candidate)) return std::nullopt;
  return victim(candidate.id);
}

bool Index::mark_leaving(const Candidate& candidate) {
  std::lock_guard lock(mutex_);
  if (!is_still(candidate)) return false;
  set_presence(candidate.id, Presence::Leaving);
  return true;
}

bool Index::is_still(const Candidate& candidate) const {
  if (!objects_.is_known(candidate.id)) return false;
  const ObjectTable::Object& object = objects_[candidate.id];
  return object.presence == Presence::Stored && object.last_use.get() == candidate.last_use;
}

Index::Victim Index::victim(ObjectId id) const { return {objects_.digest(id), objects_[id].size}; }

bool Index::is_leaving(const oci::Digest& digest) const {
  std::shared_lock lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  return id && objects_[*id].presence == Presence::Leaving;
}

void Index::unmark_leaving(const oci::Digest& digest, Time now) {
  std::lock_guard lock(mutex_);
  std::optional<ObjectId> id = objects_.find(digest);
  if (!id || objects_[*id].presence != Presence::Leaving) return;
  set_presence(*id, Presence::Stored);
  objects_[*id].last_use.raise(seconds_of(now));
}

std::vector<Index::Victim> Index::leaving() const {
  std::vector<Victim> victims;
  std::shared_lock lock(mutex_);
  for (ObjectId id = 0; id < objects_.end(); ++id) {
    if (objects_[id].presence == Presence::Leaving) victims.push_back(victim(id));
  }
  return victims;
}

}  // namespace entrepot::store
