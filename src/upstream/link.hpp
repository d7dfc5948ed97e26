// Where a list goes on: the Link header of paged answers. Pure. Source: RFC 8288; OCI distribution-spec, "Listing
// Tags".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

// The target of the first rel="next" among the header's lines, resolved against `page`. Of its use are path and query
// alone: we read on where we began, whatever host it names. A registry behind a proxy names itself by the scheme and
// host that it sees, and one that would send us (and our token) elsewhere must not.
std::optional<http::Url> next_link(std::span<const std::string> lines, const http::Url& page);

// A target's two parts.
std::string_view path_of(const http::Url& url);   // "/v2/a/tags/list"
std::string_view query_of(const http::Url& url);  // "n=10&last=b", without the "?"

// The decoded value of the first parameter of this name.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace entrepot::upstream
