// The rows of the index as they travel between memory (index.hpp) and SQLite (index_file.hpp). Values.
//
// Objects, media types and repositories are numbered from 0 in the order in which they became known, so that the many
// rows that name them stay small.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "entrepot/oci/digest.hpp"
#include "store/object_table.hpp"

namespace entrepot::store {

using MediaTypeId = std::uint32_t;
using RepositoryId = std::uint32_t;

struct ObjectRow {
  ObjectId id;
  oci::Digest digest;
  bool stored;
  bool verified;
  std::uint64_t size;
  std::uint32_t last_use;
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
};

struct TagChange {
  RepositoryId repository;
  std::string name;
  std::optional<TagRow> tag;  // none: the tag is forgotten
};

// What memory has and the file has not: the present state of each row that changed. A row names only rows that the file
// has, or that are in the same Changes.
struct Changes {
  std::vector<MediaTypeRow> media_types;
  std::vector<RepositoryRow> repositories;
  std::vector<ObjectRow> objects;
  std::vector<LinkRow> links;
  std::vector<TagChange> tags;

  bool empty() const {
    return media_types.empty() && repositories.empty() && objects.empty() && links.empty() && tags.empty();
  }
};

}  // namespace entrepot::store
