// Media types that entrepot tells apart. Everything else passes through unread.
#pragma once

#include <string>
#include <string_view>

namespace entrepot::oci {

inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kOciArtifact = "application/vnd.oci.artifact.manifest.v1+json";
inline constexpr std::string_view kOctetStream = "application/octet-stream";

// "Application/JSON; charset=utf-8" -> "application/json".
std::string without_parameters(std::string_view media_type);

// RFC 6838: "type/subtype" of the allowed characters, no parameters. Such a text is safe in a header field.
bool is_media_type(std::string_view text);

// These take a Content-Type as it comes: case and parameters do not matter.
bool is_index(std::string_view media_type);     // an OCI index or a Docker manifest list
bool is_manifest(std::string_view media_type);  // an index, an image manifest, or one of the artifact manifest types
bool is_schema1(std::string_view media_type);   // Docker's schema 1, signed or not
bool is_foreign(std::string_view media_type);   // a layer that its registry need not hold (foreign, nondistributable)

// Malformed, or what servers send that do not know: text/plain, application/octet-stream, application/json.
bool says_nothing(std::string_view media_type);

// The value of Accept on every manifest request that goes upstream: all types that we serve, lists first, no schema 1,
// so that one tag has one digest whichever client asks.
std::string_view accepted_manifests();

}  // namespace entrepot::oci
