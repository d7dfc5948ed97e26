// Answers a registry's challenges: which token, asked where, with or without the upstream's credentials.
//
// One for each upstream. Thread-safe. Must outlive its running calls.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"
#include "entrepot/upstream/view.hpp"
#include "upstream/challenge.hpp"
#include "upstream/credential_alarm.hpp"
#include "upstream/credentials.hpp"
#include "upstream/token_cache.hpp"
#include "upstream/token_request.hpp"
#include "upstream/upstream_metrics.hpp"

namespace entrepot::upstream {

// The request that a challenge is about.
struct Challenged {
  http::Url url;
  View view;

  // At the upstream's own origin: only there do its credentials count. The target of a redirect gets a token that is
  // asked for anonymously.
  bool home = false;

  // Of the configured registry's address: a realm may be at a public address, or at one like this.
  http::AddressKind kind = http::AddressKind::Public;
};

// The value of an Authorization header.
class Authorization {
 public:
  const std::string& header() const { return header_; }

 private:
  friend class Authorizer;
  std::string header_;
  std::optional<TokenKey> key_{};  // for a token, where the cache holds it
  std::string token_{};
  std::optional<Credential> credential_{};  // where the header is the account itself
};

class Authorizer {
 public:
  // What an origin last asked for, so that the next requests bring it along.
  struct Known {
    Challenge challenge;
    http::AddressKind kind;
  };

  // `client`, `metrics` and what `context` refers to must outlive it. Throws std::runtime_error if a file with an
  // account cannot be read.
  Authorizer(const config::Upstream& config, http::Client& client, const Context& context, UpstreamMetrics& metrics);

  std::optional<Known> known(const http::Url& url) const;
  void remember(const http::Url& url, Known known);
  void forget(const http::Url& url);

  // Nothing if there is nothing to answer with: a Basic challenge without credentials, or not at home. Errors are those
  // of the token endpoint, Denied among them, and of who has the account.
  io::Awaitable<Result<std::optional<Authorization>>> answer(Challenge challenge, Challenged request,
                                                             io::Deadline deadline);

  // The registry has refused it: a cached token is dropped, an account is looked for again. The next answer() may be
  // another one.
  void refused(const Authorization& authorization);

  // What the registry has answered to it in the end.
  void answered(const Authorization& authorization, const http::Url& url, unsigned status);

 private:
  struct FetchToken;
  using Origin = std::string;

  io::Awaitable<Result<std::optional<Authorization>>> basic(Challenged request, io::Deadline deadline);
  io::Awaitable<Result<std::optional<Authorization>>> bearer(Challenge challenge, Challenged request,
                                                             io::Deadline deadline);
  io::Awaitable<Result<Authorization>> token(TokenRequest request, bool for_client, io::Deadline deadline);
  io::Awaitable<Result<std::optional<Credential>>> credential(const Challenged& request, io::Deadline deadline);

  const std::string name_;                                 // the upstream's
  const std::vector<std::string> realms_;                  // further hosts that may get the credentials
  const std::unique_ptr<CredentialProvider> credentials_;  // null: anonymous
  std::optional<CredentialAlarm> alarm_;                   // where there are any
  http::Client& client_;
  const Clock& clock_;
  UpstreamMetrics& metrics_;
  TokenCache tokens_;
  mutable std::mutex mutex_;
  std::map<Origin, Known> known_;  // guarded by mutex_; only configured origins, so it stays small
};

}  // namespace entrepot::upstream
