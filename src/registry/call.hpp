// One request to the registry API as its handler sees it, and what the handlers have in common.
#pragma once

#include <memory>
#include <string_view>

#include "entrepot/cache/context.hpp"
#include "entrepot/http/message.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/upstream/view.hpp"
#include "registry/error_response.hpp"
#include "registry/route.hpp"

namespace entrepot::registry {

// References: a handler is awaited by its caller, which owns all of this.
struct Call {
  const http::Request& request;
  const Route& route;
  const cache::Source& source;
  std::shared_ptr<const upstream::ClientAccount> client;  // null but where the upstream is asked in its name
  io::Deadline deadline;                                  // for the status line

  upstream::View view() const { return {route.repository, client}; }
};

// A response of this status with the headers that every answer has.
http::Response make_response(unsigned status);

// `media_type` where it can be sent as a field's value; else the type of bytes of which nothing is known.
std::string_view sendable_type(std::string_view media_type);

// Cache-Status and, for what is stale, its Warning.
void add_cache_status(http::Response& response, cache::Outcome outcome);

// The headers of an object that its digest names: ETag, Docker-Content-Digest, Accept-Ranges, Content-Type,
// Cache-Status and, for what is stale, its Warning.
void add_content_headers(http::Response& response, const oci::Digest& digest, std::string_view media_type,
                         cache::Outcome outcome);

// The 416 for an object of `size` bytes.
http::Response unsatisfiable_response(std::uint64_t size, cache::Outcome outcome);

// Whether If-None-Match says that the client has it already.
bool has_it(const http::Request& request, const oci::Digest& digest);

// The Range header, or "" where If-Range says to ignore it (RFC 9110, 13.1.5), or the method is not GET.
std::string_view range_of(const http::Request& request, const oci::Digest& digest);

}  // namespace entrepot::registry
