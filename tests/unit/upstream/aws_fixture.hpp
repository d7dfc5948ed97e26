// AWS on this machine, as far as entrepot asks it: STS, the APIs of ECR, a container's endpoint and an instance's
// metadata, all at one server that says what it was asked.
#pragma once

#include <atomic>
#include <string>

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"
#include "upstream/aws_sigv4.hpp"

namespace entrepot::upstream {

class AwsTest : public ProviderTest {
 protected:
  void TearDown() override { server_.stop(); }

  // "2023-11-14T22:13:20Z" is now.
  static constexpr const char* kInAnHour = "2023-11-14T23:13:20Z";

  static std::string json_session(const std::string& id, const std::string& end = kInAnHour) {
    return R"({"Code": "Success", "AccessKeyId": ")" + id + R"(", "SecretAccessKey": "key of )" + id +
           R"(", "Token": "token of )" + id + R"(", "Expiration": ")" + end + R"("})";
  }
  static std::string xml_session(const std::string& id, const std::string& end = kInAnHour) {
    return "<R><Credentials><AccessKeyId>" + id + "</AccessKeyId><SecretAccessKey>key of " + id +
           "</SecretAccessKey><SessionToken>token of " + id + "</SessionToken><Expiration>" + end +
           "</Expiration></Credentials></R>";
  }
  static AwsKeys session(const std::string& id) { return {id, "key of " + id, "token of " + id}; }

  // Whether it is signed with these keys, by what the server received of it.
  bool is_signed(const test::Seen& seen, const AwsKeys& keys, const AwsScope& scope) const {
    AwsRequest received{seen.method, seen.target, {}, seen.body};
    for (const char* name : {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"}) {
      if (seen.headers.contains(name)) received.headers.emplace_back(name, seen.header(name));
    }
    return seen.header("authorization") == aws_authorization(received, keys, scope, clock_.now()) &&
           seen.header("x-amz-security-token") == keys.session_token;
  }

  // What the server answers, by the path; of "/sts" and "/ecr" the action or the service's own.
  virtual test::Reply answer(const test::Seen& seen) {
    if (seen.target == "/container") return {.body = json_session("container")};
    if (seen.target == "/latest/api/token") return {.body = "imds-token"};
    if (seen.target == "/latest/meta-data/iam/security-credentials/") return {.body = "pull-role\n"};
    if (seen.target == "/latest/meta-data/iam/security-credentials/pull-role")
      return {.body = json_session("instance")};
    if (seen.target == "/sts") return {.body = xml_session("assumed" + std::to_string(++sessions_))};
    return {.status = 404};
  }

  config::AwsVariables variables(const config::AwsVariables& more = {}) const {
    config::AwsVariables all{{"AWS_ENDPOINT_URL_STS", server_.url("/sts")},
                             {"AWS_ENDPOINT_URL_ECR", server_.url("/ecr")},
                             {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server_.url()}};
    for (const auto& [name, value] : more) all.insert_or_assign(name, value);
    return all;
  }

  std::atomic<int> sessions_ = 0;
  test::ScriptedServer server_{[this](const test::Seen& seen) { return answer(seen); }};
};

}  // namespace entrepot::upstream
