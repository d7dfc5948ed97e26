// Where an upstream's credentials come from. No provider means anonymous.
#pragma once

#include <memory>
#include <string>

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/io/async.hpp"

namespace entrepot::upstream {

struct Credential {
  std::string username;
  std::string password;
};

// "Basic <base64 of username:password>". Source: RFC 7617.
std::string basic_authorization(const Credential& credential);

// Thread-safe. Awaited, because a cloud's registry takes credentials that its own API has to be asked for.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  virtual io::Awaitable<Result<Credential>> get(io::Deadline deadline) = 0;
};

// The provider that `config` asks for, null if it asks for none. Reads password_file now: throws std::runtime_error if
// it cannot.
std::unique_ptr<CredentialProvider> make_credential_provider(const config::Upstream& config);

}  // namespace entrepot::upstream
