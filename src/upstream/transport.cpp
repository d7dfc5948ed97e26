#include "upstream/transport.hpp"

#include <stdexcept>

#include "entrepot/base/log.hpp"
#include "upstream/error_map.hpp"
#include "upstream/link.hpp"
#include "upstream/network.hpp"

namespace entrepot::upstream {

namespace {

constexpr int kMaxRedirects = 5;

std::vector<http::Url> parse_urls(const config::Upstream& config) {
  std::vector<http::Url> urls;
  for (const std::string& text : config.urls) {
    Result<http::Url> url = http::Url::parse(text);
    // The URL itself is not repeated: what makes it none may be a password in it.
    if (!url) throw std::runtime_error("upstream " + config.name + ": not an http or https URL without a user part");
    urls.push_back(std::move(*url));
  }
  if (urls.empty()) throw std::runtime_error("upstream " + config.name + " has no URL");
  return urls;
}

http::ClientOptions client_options(const config::Upstream& config, const std::vector<http::Url>& urls,
                                   UpstreamMetrics& metrics) {
  http::ClientOptions options;
  options.on_read = [&metrics](std::size_t bytes) { metrics.read(bytes); };
  if (config.ca) options.ca_file = config.ca->string();
  options.certificate = certificate_of(config, urls);
  options.proxies = proxies_of(config.proxies);
  options.timeouts = {
      .connect = config.timeouts.connect, .first_byte = config.timeouts.first_byte, .stall = config.timeouts.stall};
  return options;
}

// `base` may have a path of its own, as a registry behind a reverse proxy has.
http::Url below(const http::Url& base, const std::string& path) {
  http::Url url = base;
  url.target = std::string(path_of(base));
  while (url.target.ends_with('/')) url.target.pop_back();
  url.target += "/v2/" + path;
  return url;
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<http::Url> redirect_target(const Answer& answer) {
  const std::string host = answer.url.authority();
  std::string_view location = answer.exchange->header("Location");
  if (location.empty()) return Error{Errc::BadGateway, host + " redirects to nowhere"};
  Result<http::Url> target = answer.url.resolve(location);
  if (!target) return Error{Errc::BadGateway, host + " redirects to what is no URL"};
  if (answer.url.scheme == "https" && target->scheme != "https") {
    return Error{Errc::BadGateway, host + " redirects from https to http"};
  }
  return target;
}

// Whether the upstream's next URL should be tried.
bool is_failure(const Result<Answer>& answer) {
  if (answer) return answer->status() >= 500;
  return is_outage(answer.error().code);
}

// A URL that hangs leaves the others their part of the time.
io::Deadline share_of(io::Deadline deadline, std::size_t urls_left) {
  if (deadline == io::kNoDeadline) return deadline;
  io::Deadline now = io::SteadyClock::now();
  return now + (deadline - now) / static_cast<int>(urls_left);
}

bool speaks_registry_api(const http::Exchange& exchange) {
  return !exchange.header("Docker-Distribution-API-Version").empty() ||
         choose_challenge(exchange.header_values("WWW-Authenticate")).has_value();
}

// Reads an answer that is of no use to its end, so that its connection can be used again.
io::Awaitable<> discard(http::Exchange& exchange) {
  Result<std::string> ignored = co_await exchange.read_all(kMaxErrorBody);
  static_cast<void>(ignored);
}

}  // namespace

Transport::Transport(const config::Upstream& config, const Context& context)
    : name_(config.name),
      clock_(context.clock),
      metrics_(context.registry, config.name),
      urls_(parse_urls(config)),
      limits_(urls_.size()),
      client_(context.threads, context.resolvers, client_options(config, urls_, metrics_)),
      authorizer_(config, client_, context, metrics_) {
  context.registry.read(metrics::Registry::Kind::Gauge, "entrepot_upstream_open_connections",
                        "Connections to upstreams.", {{"upstream", name_}},
                        [this] { return static_cast<double>(client_.open_connections()); });
}

io::Awaitable<Result<Answer>> Transport::send(Call call) {
  for (std::size_t i = 0;; ++i) {
    const http::Url& base = urls_[i];
    Result<Answer> answer =
        co_await send_within_limit(base, limits_[i], call, share_of(call.deadline, urls_.size() - i));
    bool last_one = i + 1 == urls_.size();
    if (!last_one && is_failure(answer)) {
      log::debug("upstream_url_failed", {{"upstream", name_}, {"host", base.authority()}});
      continue;
    }
    co_return answer;
  }
}

io::Awaitable<Result<Answer>> Transport::send_within_limit(const http::Url& base, RateLimit& limit, const Call& call,
                                                           io::Deadline deadline) {
  // A client's own account has limits of its own, which are its business alone.
  const bool for_client = call.view.client != nullptr;
  if (!for_client) {
    if (std::optional<Error> refusal = limit.refusal(call.kind, io::SteadyClock::now())) co_return *refusal;
  }
  Result<Answer> answer = co_await send_to(base, call, deadline);
  if (answer && answer->status() != 429) {
    if (!for_client) limit.answered(call.kind);
    co_return answer;
  }
  const bool by_realm = !answer;
  Error error;
  if (by_realm) {
    error = named(name_, answer.error());
  } else {
    error = co_await error_of(std::move(*answer));
  }
  if (error.code != Errc::RateLimited || for_client) co_return error;
  const io::Deadline now = io::SteadyClock::now();
  for (RateLimit::Of of : {RateLimit::Of::Manifests, RateLimit::Of::Blobs}) {
    if (of == call.kind || by_realm) limit.refused(of, error, now);
  }
  std::optional<Error> refusal = limit.refusal(call.kind, now);
  log::warning("rate_limited", {{"upstream", name_},
                                {"host", base.authority()},
                                {"kind", call.kind == RateLimit::Of::Blobs ? "blobs" : "manifests"},
                                {"seconds", refusal->retry_after.count()},
                                {"error", error.message}});
  co_return *refusal;
}

io::Awaitable<Result<Answer>> Transport::send_to(const http::Url& base, const Call& call, io::Deadline deadline) {
  const std::string& repository = call.view.repository;
  Hop hop{.url = below(base, repository.empty() ? call.path : repository + "/" + call.path)};
  for (int redirects = 0;; ++redirects) {
    Result<Answer> answer = co_await send_authorized(base, hop, call, deadline);
    if (!answer || !is_redirect(answer->status())) co_return answer;
    if (redirects == kMaxRedirects) co_return Error{Errc::BadGateway, base.authority() + " redirects too often"};
    Result<http::Url> target = redirect_target(*answer);
    if (!target) co_return target.error();
    co_await discard(*answer->exchange);
    // Once left, the configured origin is not come home to: whoever has sent us back is not to choose what is asked
    // there with its token.
    hop.home = hop.home && target->same_origin(base);
    hop.redirected = true;
    hop.url = std::move(*target);
  }
}

io::Awaitable<Result<Answer>> Transport::send_authorized(const http::Url& base, Hop& hop, const Call& call,
                                                         io::Deadline deadline) {
  Result<std::optional<Authorization>> ahead = co_await authorize_ahead(hop, call, deadline);
  if (!ahead) co_return ahead.error();
  const std::optional<Authorization>& sent = *ahead;
  std::string header;
  if (sent) header = sent->header();
  Result<Answer> first = co_await send_once(hop, call, header, deadline);
  if (!first || first->status() != 401) {
    if (first && sent) authorizer_.answered(*sent, hop.url, first->status());
    co_return first;
  }

  // One round of challenge and answer; a second 401 stands.
  if (sent) authorizer_.refused(*sent);
  std::optional<Challenge> challenge = co_await challenge_of(base, hop, *first, deadline);
  if (!challenge) {
    if (sent) authorizer_.answered(*sent, hop.url, 401);
    co_return first;
  }
  Challenged request{.url = hop.url, .view = call.view, .home = hop.home, .kind = hop.kind};
  Result<std::optional<Authorization>> answered =
      co_await authorizer_.answer(std::move(*challenge), std::move(request), deadline);
  const bool another = answered && *answered && !(sent && sent->header() == (*answered)->header());
  if (!another && sent) authorizer_.answered(*sent, hop.url, 401);
  if (!answered) co_return answered.error();
  if (!another) co_return first;
  const Authorization& renewed = **answered;
  co_await discard(*first->exchange);
  first->exchange.reset();
  Result<Answer> second = co_await send_once(hop, call, renewed.header(), deadline);
  if (second) authorizer_.answered(renewed, hop.url, second->status());
  co_return second;
}

// What the origin is known to ask for, so that it need not ask again.
io::Awaitable<Result<std::optional<Authorization>>> Transport::authorize_ahead(const Hop& hop, const Call& call,
                                                                               io::Deadline deadline) {
  std::optional<Authorizer::Known> known;
  if (hop.home) known = authorizer_.known(hop.url);
  if (!known) co_return std::optional<Authorization>();
  Challenged request{.url = hop.url, .view = call.view, .home = true, .kind = known->kind};
  Result<std::optional<Authorization>> answered =
      co_await authorizer_.answer(std::move(known->challenge), std::move(request), deadline);
  // The realm may have moved: the next request asks for the challenge again.
  bool unusable_realm =
      !answered && (answered.error().code == Errc::BadGateway || answered.error().code == Errc::Timeout);
  if (unusable_realm) authorizer_.forget(hop.url);
  co_return answered;
}

// What the refusal asks for; if it does not say (gcr.io), what the origin asked for before, or asks for at /v2/.
io::Awaitable<std::optional<Challenge>> Transport::challenge_of(const http::Url& base, const Hop& hop,
                                                                const Answer& refusal, io::Deadline deadline) {
  std::optional<Challenge> challenge = choose_challenge(refusal.exchange->header_values("WWW-Authenticate"));
  if (!hop.home) co_return challenge;
  if (!challenge) {
    std::optional<Authorizer::Known> known = authorizer_.known(hop.url);
    if (known) co_return std::move(known->challenge);
    Call ping{.method = "GET", .view = {}, .path = {}, .headers = {}, .deadline = deadline};
    Hop root{.url = below(base, "")};
    Result<Answer> answer = co_await send_once(root, ping, std::string(), deadline);
    if (!answer || answer->status() != 401) co_return std::nullopt;
    challenge = choose_challenge(answer->exchange->header_values("WWW-Authenticate"));
    if (challenge) challenge = for_any_repository(std::move(*challenge));
    co_await discard(*answer->exchange);
  }
  if (challenge) authorizer_.remember(hop.url, Authorizer::Known{for_any_repository(*challenge), hop.kind});
  co_return challenge;
}

io::Awaitable<Result<Answer>> Transport::send_once(Hop& hop, const Call& call, const std::string& authorization,
                                                   io::Deadline deadline) {
  http::ClientRequest request{.method = call.method, .url = hop.url, .headers = call.headers};
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  request.deadline = deadline;
  if (hop.home) {
    request.addresses.any = true;
  } else {
    request.addresses.also.insert(hop.kind);
  }
  const auto asked = io::SteadyClock::now();
  Result<std::unique_ptr<http::Exchange>> exchange = co_await client_.send(std::move(request));
  const auto took = io::SteadyClock::now() - asked;
  if (!exchange) {
    metrics_.asked(call.method, exchange.error(), took);
    co_return exchange.error();
  }
  metrics_.asked(call.method, (*exchange)->status(), took);
  if (hop.home && !call.view.client) note_quota(**exchange);
  if (hop.home) hop.kind = (*exchange)->peer_kind();
  co_return Answer{
      .exchange = std::move(*exchange), .url = hop.url, .redirected = hop.redirected, .authorization = authorization};
}

void Transport::note_quota(const http::Exchange& exchange) {
  std::optional<Quota> quota = parse_quota(exchange.header("ratelimit-limit"), exchange.header("ratelimit-remaining"));
  if (!quota) return;
  metrics_.told(*quota);
  if (quota_low_.exchange(quota->is_low()) || !quota->is_low()) return;
  log::warning("rate_limit_low", {{"upstream", name_}, {"limit", quota->limit}, {"remaining", quota->remaining}});
}

io::Awaitable<Error> Transport::error_of(Answer answer) {
  http::Exchange& exchange = *answer.exchange;
  Result<std::string> body = co_await exchange.read_all(kMaxErrorBody);
  const std::string where = answer.url.authority() + std::string(path_of(answer.url));
  bool storage = answer.redirected && !speaks_registry_api(exchange);
  ErrorAnswer error{.answerer = storage ? Answerer::Storage : Answerer::Registry,
                    .status = exchange.status(),
                    .retry_after = exchange.header("Retry-After"),
                    .content_type = exchange.header("Content-Type"),
                    .body = body ? std::string_view(*body) : std::string_view(),
                    .where = where};
  Error mapped = named(name_, error_from(error, clock_.now()));
  mapped.message = without_authorization(std::move(mapped.message), answer.authorization);
  co_return mapped;
}

}  // namespace entrepot::upstream
