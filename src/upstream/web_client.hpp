// Calls of the services that give out accounts: a cloud's APIs, and the metadata service of the machine itself.
//
// Not for registries, nor for anything that a registry points to: these addresses are the configuration's, the
// environment's or the program's own.
#pragma once

#include <string>

#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"
#include "entrepot/upstream/context.hpp"

namespace entrepot::upstream {

struct WebAnswer {
  unsigned status;
  std::string body;
};

// Thread-safe. Must outlive its running calls, and go when no io thread runs any more.
class WebClient {
 public:
  // With the proxies and the further certificates of `upstream`. What `context` refers to must outlive it.
  WebClient(const config::Upstream& upstream, const Context& context);

  // Any status is an answer. `request`'s own rule of addresses does not count. Errc::BadGateway as http::Client has it,
  // and for an answer of more than 256 KiB; Errc::Timeout.
  io::Awaitable<Result<WebAnswer>> send(http::ClientRequest request);

  // Likewise, to a service of this machine or its network: never through a proxy, and at a metadata address too. Such
  // a service answers within a second, or is not there: on other machines nobody answers.
  io::Awaitable<Result<WebAnswer>> send_locally(http::ClientRequest request);

 private:
  http::Client client_;
  http::Client local_;
};

}  // namespace entrepot::upstream
