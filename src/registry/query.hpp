// The query of a registry request: the parameters that the read API knows, decoded; others are ignored. Pure.
//
// A "+" stays one. Forms mean a space by it, but no value here can hold a space, and media types such as
// "application/vnd.oci.image.manifest.v1+json" come with a bare "+" from clients that do not encode it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace entrepot::registry {

struct Query {
  std::optional<std::string> ns;  // never empty; printable ASCII, so that a header field can hold it

  // "" if absent; of several the first.
  std::string n;
  std::string last;
  std::string artifact_type;

  std::string fault;  // why it cannot be answered, "" if it can. The rest is filled in all the same
};

// `text` is what follows the "?".
Query parse_query(std::string_view text);

}  // namespace entrepot::registry
