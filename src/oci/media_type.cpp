#include "entrepot/oci/media_type.hpp"

#include "entrepot/base/text.hpp"

namespace entrepot::oci {

namespace {

constexpr std::string_view kOrasArtifact = "application/vnd.cncf.oras.artifact.manifest.v1+json";
constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
constexpr std::string_view kSignedSchema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

// The names of foreign layers end in their compression, or in none.
constexpr std::string_view kDockerForeign = "application/vnd.docker.image.rootfs.foreign.";
constexpr std::string_view kOciForeign = "application/vnd.oci.image.layer.nondistributable.";

std::string_view essence(std::string_view media_type) { return trim(media_type.substr(0, media_type.find(';'))); }

bool is(std::string_view media_type, std::string_view known) { return equal_ignoring_case(essence(media_type), known); }

bool starts_with(std::string_view media_type, std::string_view known) {
  return equal_ignoring_case(essence(media_type).substr(0, known.size()), known);
}

// RFC 6838, 4.2: restricted-name.
bool is_restricted_name(std::string_view text) {
  constexpr std::size_t kMaxLength = 127;
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyz"
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "0123456789!#$&-^_.+";
  return !text.empty() && text.size() <= kMaxLength && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

std::string without_parameters(std::string_view media_type) { return lowercase(essence(media_type)); }

bool is_media_type(std::string_view text) {
  std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_restricted_name(text.substr(0, slash)) &&
         is_restricted_name(text.substr(slash + 1));
}

bool is_index(std::string_view media_type) { return is(media_type, kOciIndex) || is(media_type, kDockerList); }

bool is_manifest(std::string_view media_type) {
  return is_index(media_type) || is(media_type, kOciManifest) || is(media_type, kDockerManifest) ||
         is(media_type, kOciArtifact) || is(media_type, kOrasArtifact);
}

bool is_schema1(std::string_view media_type) { return is(media_type, kSchema1) || is(media_type, kSignedSchema1); }

bool is_foreign(std::string_view media_type) {
  return starts_with(media_type, kDockerForeign) || starts_with(media_type, kOciForeign);
}

bool says_nothing(std::string_view media_type) {
  return !is_media_type(essence(media_type)) || is(media_type, "text/plain") || is(media_type, kOctetStream) ||
         is(media_type, "application/json");
}

std::string_view accepted_manifests() {
  // Indexes first: some registries answer with the first type that they could make.
  static const std::string accept = [] {
    std::string list;
    for (std::string_view type : {kOciIndex, kDockerList, kOciManifest, kDockerManifest, kOciArtifact, kOrasArtifact}) {
      if (!list.empty()) list += ", ";
      list += type;
    }
    return list;
  }();
  return accept;
}

}  // namespace entrepot::oci
