// The head of a response, and how its body is delimited. Pure but for the Date.
#pragma once

#include <optional>
#include <string>

#include "entrepot/http/message.hpp"

namespace entrepot::http {

// How the peer knows where the body ends (RFC 9112, 6.3).
enum class Framing {
  NoBody,      // none is sent: HEAD, 204, 304, or nothing to send
  Length,      // Content-Length
  Chunked,     // by its last chunk
  UntilClose,  // by the connection's end: all that HTTP/1.0 has for a body of unknown length
};

struct BodyPlan {
  Framing framing = Framing::NoBody;
  std::optional<std::uint64_t> length{};  // what Content-Length says, also where no body is sent
};

BodyPlan plan_body(const Response& response, bool is_head, unsigned version);

// Overwrites `out` with status line and fields, up to and including the empty line.
void write_response_head(std::string& out, const Response& response, const BodyPlan& plan, unsigned version,
                         bool keep_alive);

}  // namespace entrepot::http
