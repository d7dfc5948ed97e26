// The head of a request: request line and fields, as views into the text that holds them.
//
// The grammar is Beast's; on top of it come the rules that a server without request bodies needs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/http/message.hpp"

namespace entrepot::http {

// Why a request is not handled: what make_error gets.
struct Refusal {
  unsigned status;
  std::string_view reason;
};

struct RequestHead {
  std::string_view method;
  std::string_view target;
  unsigned version = 11;
  std::vector<HeaderView> headers;  // reused from request to request
  bool keep_alive = false;
  std::string rewritten_target;  // what `target` views where no part of the text will do
};

// The length of the head that `text` begins with, its empty line included; 0 while it is incomplete. `searched` keeps,
// from call to call, how much of a growing text needs no second look; 0 at first.
std::size_t find_head_end(std::string_view text, std::size_t& searched);

// Whether `text`, the beginning of an incomplete head, can still become one. TLS spoken to a plain listener cannot:
// clients that try it first are told at once instead of after a timeout.
bool may_be_request(std::string_view text);

// Parses one whole head, as find_head_end() delimits it. On a refusal `head` has what was understood until then.
std::optional<Refusal> parse_request_head(std::string_view text, RequestHead& head);

}  // namespace entrepot::http
