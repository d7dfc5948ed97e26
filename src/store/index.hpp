// The index in memory: everything that a hit needs. Thread-safe; the lock is held for work in memory only, so the io
// threads use it directly.
//
// It remembers which rows have changed, not what was done to them: the writer takes the present state of those rows,
// so that repeated changes cost one write and a failed write is only put back.
//
// An object's row stays as long as it is stored, or a link or tag names it; a repository's, as long as it has either.
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "entrepot/store/lifetime.hpp"
#include "entrepot/store/records.hpp"
#include "store/index_rows.hpp"
#include "store/object_table.hpp"

namespace entrepot::store {

class Index {
 public:
  Index();

  struct Blob {
    std::uint64_t size;
    bool verified;
  };
  std::optional<Blob> find_blob(const oci::Digest& digest) const;

  // The size of the file that this one replaces, if there was one.
  std::optional<std::uint64_t> add_blob(const oci::Digest& digest, std::uint64_t size, bool verified, Time now);
  void set_verified(const oci::Digest& digest);
  std::optional<std::uint64_t> forget_blob(const oci::Digest& digest);  // its file's size, if there was one

  std::optional<Link> link(const RepositoryKey& repository, const oci::Digest& digest) const;
  void add_links(const RepositoryKey& repository, const std::vector<Link>& links, Time now);

  std::optional<TagRecord> tag(const RepositoryKey& repository, const std::string& name) const;
  void set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record, Time now);
  bool forget_tag(const RepositoryKey& repository, const std::string& name);  // whether there was one
  std::vector<std::string> tags(const RepositoryKey& repository, const std::string& after, std::size_t limit) const;
  std::vector<RepositoryKey> repositories(const std::string& upstream) const;

  // What all stored objects take on disk, and how many they are.
  std::uint64_t stored_footprint() const { return stored_footprint_; }
  std::uint64_t stored_objects() const { return stored_objects_; }

  // ---- uses (index_uses.cpp). A use of an object in a repository is one of its link there, if it has one.

  void touch(const RepositoryKey& repository, const oci::Digest& digest, Time now);
  void touch_tag(const RepositoryKey& repository, const std::string& name, Time now);
  void touch_blob(const oci::Digest& digest, Time now);  // whatever the repository

  // Stored manifests that were used since the last call.
  struct UsedManifest {
    RepositoryKey repository;
    oci::Digest digest;
    std::uint32_t last_use;  // seconds since 1970
  };
  std::vector<UsedManifest> take_used_manifests();

  // What a manifest lists was used with it.
  void touch_listed(const UsedManifest& manifest, const std::vector<oci::Digest>& listed);

  // ---- what may go (index_expiry.cpp)

  struct Victim {
    oci::Digest digest;
    std::uint64_t size;
  };

  // Forgets links and tags of a repository whose time is over, at most `most` of them; objects that lose their last
  // link are then leaving.
  struct Expired {
    std::size_t links = 0;
    std::size_t tags = 0;
    std::vector<Victim> leaving{};
  };
  Expired expire(RepositoryId id, const Lifetimes& lifetimes, Time now, std::size_t most);
  RepositoryId end_of_repositories() const;  // numbers are below this one

  // Stored objects that no upstream has shown, and whose time is over, are then leaving; at most `most` of them.
  std::vector<Victim> expire_unlinked(const Lifetime& lifetime, Time now, std::size_t most);

  // Stored objects, those first whose last use is the longest ago; at most `count`.
  struct Candidate {
    ObjectId id;
    std::uint32_t last_use;  // seconds since 1970
  };
  std::vector<Candidate> oldest(std::size_t count) const;
  std::optional<Victim> victim(const Candidate& candidate) const;  // none if it was used since, or is not stored
  bool mark_leaving(const Candidate& candidate);                   // likewise

  bool is_leaving(const oci::Digest& digest) const;
  void unmark_leaving(const oci::Digest& digest, Time now);  // its file cannot be removed: it stays, as if used now
  std::vector<Victim> leaving() const;

  // ---- the writer's side (index_changes.cpp)

  // All changes, and last uses of at most `uses` rows: they name nothing that the file has not, so the rest may wait.
  Changes take_changes(std::size_t uses);
  std::size_t uses() const;               // last uses that wait to be taken
  void put_back(const Changes& changes);  // they could not be written

  // ---- from the file (index_changes.cpp), before any other thread knows the index: without the lock, which would take
  // a quarter of the time. False if a row contradicts another: the file is corrupt. Rows of one kind come in the order
  // of their numbers; media types, repositories and objects before what names them.
  void reserve(std::size_t objects);
  void clear();  // as new, after a load that failed
  bool load(const ObjectRow& row);
  bool load(const MediaTypeRow& row);
  bool load(const RepositoryRow& row);
  bool load(const LinkRow& row);
  bool load(RepositoryId repository, const std::string& name, const TagRow& tag);

 private:
  // 24 bytes with its key; a size beyond 1 TiB counts as not known.
  struct PackedLink {
    std::uint64_t size : 40 = kNoSize;
    std::uint64_t media_type : 22 = 0;
    std::uint64_t as_blob : 1 = 0;
    std::uint64_t as_manifest : 1 = 0;
    Ages ages{};
  };
  static constexpr std::uint64_t kNoSize = (std::uint64_t{1} << 40) - 1;

  struct Repository {
    RepositoryKey key{};  // of one that is gone: empty
    std::map<std::string, TagRow> tags{};
    boost::unordered_flat_map<ObjectId, PackedLink> links{};
    std::vector<ObjectId> manifests{};  // linked as such, stored or not
  };

  struct KeyHash {
    std::size_t operator()(const RepositoryKey& key) const;
  };

  using LinkKey = std::pair<RepositoryId, ObjectId>;
  using TagKey = std::pair<RepositoryId, std::string>;

  // With mutex_ held. Interning marks what is new as changed.
  std::optional<RepositoryId> find_repository(const RepositoryKey& key) const;
  bool is_known(RepositoryId id) const { return id < repositories_.size() && !repositories_[id].key.upstream.empty(); }
  RepositoryId intern_repository(const RepositoryKey& key);
  ObjectId intern_object(const oci::Digest& digest);
  MediaTypeId intern_media_type(const std::string& name);
  const TagRow* find_tag(const RepositoryKey& repository, const std::string& name) const;
  bool has(const TargetRow& target) const;
  TargetRow pack(const TagTarget& target);
  TagTarget unpack(const TargetRow& target) const;
  ObjectRow object_row(ObjectId id) const;
  static LinkRow link_row(LinkKey key, const PackedLink& link);
  bool has_stored_manifest(const Repository& repository) const;

  // With mutex_ held: what is not named any more goes.
  void count_tag(const TagRow& tag, std::int32_t by);  // 1: its targets are named once more; -1: once less
  void drop_object_if_unused(ObjectId id);
  void drop_repository_if_empty(RepositoryId id);
  void erase_tag(RepositoryId repository, std::map<std::string, TagRow>::iterator tag);
  void set_presence(ObjectId id, Presence presence);
  Victim victim(ObjectId id) const;
  bool is_still(const Candidate& candidate) const;

  // With mutex_ held, if only shared.
  void use(LinkKey key, PackedLink& link, std::uint32_t when);

  mutable std::shared_mutex mutex_;  // guards all below; last uses may be raised under a shared lock
  ObjectTable objects_;
  std::atomic<std::uint64_t> stored_footprint_{0};
  std::atomic<std::uint64_t> stored_objects_{0};
  std::deque<Repository> repositories_;
  std::vector<RepositoryId> erased_repositories_;
  boost::unordered_flat_map<RepositoryKey, RepositoryId, KeyHash> repository_ids_;
  std::deque<std::string> media_types_;
  boost::unordered_flat_map<std::string, MediaTypeId> media_type_ids_;

  boost::unordered_flat_set<ObjectId> changed_objects_;
  boost::unordered_flat_set<LinkKey> changed_links_;
  std::set<TagKey> changed_tags_;
  std::set<RepositoryId> changed_repositories_;
  std::size_t written_media_types_ = 0;  // the file has those below

  mutable std::mutex uses_mutex_;  // taken after mutex_; guards all below
  boost::unordered_flat_set<LinkKey> used_links_;
  std::set<TagKey> used_tags_;
  boost::unordered_flat_set<LinkKey> used_manifests_;
};

}  // namespace entrepot::store
