#include "upstream/web_retries.hpp"

namespace entrepot::upstream {

namespace {

constexpr int kAttempts = 3;

// After the first attempt; then twice as long. What is starting beside us needs longer than what is busy elsewhere.
constexpr std::chrono::milliseconds kPause{200};
constexpr std::chrono::milliseconds kLocalPause{500};

// Source: learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, "Retry guidance":
// 404 and 410 while the service is being updated. Google's says 404 in a pod of GKE that has only just started.
bool is_not_there_yet(unsigned status) { return status == 404 || status == 410; }

bool passes(const WebAnswer& answer, const Sending& sending) {
  if (answer.status == 429 || (answer.status >= 500 && answer.status != 501)) return true;
  if (sending.local && is_not_there_yet(answer.status)) return true;
  return sending.passes_too && sending.passes_too(answer);
}

}  // namespace

io::Awaitable<Result<WebAnswer>> send_with_retries(WebClient& client, const http::ClientRequest& request,
                                                   const Sending& sending) {
  auto pause = sending.local ? kLocalPause : kPause;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    http::ClientRequest next = request;
    if (sending.prepare) sending.prepare(next);
    Result<WebAnswer> answer = Error{Errc::BadGateway, ""};
    if (sending.local) {
      answer = co_await client.send_locally(std::move(next));
    } else {
      answer = co_await client.send(std::move(next));
    }
    const bool passing = answer ? passes(*answer, sending) : answer.error().code != Errc::Timeout;
    if (!passing || attempt == kAttempts || io::SteadyClock::now() + pause >= request.deadline) co_return answer;
    co_await io::sleep_for(pause);
  }
}

}  // namespace entrepot::upstream
