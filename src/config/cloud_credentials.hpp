// Accounts that clouds hand out, as the keys of `upstreams.*.credentials` have them, and else the environment: by the
// names that the clouds' own libraries read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/node.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

// The keys of type google.
struct GoogleKeys {
  std::optional<std::filesystem::path> key_file{};
  std::optional<std::string> account{};
};

// The keys of type acr. "": not given.
struct AcrKeys {
  std::string tenant{};
  std::string client_id{};
  std::string client_secret{};
  std::optional<std::filesystem::path> client_secret_file{};
  std::optional<std::filesystem::path> federated_token_file{};
};

// `node` is the section; what is wrong or missing is a fault of it or of one of its keys.
GoogleCredentials google_credentials(const Node& node, GoogleKeys keys);
AcrCredentials acr_credentials(const Node& node, AcrKeys keys);

// "default", or the email address of a service account.
Result<std::string> google_account(std::string_view text);

}  // namespace entrepot::config
