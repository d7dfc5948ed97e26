// The grammar of names: repositories and tags.
//
// Source: OCI distribution-spec, "Pulling manifests"; the 255 characters are what clients allow
// (distribution/reference).
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "entrepot/base/result.hpp"
#include "entrepot/oci/digest.hpp"

namespace entrepot::oci {

// "library/alpine": path components of [a-z0-9] with single separators, at most 255 characters in all.
bool is_repository(std::string_view text);

// "3.20": [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
bool is_tag(std::string_view text);

struct Tag {
  std::string name;
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

// What stands behind /manifests/.
using Reference = std::variant<Tag, Digest>;

std::string to_string(const Reference& reference);

}  // namespace entrepot::oci
