#include "http/client/head.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

#include "entrepot/base/text.hpp"
#include "entrepot/http/message.hpp"

namespace entrepot::http::client {

namespace {

namespace beast = boost::beast;
using beast::http::field;
using beast::http::fields;

constexpr std::uint32_t kHeaderLimit = 128 * 1024;  // the connection's buffer is the tighter one
constexpr int kInterimLimit = 16;

Error bad(std::string message) { return Error{Errc::BadGateway, std::move(message)}; }

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// Where the header ends: after its first empty line. Nothing if that has not come yet.
std::optional<std::size_t> find_end(std::string_view text, std::size_t from) {
  for (std::size_t eol = text.find('\n', from); eol != text.npos; eol = text.find('\n', eol + 1)) {
    std::string_view rest = text.substr(eol + 1);
    if (rest.starts_with('\n')) return eol + 2;
    if (rest.starts_with("\r\n")) return eol + 3;
  }
  return std::nullopt;
}

std::string with_crlf(std::string_view block) {
  std::string text;
  text.reserve(block.size() + 64);
  for (char c : block) {
    if (c == '\n') text += '\r';
    text += c;
  }
  return text;
}

// RFC 9112, 6.1 and 6.3: what another reader of the same bytes could take for another body is refused. Beast 1.81 lets
// most of it pass.
Result<void> check_transfer_encoding(const fields& header, unsigned version) {
  std::size_t count = header.count(field::transfer_encoding);
  if (count == 0) return ok();
  if (header.count(field::content_length) != 0) return bad("both Transfer-Encoding and Content-Length");
  if (version != 11) return bad("Transfer-Encoding in HTTP/1.0");
  if (count != 1 || !equal_ignoring_case(view(header[field::transfer_encoding]), "chunked")) {
    return bad("a Transfer-Encoding other than chunked");
  }
  return ok();
}

// Of several values ("5, 5") the parser has let pass only equal ones.
std::optional<std::uint64_t> content_length_of(const fields& header) {
  std::string_view text = view(header[field::content_length]);
  std::uint64_t length = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (failure != std::errc()) return std::nullopt;
  return length;
}

// Nobody here decodes: a blob would have another digest. The text of an error may be whatever it is.
Result<void> check_content_encoding(const Head& head) {
  if (!head.has_body || head.status / 100 != 2) return ok();
  auto [first, last] = head.fields.equal_range(field::content_encoding);
  for (auto entry = first; entry != last; ++entry) {
    std::string_view encoding = view(entry->value());
    if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) return bad("a Content-Encoding not asked for");
  }
  return ok();
}

}  // namespace

Result<Head> parse_head(std::string_view block, bool is_head) {
  std::string normalised;
  if (block.find('\r') == block.npos) block = normalised = with_crlf(block);

  beast::http::response_parser<beast::http::empty_body> parser;
  parser.header_limit(kHeaderLimit);
  parser.body_limit(boost::none);
  parser.skip(is_head);
  beast::error_code ec;
  parser.put(net::buffer(block.data(), block.size()), ec);
  if (ec || !parser.is_header_done()) return bad("not an HTTP answer: " + ec.message());

  unsigned status = parser.get().result_int();
  auto framing = check_transfer_encoding(parser.get().base(), parser.get().version());
  if (!framing) return framing.error();
  bool has_body = !is_head && status != 204 && status != 304 && status / 100 != 1;
  auto length = content_length_of(parser.get().base());
  bool chunked = parser.chunked();
  bool keep_alive = parser.keep_alive();
  Head head{.status = status,
            .fields = fields(std::move(parser.get().base())),
            .has_body = has_body,
            .chunked = chunked,
            .content_length = length,
            .keep_alive = keep_alive};
  auto encoding = check_content_encoding(head);
  if (!encoding) return encoding.error();
  return head;
}

io::Awaitable<Result<Head>> read_head(Connection& connection, bool is_head, io::Deadline deadline) {
  std::size_t searched = 0;
  for (int interim = 0; interim < kInterimLimit;) {
    std::optional<std::size_t> end = find_end(connection.buffered(), searched);
    if (!end) {
      // The end may begin with the last line end that is here.
      searched = connection.buffered().size() - std::min<std::size_t>(connection.buffered().size(), 2);
      auto count = co_await connection.fill_buffer(deadline);
      if (!count) co_return count.error();
      if (*count == 0) co_return connection.error("connection closed before the answer's header was complete");
      continue;
    }
    Result<Head> head = parse_head(connection.buffered().substr(0, *end), is_head);
    if (!head) co_return connection.error(head.error().message);
    connection.buffer().consume(*end);
    searched = 0;
    if (head->status == 101) co_return connection.error("a change of protocol not asked for");
    if (head->status >= 200) co_return head;
    ++interim;
  }
  co_return connection.error("too many interim answers");
}

}  // namespace entrepot::http::client
