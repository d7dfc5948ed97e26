// Beast's basic_parser calls back for each field with views into the text, so that nothing is copied or allocated.
// Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1).
#include "http/connection_request.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cctype>
#include <functional>
#include <limits>

#include "entrepot/base/text.hpp"

namespace entrepot::http {

namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;
using BeastView = beast::string_view;

constexpr std::string_view kEmptyLine = "\r\n\r\n";

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

class Parser final : public beast::http::basic_parser<true> {
 public:
  Parser(std::string_view text, RequestHead& head) : text_(text), head_(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // whoever read the text has limited it
    skip(true);                                               // a body is refused, never parsed
  }

  ErrorCode parse() {
    ErrorCode failure;
    put(boost::asio::buffer(text_.data(), text_.size()), failure);
    return failure;
  }

 private:
  void on_request_impl(beast::http::verb, BeastView method, BeastView target, int version, ErrorCode&) override {
    head_.method = view(method);
    head_.target = view(target);
    head_.version = static_cast<unsigned>(version);
  }

  void on_field_impl(beast::http::field, BeastView name, BeastView value, ErrorCode& failure) override {
    // Beast unfolds a folded value into a buffer of its own. A server may refuse them instead (RFC 9112, 5.2).
    if (!value.empty() && !lies_in_text(value.data())) {
      failure = beast::http::error::bad_value;
      return;
    }
    head_.headers.push_back({view(name), view(value)});
  }

  void on_header_impl(ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  // Of bodies and responses, which this parser never sees.
  void on_response_impl(int, BeastView, int, ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(BeastView, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, BeastView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView, ErrorCode&) override { return 0; }

  bool lies_in_text(const char* place) const {
    std::less<> before;
    return !before(place, text_.data()) && before(place, text_.data() + text_.size());
  }

  std::string_view text_;
  RequestHead& head_;
};

// "GET / HTTP/2.0" is a request in a version that is not spoken here; all else that does not parse is malformed.
bool names_another_version(std::string_view text) {
  std::string_view line = text.substr(0, text.find("\r\n"));
  std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos) return false;
  std::string_view version = line.substr(space + 1);
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
         is_digit(version[7]) && version[5] != '1';
}

// What fields say that concerns the connection.
struct FieldFacts {
  unsigned hosts = 0;
  unsigned content_lengths = 0;
  bool empty_body = true;  // every Content-Length is 0
  bool transfer_encoding = false;
  bool unknown_expectation = false;
};

FieldFacts facts_of(const std::vector<HeaderView>& headers) {
  FieldFacts facts;
  for (const HeaderView& field : headers) {
    switch (field.name.size()) {  // most fields are told apart by their length alone
      case 4:
        if (equal_ignoring_case(field.name, "Host")) ++facts.hosts;
        break;
      case 6:
        if (equal_ignoring_case(field.name, "Expect") && !equal_ignoring_case(field.value, "100-continue")) {
          facts.unknown_expectation = true;
        }
        break;
      case 14:
        if (equal_ignoring_case(field.name, "Content-Length")) {
          ++facts.content_lengths;
          if (field.value.find_first_not_of('0') != std::string_view::npos) facts.empty_body = false;
        }
        break;
      case 17:
        if (equal_ignoring_case(field.name, "Transfer-Encoding")) facts.transfer_encoding = true;
        break;
      default:
        break;
    }
  }
  return facts;
}

// RFC 9112, 3.2.2: a server must accept the absolute form, whose authority replaces Host. Neither means anything here.
bool reduce_to_origin_form(RequestHead& head) {
  std::string_view target = head.target;
  if (target.starts_with('/')) return true;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    std::size_t authority = std::min(target.find_first_of("/?#"), target.size());
    if (authority == 0) return false;
    target.remove_prefix(authority);
    if (!target.starts_with('/')) {
      head.rewritten_target.assign(1, '/').append(target);
      target = head.rewritten_target;
    }
    head.target = target;
    return true;
  }
  return false;
}

}  // namespace

std::size_t find_head_end(std::string_view text, std::size_t& searched) {
  std::size_t at = text.find(kEmptyLine, searched);
  if (at != std::string_view::npos) return at + kEmptyLine.size();
  searched = text.size() - std::min(text.size(), kEmptyLine.size() - 1);
  return 0;
}

bool may_be_request(std::string_view text) {
  if (text == "\r") return true;  // of an empty line before it, whose end is on its way
  return text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) != 0;
}

std::optional<Refusal> parse_request_head(std::string_view text, RequestHead& head) {
  head.method = head.target = {};
  head.version = 11;
  head.headers.clear();
  head.keep_alive = false;

  Parser parser(text, head);
  if (ErrorCode failure = parser.parse()) {
    if (failure == beast::http::error::bad_version && names_another_version(text)) {
      return Refusal{505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    }
    return Refusal{400, "the request is malformed"};
  }
  head.keep_alive = parser.keep_alive();

  const bool reads = head.method == "GET" || head.method == "HEAD";
  const FieldFacts facts = facts_of(head.headers);
  if (facts.hosts > 1) return Refusal{400, "more than one Host"};
  if (facts.hosts == 0 && head.version == 11) return Refusal{400, "no Host"};
  if (facts.transfer_encoding || facts.content_lengths > 1 || !facts.empty_body) {
    if (!reads) return Refusal{405, "this registry is read-only"};
    if (facts.transfer_encoding || facts.content_lengths > 1) return Refusal{400, "a request with a body"};
    return Refusal{413, "a request with a body"};
  }
  if (facts.unknown_expectation) return Refusal{417, "only 100-continue can be expected"};

  // "*" and an authority belong to OPTIONS and CONNECT, which the handler does not know either.
  if (!reduce_to_origin_form(head) && reads) return Refusal{400, "the request target is no path"};
  return std::nullopt;
}

}  // namespace entrepot::http
