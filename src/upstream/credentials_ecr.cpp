#include "upstream/credentials_ecr.hpp"

#include <stdexcept>

#include "upstream/aws_endpoint.hpp"
#include "upstream/ecr_token.hpp"

namespace entrepot::upstream {

namespace {

// Of all calls that one token needs; it serves all who wait for it, whose own deadlines differ.
constexpr std::chrono::seconds kTimeLimit{25};

config::EcrHost host_of(const config::EcrCredentials& config, const config::Upstream& upstream) {
  config::EcrHost host = config::ecr_host_of(upstream).value_or(config::EcrHost{});
  // The public registry's API is in one region, whatever region the daemon is in.
  if (!config.region.empty() && !host.is_public) host.region = config.region;
  if (host.region.empty()) throw std::runtime_error("no host of the upstream says which AWS region it is in");
  return host;
}

http::Url api_of(const config::EcrHost& host, const config::EcrCredentials& config) {
  Result<http::Url> api = ecr_endpoint(host, config.environment);
  if (!api) throw std::runtime_error("endpoint of ECR: " + api.error().message);
  return std::move(*api);
}

}  // namespace

struct EcrProvider::FetchSession {
  EcrProvider* provider;
  io::Deadline deadline;

  io::Awaitable<Result<Lease<AwsKeys>>> operator()() const { co_return co_await provider->chain_.fetch(deadline); }
};

struct EcrProvider::FetchToken {
  EcrProvider* provider;

  io::Awaitable<Result<Lease<Credential>>> operator()() const { co_return co_await provider->fetch_token(); }
};

EcrProvider::EcrProvider(const config::EcrCredentials& config, const config::Upstream& upstream, const Context& context)
    : host_(host_of(config, upstream)),
      api_(api_of(host_, config)),
      clock_(context.clock),
      client_(upstream, context),
      chain_(config, host_.region, client_, context),
      session_(upstream.name, "AWS session", context),
      token_(upstream.name, "ECR token", context) {}

io::Awaitable<Result<std::optional<Credential>>> EcrProvider::get(io::Deadline deadline) {
  FetchToken fetch{this};
  Result<Credential> credential = co_await token_.get(std::move(fetch), deadline);
  if (!credential) co_return credential.error();
  co_return std::optional(std::move(*credential));
}

io::Awaitable<Result<Lease<Credential>>> EcrProvider::fetch_token() {
  const io::Deadline deadline = io::SteadyClock::now() + kTimeLimit;
  Result<AwsKeys> keys = Error{Errc::BadGateway, ""};
  Result<Lease<Credential>> token = keys.error();
  for (;;) {
    FetchSession fetch{this, deadline};
    Result<AwsKeys> next = co_await session_.get(std::move(fetch), deadline);
    if (!next) co_return next.error();
    if (keys && *keys == *next) co_return token;  // the same would be refused again
    const bool is_second = keys.has_value();
    keys = std::move(next);
    const AwsCall call = ecr_token_call(host_, api_, *keys, deadline);
    Result<WebAnswer> answer = co_await send_aws(client_, clock_, call);
    if (!answer) co_return answer.error();
    if (answer->status == 200) {
      token = parse_ecr_token(answer->body, clock_.now());
      if (!token) co_return Error{token.error().code, call.name + ": " + token.error().message};
      token->value.owner = "AWS keys of the chain";
      co_return token;
    }
    token = aws_error(call, *answer);
    // Perhaps the keys have been replaced, or a session was ended before its time: its source is asked once more.
    if (is_second || !refuses_keys(*answer)) co_return token;
    session_.refused(*keys);
  }
}

}  // namespace entrepot::upstream
