#include "upstream/credential_helper.hpp"

#include <nlohmann/json.hpp>

#include "entrepot/base/text.hpp"
#include "upstream/json_text.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::string_view kNotFound = "credentials not found in native keychain";
constexpr std::string_view kIdentityTokenUser = "<token>";
constexpr std::size_t kLongestComplaint = 300;

Credential credential_in(const nlohmann::json& answer) {
  Credential credential{text_in(answer, "Username"), text_in(answer, "Secret")};
  if (credential.username == kIdentityTokenUser) {
    credential.username.clear();
    credential.kind = Credential::Kind::IdentityToken;
  }
  return credential;
}

// By the protocol a helper complains on its standard output; many do on the other. An output that looks like an
// account is not repeated, and what it names as the secret is taken out of the rest.
std::string complaint_of(const ProgramResult& result) {
  std::string complaint;
  if (result.output.find_first_of("{}\"") == std::string::npos) complaint = one_line(result.output, kLongestComplaint);
  std::string errors = result.errors;
  auto answer = nlohmann::json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  if (answer.is_object()) errors = without_secret(std::move(errors), credential_in(answer));
  errors = one_line(errors, kLongestComplaint);
  if (!errors.empty()) complaint.append(complaint.empty() ? "" : "; ").append(errors);
  return complaint.empty() ? complaint : ": " + complaint;
}

Error error_of(const std::string& program, const std::string& what, const ProgramResult& result) {
  return {Errc::BadGateway, program + " " + what + complaint_of(result)};
}

}  // namespace

std::string program_of(const std::string& helper) {
  return helper.starts_with('/') ? helper : "docker-credential-" + helper;
}

Result<std::optional<Credential>> read_answer(const std::string& program, const ProgramResult& result) {
  if (!result.succeeded()) {
    if (trim(result.output) == kNotFound) return std::optional<Credential>();
    return error_of(program, "failed with " + describe_end(result), result);
  }
  auto answer = nlohmann::json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return error_of(program, "gave no JSON object", result);
  Credential credential = credential_in(answer);
  // Docker's clients take an account without name and secret for none.
  if (credential.secret.empty() && credential.username.empty() && credential.kind == Credential::Kind::Password) {
    return std::optional<Credential>();
  }
  if (credential.secret.empty()) return error_of(program, "gave no Secret", result);
  return std::optional(std::move(credential));
}

Result<std::optional<Credential>> ask_helper(const std::string& program, const std::string& server,
                                             const ProgramLimits& limits) {
  Result<ProgramResult> result = run_program({program, "get"}, server, limits);
  if (!result) return Error{result.error().code, "credential helper: " + result.error().message};
  Result<std::optional<Credential>> answer = read_answer(program, *result);
  if (!answer) return Error{answer.error().code, "credential helper: " + answer.error().message};
  return answer;
}

}  // namespace entrepot::upstream
