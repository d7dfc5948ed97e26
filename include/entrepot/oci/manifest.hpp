// What a manifest or an index says of other objects. Parsed only for this: what is served are the stored bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/oci/digest.hpp"

namespace entrepot::oci {

struct Descriptor {
  Digest digest;
  std::string media_type;  // without parameters
  std::uint64_t size;
};

struct Manifest {
  std::string media_type;  // what the body says of itself, else what its structure says; never empty

  // Config, layers (foreign ones left out) and an index's children, in this order, each digest once: the objects that a
  // registry shows to hold by serving this manifest. `subject` is not among them: anyone can name one.
  std::vector<Descriptor> references;

  // An image's layers among them, in its order; empty for an index.
  std::span<const Descriptor> layers() const { return std::span(references).subspan(first_layer, layer_count); }
  std::size_t first_layer = 0;
  std::size_t layer_count = 0;
};

// Errc::Invalid if `body` is no JSON object with a manifest's structure, or a descriptor in it is malformed. A
// descriptor with an algorithm that entrepot does not know is left out. Schema 1 has Errc::NotFound and says so.
Result<Manifest> parse_manifest(std::string_view body);

// The media type to serve: the upstream's Content-Type, or, where it is absent or says nothing (text/plain,
// application/octet-stream, application/json), what the body says.
std::string effective_media_type(std::string_view content_type, const Manifest& manifest);

}  // namespace entrepot::oci
