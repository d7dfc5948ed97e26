#include "entrepot/admin/admin.hpp"

namespace entrepot::admin {

namespace {

http::Response text_response(unsigned status, std::string_view text) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  if (status == 405) response.headers.add("Allow", "GET, HEAD");
  response.body = std::string(text) + '\n';
  return response;
}

}  // namespace

io::Awaitable<http::Response> Admin::handle(const http::Request& request) const {
  std::string_view path = request.target.substr(0, request.target.find('?'));
  if (request.method != "GET" && request.method != "HEAD") co_return text_response(405, "only GET and HEAD");
  if (path == "/livez") co_return text_response(200, "ok");
  if (path == "/readyz") co_return ready_ ? text_response(200, "ok") : text_response(503, "not ready");
  co_return text_response(404, "not found");
}

http::Response Admin::refused(const http::Request&, unsigned status, std::string_view reason) {
  return text_response(status, reason);
}

}  // namespace entrepot::admin
