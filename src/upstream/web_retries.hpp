// A request of a service that gives out accounts, sent again where the trouble passes by itself: every pull waits for
// such an account, and the next attempt of a renewal is seconds away.
#pragma once

#include <functional>

#include "upstream/web_client.hpp"

namespace entrepot::upstream {

// How a request is sent, besides what is in it.
struct Sending {
  bool local = false;                                   // a service of this machine: WebClient::send_locally()
  std::function<void(http::ClientRequest&)> prepare{};  // each attempt, such as to sign it as of now
  std::function<bool(const WebAnswer&)> passes_too{};   // answers that stand for a trouble that passes, besides
};

// Sent three times in all while there is no answer, or one of 429 or 5xx but 501 (a service of this machine that is
// only just there says 404 or 410 too), with pauses between; the last answer or error counts. The request's deadline is
// that of all attempts; nothing is sent again after Errc::Timeout. Errors as WebClient has them. What `sending` refers
// to stays where it is meanwhile.
io::Awaitable<Result<WebAnswer>> send_with_retries(WebClient& client, const http::ClientRequest& request,
                                                   const Sending& sending);

}  // namespace entrepot::upstream
