#include "upstream/entra_token.hpp"

#include "upstream/secret_file.hpp"
#include "upstream/token_call.hpp"

namespace entrepot::upstream {

namespace {

// What the token is for. Every registry takes this one, in each of Azure's clouds; those that refuse tokens for Azure's
// Resource Manager (azureADAuthenticationAsArmPolicy) take no other. Source: Azure/azure-cli: acr/_docker_utils.py.
constexpr char kResource[] = "https://containerregistry.azure.net";
constexpr char kScope[] = "https://containerregistry.azure.net/.default";

constexpr char kService[] = "Microsoft Entra";

io::Awaitable<Result<std::string>> ask(TokenCall call, WebClient& web, io::Deadline deadline) {
  call.request.deadline = deadline;
  Result<GivenToken> given = co_await call_for_token(web, std::move(call));
  if (!given) co_return given.error();
  co_return std::move(given->token);
}

// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, "First case".
io::Awaitable<Result<std::string>> token_by(config::EntraSecret proof, config::AcrCredentials config, WebClient& web,
                                            const Context& context, io::Deadline deadline) {
  Result<std::string> secret = proof.secret;
  if (proof.file) secret = co_await read_secret_file(context.credentials, *proof.file);
  if (!secret) co_return secret.error();
  Result<http::Url> url = entra_token_endpoint(config);
  if (!url) co_return url.error();
  TokenCall call{.request = form_post(std::move(*url), {{"grant_type", "client_credentials"},
                                                        {"client_id", config.client_id},
                                                        {"client_secret", *secret},
                                                        {"scope", kScope}}),
                 .service = kService,
                 .secrets = {*secret}};
  co_return co_await ask(std::move(call), web, deadline);
}

// Source: the same, "Third case". The file is renewed every hour, by Kubernetes or whoever writes it.
io::Awaitable<Result<std::string>> token_by(config::EntraFederation proof, config::AcrCredentials config,
                                            WebClient& web, const Context& context, io::Deadline deadline) {
  Result<std::string> assertion = co_await read_secret_file(context.credentials, proof.token_file);
  if (!assertion) co_return assertion.error();
  Result<http::Url> url = entra_token_endpoint(config);
  if (!url) co_return url.error();
  TokenCall call{.request = form_post(std::move(*url), {{"grant_type", "client_credentials"},
                                                        {"client_id", config.client_id},
                                                        {"client_assertion_type",
                                                         "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                                        {"client_assertion", *assertion},
                                                        {"scope", kScope}}),
                 .service = kService,
                 .secrets = {*assertion}};
  co_return co_await ask(std::move(call), web, deadline);
}

// Source: learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, "Get a token using
// HTTP"; learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint reference".
io::Awaitable<Result<std::string>> token_by(config::EntraManagedIdentity proof, config::AcrCredentials config,
                                            WebClient& web, const Context&, io::Deadline deadline) {
  const bool is_imds = proof.header.empty();
  std::string text = proof.url;
  text.append(is_imds ? "?api-version=2018-02-01" : "?api-version=2019-08-01");
  text.append("&resource=").append(http::percent_encode(kResource));
  if (!config.client_id.empty()) text.append("&client_id=").append(http::percent_encode(config.client_id));
  Result<http::Url> url = http::Url::parse(text);
  if (!url) co_return Error{Errc::BadGateway, "Azure's identity service has no usable address"};
  http::ClientRequest get{.method = "GET", .url = std::move(*url), .headers = {}};
  get.headers.add(is_imds ? "Metadata" : "X-IDENTITY-HEADER", is_imds ? std::string("true") : proof.header);
  TokenCall call{.request = std::move(get),
                 .service = "Azure's identity service",
                 .secrets = {std::move(proof.header)},
                 .local = true};
  co_return co_await ask(std::move(call), web, deadline);
}

}  // namespace

Result<http::Url> entra_token_endpoint(const config::AcrCredentials& config) {
  std::string text = config.authority;
  while (text.ends_with('/')) text.pop_back();
  Result<http::Url> url = http::Url::parse(text + "/" + http::percent_encode(config.tenant) + "/oauth2/v2.0/token");
  if (!url || !is_private_way(*url)) {
    return Error{Errc::Invalid, "the authority of Microsoft Entra (AZURE_AUTHORITY_HOST) does not begin with https://"};
  }
  return url;
}

io::Awaitable<Result<std::string>> entra_token(config::AcrCredentials config, WebClient& web, const Context& context,
                                               io::Deadline deadline) {
  auto proof = config.proof;
  return std::visit([&](auto& kind) { return token_by(std::move(kind), std::move(config), web, context, deadline); },
                    proof);
}

}  // namespace entrepot::upstream
