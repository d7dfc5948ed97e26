// What the index knows besides blobs: which upstream has shown which object in which repository, and what its tags are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/oci/digest.hpp"

namespace entrepot::store {

// A repository of an upstream, by the upstream's name: the key of links and tags.
struct RepositoryKey {
  std::string upstream;
  std::string repository;
  friend auto operator<=>(const RepositoryKey&, const RepositoryKey&) = default;
};

// That an upstream has shown an object in a repository, as a blob, as a manifest, or as both. The object need not be
// stored.
struct Link {
  oci::Digest digest;
  bool as_blob = false;
  bool as_manifest = false;
  std::string media_type{};             // to serve it with as a manifest; "" if it was not shown as one
  std::optional<std::uint64_t> size{};  // from the bytes, or from a descriptor; never what a mere header says
};

struct TagTarget {
  oci::Digest digest;
  std::string media_type;
  std::uint64_t size;
  friend bool operator==(const TagTarget&, const TagTarget&) = default;
};

// A tag: what its upstream was last seen to have, and what is in the store for it. The two differ between a HEAD that
// shows a new digest and the GET of that manifest.
struct TagRecord {
  TagTarget seen;
  std::optional<TagTarget> stored{};
  Time checked{};  // when the upstream last confirmed `seen`
};

}  // namespace entrepot::store
