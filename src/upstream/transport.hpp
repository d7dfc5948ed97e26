// A request to a registry up to the answer that counts: the upstream's URLs in turn, challenges answered, redirects
// followed.
//
// One for each upstream. Thread-safe. Must outlive its running calls.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"
#include "entrepot/upstream/context.hpp"
#include "upstream/authorizer.hpp"
#include "upstream/rate_limit.hpp"
#include "upstream/upstream_metrics.hpp"

namespace entrepot::upstream {

struct Call {
  std::string method;  // GET or HEAD
  View view;           // what a token has to give access to; of no repository: the registry as a whole
  std::string path;    // behind ".../v2/<repository>/", with the query
  http::HeaderBlock headers;
  io::Deadline deadline = io::kNoDeadline;
  RateLimit::Of kind = RateLimit::Of::Manifests;
};

// An answer of any status but 429; redirects have been followed and challenges answered where that was possible.
struct Answer {
  std::unique_ptr<http::Exchange> exchange;
  http::Url url;  // what answered
  bool redirected = false;
  std::string authorization{};  // what it was asked with: no error quotes it

  unsigned status() const { return exchange->status(); }
};

class Transport {
 public:
  // What `context` refers to must outlive it. Throws std::runtime_error for a certificate, a key, or a file with an
  // account, that cannot be read, and for a URL that is none.
  Transport(const config::Upstream& config, const Context& context);

  // A URL that cannot be reached, or answers 5xx or 429, makes room for the next one; the last one's answer stands. One
  // that has answered 429 is not asked before its time. Errors are those of the client and of the token endpoint, and
  // RateLimited; their messages begin with the upstream's name.
  io::Awaitable<Result<Answer>> send(Call call);

  // What an answer that is not the one hoped for means. Its message begins with the upstream's name.
  io::Awaitable<Error> error_of(Answer answer);

 private:
  // A step of a call: one URL, with what is known of it.
  struct Hop {
    http::Url url;
    bool home = true;  // the configured origin has not been left
    bool redirected = false;
    http::AddressKind kind = http::AddressKind::Public;  // of the configured registry's address, once it has answered
  };

  io::Awaitable<Result<Answer>> send_within_limit(const http::Url& base, RateLimit& limit, const Call& call,
                                                  io::Deadline deadline);
  io::Awaitable<Result<Answer>> send_to(const http::Url& base, const Call& call, io::Deadline deadline);
  io::Awaitable<Result<Answer>> send_authorized(const http::Url& base, Hop& hop, const Call& call,
                                                io::Deadline deadline);
  io::Awaitable<Result<Answer>> send_once(Hop& hop, const Call& call, const std::string& authorization,
                                          io::Deadline deadline);
  io::Awaitable<Result<std::optional<Authorization>>> authorize_ahead(const Hop& hop, const Call& call,
                                                                      io::Deadline deadline);
  io::Awaitable<std::optional<Challenge>> challenge_of(const http::Url& base, const Hop& hop, const Answer& refusal,
                                                       io::Deadline deadline);

  void note_quota(const http::Exchange& exchange);

  const std::string name_;
  const Clock& clock_;
  UpstreamMetrics metrics_;
  std::atomic<bool> quota_low_{false};  // what the last answer that named one said; logged when it becomes so
  const std::vector<http::Url> urls_;
  std::vector<RateLimit> limits_;  // of each URL
  http::Client client_;
  Authorizer authorizer_;
};

}  // namespace entrepot::upstream
