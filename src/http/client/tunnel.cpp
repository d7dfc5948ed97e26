#include "http/client/tunnel.hpp"

#include "entrepot/http/message.hpp"
#include "http/client/head.hpp"

namespace entrepot::http::client {

io::Awaitable<Result<void>> open_tunnel(Connection& connection, const Url& url, const Proxy& proxy,
                                        const std::string& user_agent, io::Deadline deadline) {
  std::string target = url.authority();
  if (url.is_default_port()) target += ":" + std::to_string(url.port);  // CONNECT wants it in any case
  HeaderBlock headers;
  headers.add("Host", target);
  headers.add("User-Agent", user_agent);
  if (!proxy.authorization.empty()) headers.add("Proxy-Authorization", proxy.authorization);
  std::string text = "CONNECT " + target + " HTTP/1.1\r\n";
  text.append(headers.text()).append("\r\n");
  auto written = co_await connection.write(text, deadline);
  if (!written) co_return written.error();
  constexpr bool kNoBody = true;  // a 2xx has none, whatever it says of its length
  auto head = co_await read_head(connection, kNoBody, deadline);
  if (!head) co_return head.error();
  if (head->status / 100 != 2) co_return proxy_refusal(connection, proxy, head->status);
  // TLS servers wait for us to begin.
  if (connection.buffer().size() > 0) co_return connection.error("the proxy speaks where the server should");
  co_return ok();
}

Error proxy_refusal(const Connection& connection, const Proxy& proxy, unsigned status) {
  std::string what = "the proxy refuses with " + std::to_string(status);
  if (status == 407 || status == 401) {  // 401: tinyproxy, of a wrong password
    what += proxy.authorization.empty() ? ": it wants a user and a password" : ": it does not take user and password";
  }
  return connection.error(what);
}

}  // namespace entrepot::http::client
