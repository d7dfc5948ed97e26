// The index in memory: everything that a hit needs. Thread-safe; the lock is held for work in memory only, so the io
// threads use it directly.
//
// It remembers which rows have changed, not what was done to them: the writer takes the present state of those rows,
// so that repeated changes cost one write and a failed write is only put back.
#pragma once

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

  // The size that it was stored with before, if it was; it is then verified if it was or is.
  std::optional<std::uint64_t> add_blob(const oci::Digest& digest, std::uint64_t size, bool verified, Time now);
  void set_verified(const oci::Digest& digest);
  std::optional<std::uint64_t> forget_blob(const oci::Digest& digest);  // its size, if it was stored
  void touch(const oci::Digest& digest, Time now);

  std::optional<Link> link(const RepositoryKey& repository, const oci::Digest& digest) const;
  void add_links(const RepositoryKey& repository, const std::vector<Link>& links);

  std::optional<TagRecord> tag(const RepositoryKey& repository, const std::string& name) const;
  void set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record);
  bool forget_tag(const RepositoryKey& repository, const std::string& name);  // whether there was one
  std::vector<std::string> tags(const RepositoryKey& repository, const std::string& after, std::size_t limit) const;
  std::vector<RepositoryKey> repositories(const std::string& upstream) const;

  // What all stored objects take on disk.
  std::uint64_t stored_footprint() const;

  Changes take_changes();
  void put_back(const Changes& changes);  // they could not be written

  // ---- from the file, before any other thread knows the index: without the lock, which would take a quarter of the
  // time. False if a row contradicts another: the file is corrupt. Rows of one kind come in the order of their numbers;
  // media types, repositories and objects before what names them.
  void reserve(std::size_t objects, std::size_t links);
  void clear();  // as new, after a load that failed
  bool load(const ObjectRow& row);
  bool load(const MediaTypeRow& row);
  bool load(const RepositoryRow& row);
  bool load(const LinkRow& row);
  bool load(RepositoryId repository, const std::string& name, const TagRow& tag);

 private:
  // 16 bytes with its key; a size beyond 1 TiB counts as not known.
  struct PackedLink {
    std::uint64_t size : 40 = kNoSize;
    std::uint64_t media_type : 22 = 0;
    std::uint64_t as_blob : 1 = 0;
    std::uint64_t as_manifest : 1 = 0;
  };
  static constexpr std::uint64_t kNoSize = (std::uint64_t{1} << 40) - 1;
  static constexpr MediaTypeId kMaxMediaTypes = 1 << 22;

  struct Repository {
    RepositoryKey key;
    std::map<std::string, TagRow> tags{};
    std::vector<ObjectId> manifests{};  // linked as such, stored or not
  };

  struct KeyHash {
    std::size_t operator()(const RepositoryKey& key) const;
  };

  using LinkKey = std::uint64_t;
  using TagKey = std::pair<RepositoryId, std::string>;

  static LinkKey key_of(RepositoryId repository, ObjectId object) { return std::uint64_t{repository} << 32 | object; }
  static LinkRow unpack(LinkKey key, PackedLink link);

  // With mutex_ held. Interning marks what is new as changed.
  std::optional<RepositoryId> find_repository(const RepositoryKey& key) const;
  RepositoryId intern_repository(const RepositoryKey& key);
  ObjectId intern_object(const oci::Digest& digest);
  MediaTypeId intern_media_type(const std::string& name);
  bool has(const TargetRow& target) const;
  TargetRow pack(const TagTarget& target);
  TagTarget unpack(const TargetRow& target) const;
  ObjectRow object_row(ObjectId id) const;
  bool has_stored_manifest(const Repository& repository) const;

  mutable std::shared_mutex mutex_;  // guards all below
  ObjectTable objects_;              // last_use also changes under a shared lock, atomically
  boost::unordered_flat_map<LinkKey, PackedLink> links_;
  std::deque<Repository> repositories_;
  boost::unordered_flat_map<RepositoryKey, RepositoryId, KeyHash> repository_ids_;
  std::deque<std::string> media_types_;
  boost::unordered_flat_map<std::string, MediaTypeId> media_type_ids_;

  boost::unordered_flat_set<ObjectId> changed_objects_;
  boost::unordered_flat_set<LinkKey> changed_links_;
  std::set<TagKey> changed_tags_;
  std::size_t written_repositories_ = 0;  // the file has those below
  std::size_t written_media_types_ = 0;   // likewise

  mutable std::mutex touched_mutex_;  // taken after mutex_
  boost::unordered_flat_set<ObjectId> touched_;
};

}  // namespace entrepot::store
