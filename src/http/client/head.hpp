// The header of an answer: read, parsed, and refused where its framing could mean two things.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "entrepot/base/result.hpp"
#include "http/client/connection.hpp"

namespace entrepot::http::client {

struct Head {
  unsigned status = 0;
  boost::beast::http::fields fields{};
  bool has_body = false;
  bool chunked = false;  // of a body: else it is content_length bytes, or up to the stream's end
  std::optional<std::uint64_t> content_length{};  // as the header says it, also where there is no body
  bool keep_alive = false;
};

// Status line and fields, up to and with the empty line; `is_head` if it answers a HEAD. Lines may all end with a bare
// LF, as Docker Hub's abuse limit sends them. Errc::BadGateway, without the peer's name.
Result<Head> parse_head(std::string_view block, bool is_head);

// Reads from `connection` up to the header of the final answer; interim ones (1xx) are skipped.
io::Awaitable<Result<Head>> read_head(Connection& connection, bool is_head, io::Deadline deadline);

}  // namespace entrepot::http::client
