#include "entrepot/oci/manifest.hpp"

#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "entrepot/oci/media_type.hpp"
#include "oci/json.hpp"

namespace entrepot::oci {

namespace {

using nlohmann::json;

Error invalid(std::string message) { return Error{Errc::Invalid, "invalid manifest: " + std::move(message)}; }

// "" if there is none, or one that could not be sent as a Content-Type.
std::string media_type_of(const json& value) {
  std::string type = without_parameters(text_member(value, "mediaType"));
  return is_media_type(type) ? type : std::string();
}

bool has_unknown_algorithm(std::string_view digest) {
  std::size_t colon = digest.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view algorithm = digest.substr(0, colon);
  return algorithm != name_of(HashAlgorithm::Sha256) && algorithm != name_of(HashAlgorithm::Sha512);
}

// Nothing for a descriptor whose digest cannot be checked.
Result<std::optional<Descriptor>> parse_descriptor(const json& value) {
  if (!value.is_object()) return invalid("a descriptor is no object");

  const json& size = member(value, "size");
  // Sizes are signed 64-bit numbers in every client.
  constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
  if (!size.is_number_unsigned() || size.get<std::uint64_t>() > kMaxSize) {
    return invalid("a descriptor has no valid size");
  }

  std::string text = text_member(value, "digest");
  if (has_unknown_algorithm(text)) return std::optional<Descriptor>();
  Result<Digest> digest = Digest::parse(text);
  if (!digest) return invalid(digest.error().message);
  return std::optional<Descriptor>({*digest, media_type_of(value), size.get<std::uint64_t>()});
}

// Collects descriptors, each digest once.
class References {
 public:
  // null and absent are the same: Go writes an empty list as null.
  Result<void> add_all(const json& list) {
    if (list.is_null()) return ok();
    if (!list.is_array()) return invalid("a list of descriptors is no array");
    for (const json& value : list) {
      if (Result<void> added = add(value); !added) return added;
    }
    return ok();
  }

  Result<void> add(const json& value) {
    Result<std::optional<Descriptor>> parsed = parse_descriptor(value);
    if (!parsed) return parsed.error();
    std::optional<Descriptor>& descriptor = *parsed;
    if (descriptor && !is_foreign(descriptor->media_type) && seen_.insert(descriptor->digest).second) {
      list_.push_back(std::move(*descriptor));
    }
    return ok();
  }

  std::size_t size() const { return list_.size(); }

  std::vector<Descriptor> take() { return std::move(list_); }

 private:
  std::vector<Descriptor> list_;
  std::unordered_set<Digest> seen_;
};

bool is_schema1_body(const json& body) {
  return is_schema1(text_member(body, "mediaType")) || body.contains("fsLayers") || member(body, "schemaVersion") == 1;
}

// "" if the body has no manifest's structure.
std::string_view media_type_of_structure(const json& body) {
  if (body.contains("manifests")) return kOciIndex;
  if (body.contains("layers") || body.contains("config")) return kOciManifest;
  if (body.contains("blobs")) return kOciArtifact;
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view body) {
  json parsed = parse_json(body);
  if (!parsed.is_object()) return invalid("no JSON object");
  if (is_schema1_body(parsed)) return Error{Errc::NotFound, "manifests of schema 1 are not served"};

  Manifest manifest{.media_type = media_type_of(parsed), .references = {}};
  std::string_view structure = media_type_of_structure(parsed);
  if (structure.empty() && !is_manifest(manifest.media_type)) return invalid("neither layers nor manifests");
  if (manifest.media_type.empty()) manifest.media_type = structure;

  References references;
  if (const json& config = member(parsed, "config"); !config.is_null()) {
    if (Result<void> added = references.add(config); !added) return added.error();
  }
  manifest.first_layer = references.size();
  if (Result<void> added = references.add_all(member(parsed, "layers")); !added) return added.error();
  manifest.layer_count = references.size() - manifest.first_layer;
  for (const char* list : {"manifests", "blobs"}) {
    if (Result<void> added = references.add_all(member(parsed, list)); !added) return added.error();
  }
  manifest.references = references.take();
  return manifest;
}

std::string effective_media_type(std::string_view content_type, const Manifest& manifest) {
  return says_nothing(content_type) ? manifest.media_type : without_parameters(content_type);
}

}  // namespace entrepot::oci
