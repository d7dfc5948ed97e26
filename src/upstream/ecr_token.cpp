#include "upstream/ecr_token.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "entrepot/base/base64.hpp"
#include "upstream/aws_session.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::chrono::hours kLife{12};

// Seconds since 1970, with a fraction; ISO 8601 in the newer protocols.
std::optional<Time> time_in(const nlohmann::json& data) {
  const auto found = data.find("expiresAt");
  if (found == data.end()) return std::nullopt;
  if (found->is_string()) return parse_aws_time(found->get<std::string>());
  constexpr double kLatest = 1e11;  // what comes after it was not meant as seconds
  if (!found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds < kLatest)) return std::nullopt;
  return time_of(std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds))));
}

Error no_account(const char* why) { return {Errc::BadGateway, std::string("the answer has ") + why}; }

}  // namespace

AwsCall ecr_token_call(const config::EcrHost& host, http::Url api, AwsKeys keys, io::Deadline deadline) {
  AwsCall call{.name = host.is_public ? "ECR Public GetAuthorizationToken" : "ECR GetAuthorizationToken",
               .request = {.method = "POST", .url = std::move(api), .headers = {}, .body = "{}", .deadline = deadline},
               .signer = AwsSigner{std::move(keys), {host.region, host.is_public ? "ecr-public" : "ecr"}}};
  call.request.headers.add("Content-Type", "application/x-amz-json-1.1");
  call.request.headers.add("X-Amz-Target", host.is_public
                                               ? "SpencerFrontendService.GetAuthorizationToken"
                                               : "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  return call;
}

Result<Lease<Credential>> parse_ecr_token(const std::string& body, Time now) {
  const auto answer = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object() || !answer.contains("authorizationData")) return no_account("no authorizationData");
  const nlohmann::json& list = answer["authorizationData"];
  const nlohmann::json& data = list.is_array() && !list.empty() ? list[0] : list;
  if (!data.is_object() || !data.contains("authorizationToken") || !data["authorizationToken"].is_string()) {
    return no_account("no authorizationToken");
  }
  const auto decoded = from_base64(data["authorizationToken"].get<std::string>());
  if (!decoded) return no_account("an authorizationToken that is no base64");
  const auto colon = decoded->find(':');
  if (colon == std::string::npos || colon + 1 == decoded->size())
    return no_account("an authorizationToken without a password");
  const auto end = time_in(data);
  return Lease<Credential>{Credential{decoded->substr(0, colon), decoded->substr(colon + 1)},
                           end ? aws_life(*end, now) : Duration(kLife)};
}

}  // namespace entrepot::upstream
