// Response heads are appended to one string that a connection reuses.
#include "http/connection_response.hpp"

#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>

namespace entrepot::http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(std::begin(digits), std::to_chars(std::begin(digits), std::end(digits), number).ptr);
}

// "Date: Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), formatted once a second on each thread.
std::string_view date_line() {
  thread_local std::time_t formatted = -1;
  thread_local char line[64];
  thread_local std::size_t size = 0;
  std::time_t now = std::time(nullptr);
  if (now != formatted) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    size = std::strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    formatted = now;
  }
  return {line, size};
}

std::optional<std::uint64_t> text_size(const Body& body) {
  if (const auto* own = std::get_if<std::string>(&body)) return own->size();
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body)) return (*shared)->size();
  return std::nullopt;
}

}  // namespace

BodyPlan plan_body(const Response& response, bool is_head, unsigned version) {
  // RFC 9110, 8.6: no Content-Length in a 204; in a 304 it may be left out.
  if (response.status == 204 || response.status == 304) return {};
  if (std::optional<std::uint64_t> size = text_size(response.body)) {
    return {is_head ? Framing::NoBody : Framing::Length, size};
  }
  if (is_head) return {Framing::NoBody, response.content_length};
  if (std::holds_alternative<std::monostate>(response.body)) return {Framing::NoBody, 0};
  if (response.content_length) return {Framing::Length, response.content_length};
  return {version == 10 ? Framing::UntilClose : Framing::Chunked, std::nullopt};
}

void write_response_head(std::string& out, const Response& response, const BodyPlan& plan, unsigned version,
                         bool keep_alive) {
  out.assign("HTTP/1.1 ");
  append_number(out, response.status);
  out.push_back(' ');
  auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
  out.append(reason.data(), reason.size()).append("\r\n");
  out.append(date_line());
  out.append(response.headers.text());
  if (plan.length) {
    out.append("Content-Length: ");
    append_number(out, *plan.length);
    out.append("\r\n");
  }
  if (plan.framing == Framing::Chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (!keep_alive) {
    out.append("Connection: close\r\n");
  } else if (version == 10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace entrepot::http
