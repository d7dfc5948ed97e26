#include "upstream/aws_local.hpp"

#include <algorithm>

#include "upstream/aws_call.hpp"
#include "upstream/aws_endpoint.hpp"

namespace entrepot::upstream {

namespace {

constexpr const char* kContainer = "AWS container endpoint";
constexpr const char* kInstance = "EC2 instance metadata";

constexpr const char* kEcs = "169.254.170.2";
constexpr std::string_view kEks = "169.254.170.23";
constexpr std::string_view kEksV6 = "fd00:ec2::23";

Error cannot(const char* source, const std::string& why) {
  return {Errc::BadGateway, std::string(source) + ": " + why};
}

bool may_be_http(const std::string& host) {
  return host == kEcs || host == kEks || host == kEksV6 || http::is_this_machine(host);
}

// A role's name as it goes into a URL. Source: IAM's API Reference, CreateRole.
bool is_role_name(std::string_view name) {
  const auto is_of_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+=,.@_-").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_of_a_name);
}

// One request of IMDSv2; the body of a 200.
io::Awaitable<Result<std::string>> ask_metadata(WebClient& client, http::Url endpoint, std::string method,
                                                std::string path, std::string token, io::Deadline deadline,
                                                const Clock& clock) {
  AwsCall call{
      .name = kInstance,
      .request = {.method = std::move(method), .url = std::move(endpoint), .headers = {}, .deadline = deadline},
      .local = true};
  http::ClientRequest& request = call.request;
  request.url.target = std::move(path);
  if (token.empty()) {
    request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  } else {
    request.headers.add("X-aws-ec2-metadata-token", token);
  }
  const std::string what = request.method + " " + request.url.target;
  Result<WebAnswer> answer = co_await send_aws(client, clock, call);
  if (!answer) co_return answer.error();
  if (answer->status != 200) co_return cannot(kInstance, what + " was answered with " + std::to_string(answer->status));
  co_return std::move(answer->body);
}

}  // namespace

Result<http::Url> aws_container_url(const config::AwsVariables& variables) {
  const std::string relative = aws_variable(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    if (!relative.starts_with('/')) return cannot(kContainer, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
    return http::Url::parse("http://" + std::string(kEcs) + relative);
  }
  Result<http::Url> url = http::Url::parse(aws_variable(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  if (!url) return cannot(kContainer, "AWS_CONTAINER_CREDENTIALS_FULL_URI is no http or https URL");
  if (url->scheme == "http" && !may_be_http(url->host)) {
    return cannot(kContainer, "AWS_CONTAINER_CREDENTIALS_FULL_URI is http at " + url->host +
                                  ", which may be only this host, 169.254.170.2, 169.254.170.23 or fd00:ec2::23");
  }
  return url;
}

std::optional<std::filesystem::path> aws_container_token_file(const config::AwsVariables& variables) {
  const std::string file = aws_variable(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return file.empty() ? std::nullopt : std::optional<std::filesystem::path>(file);
}

io::Awaitable<Result<Lease<AwsKeys>>> ask_aws_container(WebClient& client, const Clock& clock, http::Url url,
                                                        std::string token, io::Deadline deadline) {
  if (!http::is_field_value(token)) co_return cannot(kContainer, "the authorization token has line breaks");
  const bool is_local = url.scheme == "http";  // only this host and link-local addresses may be
  std::string name = kContainer;
  name.append(" ").append(url.authority());
  AwsCall call{.name = std::move(name),
               .request = {.method = "GET", .url = std::move(url), .headers = {}, .deadline = deadline},
               .signer = std::nullopt,
               .secrets = {token},
               .local = is_local};
  call.request.headers.add("Accept", "application/json");
  if (!token.empty()) call.request.headers.add("Authorization", token);
  Result<WebAnswer> answer = co_await send_aws(client, clock, call);
  if (!answer) co_return answer.error();
  if (answer->status != 200) co_return aws_error(call, *answer);
  Result<Lease<AwsKeys>> session = parse_aws_session(answer->body, clock.now());
  if (!session) co_return cannot(kContainer, "the answer has " + session.error().message);
  co_return session;
}

io::Awaitable<Result<Lease<AwsKeys>>> ask_aws_instance(WebClient& client, const Clock& clock, http::Url endpoint,
                                                       io::Deadline deadline) {
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  Result<std::string> token = co_await ask_metadata(client, endpoint, "PUT", "/latest/api/token", "", deadline, clock);
  if (!token) {
    const std::string hint = " (within a container, the instance's hop limit has to be 2)";
    co_return Error{token.error().code, token.error().message + hint};
  }
  if (token->empty() || !http::is_field_value(*token)) co_return cannot(kInstance, "gave no token");
  Result<std::string> names = co_await ask_metadata(client, endpoint, "GET", roles, *token, deadline, clock);
  if (!names) co_return names.error();
  const std::string role = names->substr(0, names->find_first_of("\r\n"));
  if (!is_role_name(role)) co_return cannot(kInstance, "the instance has no role");
  Result<std::string> body = co_await ask_metadata(client, endpoint, "GET", roles + role, *token, deadline, clock);
  if (!body) co_return body.error();
  Result<Lease<AwsKeys>> session = parse_aws_session(*body, clock.now());
  if (!session) co_return cannot(kInstance, "what it gives for the role " + role + " has " + session.error().message);
  co_return session;
}

Result<http::Url> aws_instance_endpoint(const config::AwsVariables& variables) {
  const std::string url = aws_variable(variables, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!url.empty()) return http::Url::parse(url);
  const std::string mode = aws_variable(variables, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  const bool v6 = mode == "IPv6" || mode == "ipv6";
  return http::Url::parse(v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
}

}  // namespace entrepot::upstream
