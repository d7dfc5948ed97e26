#include "upstream/aws_chain.hpp"

#include <filesystem>

#include "entrepot/base/log.hpp"
#include "upstream/aws_endpoint.hpp"
#include "upstream/aws_local.hpp"
#include "upstream/aws_session.hpp"
#include "upstream/aws_sts.hpp"
#include "upstream/program.hpp"
#include "upstream/read_file.hpp"
#include "upstream/secret_file.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestFile = 1024 * 1024;

// On the pool. A file that is not there has no profiles. One that cannot be looked at may be there, and hold the keys
// that are meant: it is an error, lest others are used in their place.
struct ReadProfiles {
  AwsFiles files;

  Result<AwsProfiles> operator()() const {
    std::string texts[2];
    std::string* text = texts;
    for (const std::filesystem::path& path : {files.credentials, files.config}) {
      std::error_code ignored;
      const bool is_absent =
          path.empty() || std::filesystem::status(path, ignored).type() == std::filesystem::file_type::not_found;
      if (!is_absent) {
        Result<std::string> read = read_file(path, kLongestFile);
        if (!read) return read.error();
        *text = std::move(*read);
      }
      ++text;
    }
    return parse_aws_profiles(texts[0], texts[1]);
  }
};

// On the pool. By a shell, as AWS's tools have it: the setting is a command line.
struct RunProcess {
  std::string command;

  Result<ProgramResult> operator()() const { return run_program({"/bin/sh", "-c", command}, "", {}); }
};

std::string sts_region_of(const config::AwsVariables& variables, const std::string& region) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string set = aws_variable(variables, name); !set.empty()) return set;
  }
  return region;
}

// Whatever it is that fails here, for who pulls it is the way to the upstream.
Error of_source(const std::string& source, const Error& error) {
  return {error.code == Errc::Timeout ? Errc::Timeout : Errc::BadGateway,
          "AWS credentials of " + source + ": " + error.message};
}

}  // namespace

AwsChain::AwsChain(config::EcrCredentials config, const std::string& region, WebClient& client, const Context& context)
    : config_(std::move(config)),
      sts_region_(sts_region_of(config_.environment, region)),
      client_(client),
      pool_(context.credentials),
      clock_(context.clock) {}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::fetch(io::Deadline deadline) {
  Result<AwsPlan> plan = co_await this->plan();
  if (!plan) co_return plan.error();
  Result<Lease<AwsKeys>> session = co_await keys_of(plan->origin, deadline);
  if (!session) co_return of_source(plan->source, session.error());
  for (const AwsRole& role : plan->roles) {
    Result<http::Url> endpoint = sts_endpoint(sts_region_, config_.environment);
    if (!endpoint) co_return of_source(plan->source, endpoint.error());
    AwsSts sts{std::move(*endpoint), sts_region_};
    session = co_await assume_role(client_, clock_, std::move(sts), session->value, role, deadline);
    if (!session) co_return of_source(plan->source, session.error());
  }
  log::debug("aws_session", {{"source", plan->source}});
  co_return session;
}

io::Awaitable<Result<AwsPlan>> AwsChain::plan() {
  if (!needs_aws_profiles(config_)) co_return plan_aws(config_, {});
  ReadProfiles read{aws_files(config_.environment)};
  Result<AwsProfiles> profiles = co_await io::run_blocking(pool_, std::move(read));
  if (!profiles) co_return of_source("AWS's files", profiles.error());
  co_return plan_aws(config_, *profiles);
}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::keys_of(AwsOrigin origin, io::Deadline deadline) {
  if (auto* identity = std::get_if<AwsWebIdentity>(&origin)) {
    co_return co_await web_identity(std::move(*identity), deadline);
  }
  if (auto* named = std::get_if<AwsProcess>(&origin)) co_return co_await process(std::move(*named));
  if (std::holds_alternative<AwsContainer>(origin)) co_return co_await container(deadline);
  if (std::holds_alternative<AwsInstance>(origin)) co_return co_await instance(deadline);
  AwsKeys& keys = std::get<AwsKeys>(origin);
  if (Result<void> checked = check_aws_keys(keys); !checked) co_return checked.error();
  co_return Lease<AwsKeys>{std::move(keys), kAwsKeysWithoutEnd};
}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::web_identity(AwsWebIdentity identity, io::Deadline deadline) {
  Result<std::string> token = co_await read_secret_file(pool_, identity.token_file);
  if (!token) co_return token.error();
  Result<http::Url> endpoint = sts_endpoint(sts_region_, config_.environment);
  if (!endpoint) co_return endpoint.error();
  AwsSts sts{std::move(*endpoint), sts_region_};
  co_return co_await assume_role_with_web_identity(client_, clock_, std::move(sts), std::move(identity),
                                                   std::move(*token), deadline);
}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::process(AwsProcess process) {
  RunProcess run{std::move(process.command)};
  Result<ProgramResult> result = co_await io::run_blocking(pool_, std::move(run));
  if (!result) co_return Error{result.error().code, "credential_process: " + result.error().message};
  // What it printed may be a secret, on either output.
  if (!result->succeeded()) {
    co_return Error{Errc::BadGateway, "credential_process failed with " + describe_end(*result)};
  }
  Result<Lease<AwsKeys>> session = parse_aws_session(result->output, clock_.now());
  if (!session) co_return Error{Errc::BadGateway, "credential_process printed " + session.error().message};
  co_return session;
}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::container(io::Deadline deadline) {
  Result<http::Url> url = aws_container_url(config_.environment);
  if (!url) co_return url.error();
  std::string token = aws_variable(config_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const auto file = aws_container_token_file(config_.environment);
  if (file) {
    Result<std::string> content = co_await read_secret_file(pool_, *file);
    if (!content) co_return content.error();
    token = std::move(*content);
  }
  co_return co_await ask_aws_container(client_, clock_, std::move(*url), std::move(token), deadline);
}

io::Awaitable<Result<Lease<AwsKeys>>> AwsChain::instance(io::Deadline deadline) {
  Result<http::Url> endpoint = aws_instance_endpoint(config_.environment);
  if (!endpoint) co_return endpoint.error();
  co_return co_await ask_aws_instance(client_, clock_, std::move(*endpoint), deadline);
}

}  // namespace entrepot::upstream
