// The text of HTTP/1 messages, for the tests' own servers and clients: start line and header fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream.hpp"

namespace entrepot::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct MessageHead {
  std::string start_line;
  HeaderList headers;
};

// The value of the first field of this name, without regard to case; "" if there is none.
std::string find_header(const HeaderList& headers, std::string_view name);
bool has_header(const HeaderList& headers, std::string_view name);

std::string to_text(const MessageHead& head);  // as it is sent, with the empty line

// Reads up to the empty line. `buffer` holds what was read too far, before and after. Nothing: the connection ended.
std::optional<MessageHead> read_head(Stream& stream, std::string& buffer);

std::string percent_decoded(std::string_view text);

// The value of `key` in "a=1&b=2", decoded.
std::optional<std::string> query_value(std::string_view query, std::string_view key);

}  // namespace entrepot::test
