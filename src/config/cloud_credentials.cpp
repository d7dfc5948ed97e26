#include "config/cloud_credentials.hpp"

#include <algorithm>

#include "config/value.hpp"

namespace entrepot::config {
namespace {

constexpr char kEntra[] = "https://login.microsoftonline.com";
constexpr char kImds[] = "http://169.254.169.254";
constexpr char kImdsPath[] = "/metadata/identity/oauth2/token";

std::string variable(const Node& node, const std::string& name) { return node.environment()(name).value_or(""); }

// A variable whose value is a URL.
std::string url_variable(const Node& node, const std::string& name, const std::string& otherwise) {
  std::string text = variable(node, name);
  if (text.empty()) return otherwise;
  const auto url = value::url(text);
  if (!url) node.fault(name + " in the environment: " + url.error().message);
  return text;
}

// Source: Azure's SDKs, class ManagedIdentityCredential. IDENTITY_ENDPOINT without IDENTITY_HEADER is Azure Arc's.
EntraManagedIdentity managed_identity(const Node& node) {
  const std::string header = variable(node, "IDENTITY_HEADER");
  if (!header.empty() && !variable(node, "IDENTITY_ENDPOINT").empty()) {
    const bool is_one_line = std::ranges::all_of(header, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
    if (!is_one_line) node.fault("IDENTITY_HEADER in the environment: cannot be sent in a header");
    return {.url = url_variable(node, "IDENTITY_ENDPOINT", ""), .header = header};
  }
  std::string host = url_variable(node, "AZURE_POD_IDENTITY_AUTHORITY_HOST", kImds);
  if (host.ends_with('/')) host.pop_back();
  return {.url = host + kImdsPath};
}

// What an application proves itself with, needs a tenant and a client.
void require_application(const Node& node, const AcrCredentials& acr) {
  if (acr.tenant.empty() && !node.gives("tenant"))
    node.fault_of("tenant", "is missing, and AZURE_TENANT_ID is not set");
  if (acr.client_id.empty() && !node.gives("client_id"))
    node.fault_of("client_id", "is missing, and AZURE_CLIENT_ID is not set");
}

}  // namespace

Result<std::string> google_account(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@.-_").find(c) != std::string_view::npos;
  };
  if (text.empty() || !std::ranges::all_of(text, is_allowed)) {
    return Error{Errc::Invalid, "expected default, or the email address of a service account"};
  }
  return std::string(text);
}

GoogleCredentials google_credentials(const Node& node, GoogleKeys keys) {
  if (keys.key_file && keys.account) {
    node.fault_of("account", "has no effect with a key_file, which says whose it is");
  }
  GoogleCredentials google{.key_file = std::move(keys.key_file)};
  if (!google.key_file && !keys.account) {
    if (const std::string file = variable(node, "GOOGLE_APPLICATION_CREDENTIALS"); !file.empty())
      google.key_file = file;
  }
  if (google.key_file) return google;
  if (keys.account) google.account = std::move(*keys.account);
  if (const std::string host = variable(node, "GCE_METADATA_HOST"); !host.empty()) {
    if (!value::url("http://" + host)) {
      node.fault("GCE_METADATA_HOST in the environment: expected a host, with a port where it has one");
    }
    google.metadata_host = host;
  }
  return google;
}

AcrCredentials acr_credentials(const Node& node, AcrKeys keys) {
  const bool has_secret_key = !keys.client_secret.empty() || keys.client_secret_file;
  if (!keys.client_secret.empty() && keys.client_secret_file) {
    node.fault("expected either client_secret or client_secret_file, not both");
  } else if (has_secret_key && keys.federated_token_file) {
    node.fault_of("federated_token_file", "has no effect with a client secret");
  }
  const auto or_variable = [&](std::string key, const std::string& name) {
    return key.empty() ? variable(node, name) : std::move(key);
  };
  AcrCredentials acr{.proof = {},
                     .tenant = or_variable(std::move(keys.tenant), "AZURE_TENANT_ID"),
                     .client_id = or_variable(std::move(keys.client_id), "AZURE_CLIENT_ID"),
                     .authority = url_variable(node, "AZURE_AUTHORITY_HOST", kEntra)};
  const std::string secret = variable(node, "AZURE_CLIENT_SECRET");
  const std::string token_file = variable(node, "AZURE_FEDERATED_TOKEN_FILE");
  if (has_secret_key) {
    acr.proof = EntraSecret{std::move(keys.client_secret), std::move(keys.client_secret_file)};
  } else if (keys.federated_token_file) {
    acr.proof = EntraFederation{std::move(*keys.federated_token_file)};
  } else if (!secret.empty()) {
    acr.proof = EntraSecret{secret};
  } else if (!token_file.empty()) {
    acr.proof = EntraFederation{token_file};
  } else {
    acr.proof = managed_identity(node);
    return acr;
  }
  require_application(node, acr);
  return acr;
}

}  // namespace entrepot::config
