// A request to a registry up to the answer that counts: the upstream's URLs in turn, challenges answered, redirects
// followed.
//
// One for each upstream. Thread-safe. Must outlive its running calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"
#include "upstream/authorizer.hpp"
#include "upstream/upstream_metrics.hpp"

namespace entrepot::upstream {

struct Call {
  std::string method;      // GET or HEAD
  std::string repository;  // what a token has to give access to
  std::string path;        // behind ".../v2/<repository>/", with the query
  http::HeaderBlock headers;
  io::Deadline deadline = io::kNoDeadline;
};

// An answer of any status, except that redirects have been followed and challenges answered where that was possible.
struct Answer {
  std::unique_ptr<http::Exchange> exchange;
  http::Url url;  // what answered
  bool redirected = false;

  unsigned status() const { return exchange->status(); }
};

class Transport {
 public:
  // The arguments must outlive it. Throws std::runtime_error for a certificate, key or password file that cannot be
  // read, and for a URL that is none.
  Transport(const config::Upstream& config, io::Threads& threads, io::Tasks& tasks, io::Pool& resolvers,
            const Clock& clock, metrics::Registry& registry);

  // A URL that cannot be reached, or answers 5xx, makes room for the next one; the last one's answer stands. Errors are
  // those of the client and of the token endpoint; their messages begin with the upstream's name.
  io::Awaitable<Result<Answer>> send(Call call);

  // What an answer that is not the one hoped for means.
  io::Awaitable<Error> error_of(Answer answer);

 private:
  // A step of a call: one URL, with what is known of it.
  struct Hop {
    http::Url url;
    bool home = true;  // the configured origin has not been left
    bool redirected = false;
    http::AddressKind kind = http::AddressKind::Public;  // of the configured registry's address, once it has answered
  };

  io::Awaitable<Result<Answer>> send_to(const http::Url& base, const Call& call, io::Deadline deadline);
  io::Awaitable<Result<Answer>> send_authorized(const http::Url& base, Hop& hop, const Call& call,
                                                io::Deadline deadline);
  io::Awaitable<Result<Answer>> send_once(Hop& hop, const Call& call, const std::string& authorization,
                                          io::Deadline deadline);
  io::Awaitable<Result<std::optional<Authorization>>> authorize_ahead(const Hop& hop, const Call& call,
                                                                      io::Deadline deadline);
  io::Awaitable<std::optional<Challenge>> challenge_of(const http::Url& base, const Hop& hop, const Answer& refusal,
                                                       io::Deadline deadline);

  const std::string name_;
  const Clock& clock_;
  UpstreamMetrics metrics_;
  const std::vector<http::Url> urls_;
  http::Client client_;
  Authorizer authorizer_;
};

}  // namespace entrepot::upstream
