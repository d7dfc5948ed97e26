// What the client says to a proxy, and what it makes of its refusals.
#pragma once

#include "entrepot/http/proxy.hpp"
#include "entrepot/http/url.hpp"
#include "http/client/connection.hpp"

namespace entrepot::http::client {

// Asks the proxy at the other end of `connection` for a tunnel to the URL's host (CONNECT, RFC 9110, 9.3.6). From then
// on the connection is one to that host. Errc::BadGateway if the proxy refuses.
io::Awaitable<Result<void>> open_tunnel(Connection& connection, const Url& url, const Proxy& proxy,
                                        const std::string& user_agent, io::Deadline deadline);

// What the proxy's answer with this status means, where it is no server's.
Error proxy_refusal(const Connection& connection, const Proxy& proxy, unsigned status);

}  // namespace entrepot::http::client
