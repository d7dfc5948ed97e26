// Lists in pages: what of a sorted list a page holds, how the next one is linked, and the bodies. Pure.
//
// Source: OCI distribution-spec, "Listing Tags"; distribution's _catalog.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "registry/route.hpp"

namespace entrepot::registry {

struct Page {
  std::span<const std::string> entries;  // part of the list that was cut
  bool more;                             // further entries follow: the answer needs a Link
};

// At most `n` entries of `sorted` (by bytes, ascending) that come after `last`, which need not be one of them. A page
// of 0 entries has no next one.
Page cut_page(std::span<const std::string> sorted, std::size_t n, std::string_view last);

// The value of Link for the page behind the one that ends with `last` (of Referrers: whatever leads there). Relative
// and on the path as the client sent it: prefix and ns are kept, and it holds behind a reverse proxy too.
std::string next_link(const Route& route, std::string_view last);

// {"name":"library/alpine","tags":["3.20"]} and {"repositories":["library/alpine"]}
std::string tags_body(std::string_view name, std::span<const std::string> tags);
std::string catalog_body(std::span<const std::string> repositories);

}  // namespace entrepot::registry
