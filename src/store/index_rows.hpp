// The rows of the index as they travel between memory (index.hpp) and SQLite (index_file.hpp). Values.
//
// Objects, media types and repositories are numbered, so that the many rows that name them stay small. A number whose
// row is gone is given again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/oci/digest.hpp"
#include "store/object_table.hpp"

namespace entrepot::store {

using MediaTypeId = std::uint32_t;
using RepositoryId = std::uint32_t;

inline std::uint32_t seconds_of(Time time) {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

struct Ages {
  std::uint32_t fetched = 0;  // or shown while it was not stored; seconds since 1970
  LastUse last_use{};
};

struct ObjectRow {
  ObjectId id;
  oci::Digest digest;
  Presence presence;
  bool verified;
  std::uint64_t size;
  std::uint32_t last_use;  // at least; those of its links may be later
};

struct MediaTypeRow {
  MediaTypeId id;
  std::string name;
};

struct RepositoryRow {
  RepositoryId id;
  std::string upstream;
  std::string name;
};

struct LinkRow {
  RepositoryId repository;
  ObjectId object;
  bool as_blob;
  bool as_manifest;
  MediaTypeId media_type;
  std::optional<std::uint64_t> size;
  Ages ages;
};

struct TargetRow {
  ObjectId object;
  MediaTypeId media_type;
  std::uint64_t size;
};

struct TagRow {
  TargetRow seen;
  std::optional<TargetRow> stored;
  std::int64_t checked;  // milliseconds since 1970
  Ages ages;
};

struct TagChange {
  RepositoryId repository;
  std::string name;
  std::optional<TagRow> tag;  // none: the tag is forgotten
};

// What memory has and the file has not: the present state of each row that changed, and which ones are gone. A row
// names only rows that the file has, or that are in the same Changes.
struct Changes {
  std::vector<MediaTypeRow> media_types{};
  std::vector<RepositoryRow> repositories{};
  std::vector<ObjectRow> objects{};
  std::vector<LinkRow> links{};
  std::vector<TagChange> tags{};
  std::vector<RepositoryId> repositories_gone{};
  std::vector<ObjectId> objects_gone{};
  std::vector<std::pair<RepositoryId, ObjectId>> links_gone{};

  bool empty() const {
    return media_types.empty() && repositories.empty() && objects.empty() && links.empty() && tags.empty() &&
           repositories_gone.empty() && objects_gone.empty() && links_gone.empty();
  }
};

}  // namespace entrepot::store
