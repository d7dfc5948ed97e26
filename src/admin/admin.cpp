#include "entrepot/admin/admin.hpp"

namespace entrepot::admin {

namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kMetrics = "text/plain; version=0.0.4; charset=utf-8";

http::Response text_response(unsigned status, std::string_view text, std::string_view content_type = kPlain) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", content_type);
  response.headers.add("Cache-Control", "no-store");
  if (status == 405) response.headers.add("Allow", "GET, HEAD");
  response.body = std::string(text);
  return response;
}

std::string ready_text(const Notices& notices) {
  std::string text = "ok\n";
  for (const std::string& line : notices.lines()) text += line + '\n';
  return text;
}

}  // namespace

io::Awaitable<http::Response> Admin::handle(const http::Request& request) const {
  std::string_view path = request.target.substr(0, request.target.find('?'));
  if (request.method != "GET" && request.method != "HEAD") co_return text_response(405, "only GET and HEAD\n");
  if (path == "/livez") co_return text_response(200, "ok\n");
  if (path == "/readyz")
    co_return ready_ ? text_response(200, ready_text(notices_)) : text_response(503, "not ready\n");
  if (path == "/metrics") co_return text_response(200, registry_.text(), kMetrics);
  co_return text_response(404, "not found\n");
}

http::Response Admin::refused(const http::Request&, unsigned status, std::string_view reason) {
  return text_response(status, std::string(reason) + '\n');
}

}  // namespace entrepot::admin
