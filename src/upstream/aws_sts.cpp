#include "upstream/aws_sts.hpp"

#include "upstream/aws_session.hpp"
#include "upstream/form.hpp"

namespace entrepot::upstream {

namespace {

http::ClientRequest post(const AwsSts& sts, std::string form, io::Deadline deadline) {
  http::ClientRequest request{
      .method = "POST", .url = sts.endpoint, .headers = {}, .body = std::move(form), .deadline = deadline};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}

Result<Lease<AwsKeys>> session_in(const AwsCall& call, const WebAnswer& answer, Time now) {
  if (answer.status != 200) return aws_error(call, answer);
  AwsKeys keys{aws_xml_text(answer.body, "AccessKeyId"), aws_xml_text(answer.body, "SecretAccessKey"),
               aws_xml_text(answer.body, "SessionToken")};
  const auto end = parse_aws_time(aws_xml_text(answer.body, "Expiration"));
  Result<void> checked = check_aws_keys(keys);
  if (!checked) return Error{Errc::BadGateway, call.name + ": the answer has " + checked.error().message};
  return Lease<AwsKeys>{std::move(keys), end ? aws_life(*end, now) : kAwsKeysWithoutEnd};
}

io::Awaitable<Result<Lease<AwsKeys>>> ask(WebClient& client, const Clock& clock, AwsCall call) {
  Result<WebAnswer> answer = co_await send_aws(client, clock, call);
  if (!answer) co_return answer.error();
  co_return session_in(call, *answer, clock.now());
}

}  // namespace

io::Awaitable<Result<Lease<AwsKeys>>> assume_role(WebClient& client, const Clock& clock, AwsSts sts, AwsKeys keys,
                                                  AwsRole role, io::Deadline deadline) {
  std::string form = "Action=AssumeRole&Version=2011-06-15";
  add_field(form, "RoleArn", role.arn);
  add_field(form, "RoleSessionName", role.session_name);
  add_field(form, "ExternalId", role.external_id);
  add_field(form, "DurationSeconds", role.duration);
  AwsCall call{.name = "STS AssumeRole " + role.arn,
               .request = post(sts, std::move(form), deadline),
               .signer = AwsSigner{std::move(keys), {sts.region, "sts"}}};
  co_return co_await ask(client, clock, std::move(call));
}

io::Awaitable<Result<Lease<AwsKeys>>> assume_role_with_web_identity(WebClient& client, const Clock& clock, AwsSts sts,
                                                                    AwsWebIdentity identity, std::string token,
                                                                    io::Deadline deadline) {
  std::string form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
  add_field(form, "RoleArn", identity.role_arn);
  add_field(form, "RoleSessionName", identity.session_name);
  add_field(form, "WebIdentityToken", token);
  AwsCall call{.name = "STS AssumeRoleWithWebIdentity " + identity.role_arn,
               .request = post(sts, std::move(form), deadline),
               .signer = std::nullopt,
               .secrets = {std::move(token)}};
  co_return co_await ask(client, clock, std::move(call));
}

}  // namespace entrepot::upstream
