// Where an upstream's credentials come from. No provider means anonymous.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/io/async.hpp"
#include "entrepot/upstream/context.hpp"

namespace entrepot::upstream {

// An account, as it is shown to a registry or to its token endpoint.
struct Credential {
  // What `secret` is. Source: the fields of Docker's config.json.
  enum class Kind {
    Password,       // of the user, or an access token in its place: sent as Basic
    IdentityToken,  // an OAuth 2.0 refresh token: the token endpoint gives tokens for it
    RegistryToken,  // sent to the registry as it is, as Bearer
  };

  std::string username;  // "" where an identity or registry token has none
  std::string secret;
  Kind kind = Kind::Password;

  // Whose it is, where the secret is a token that is given for a time: the next one is the same account's. "": each
  // secret is an account of its own.
  std::string owner{};

  friend bool operator==(const Credential&, const Credential&) = default;
};

// "Basic <base64 of username:secret>". Source: RFC 7617.
std::string basic_authorization(const Credential& credential);

// Tells credentials apart, and does not give them away: a hash of all of it.
std::string fingerprint(const Credential& credential);

// `text` with what is secret in `credential` blotted out, for a message from outside that may quote it.
std::string without_secret(std::string text, const Credential& credential);

// Likewise, for the value of an Authorization header: what follows its scheme and, of Basic, the password in it.
std::string without_authorization(std::string text, std::string_view header);

// Thread-safe. Awaited, because a program has to be asked, or a file read; never on the io thread.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;

  // The account as its source has it now; nothing if the source has none: the upstream is asked anonymously. An error
  // where the source fails: the upstream is not asked at all then. Messages hold no secret.
  virtual io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) = 0;

  // The upstream has refused what get() gave: the next get() asks the source again, whatever it has kept.
  virtual void refused(const Credential& credential) = 0;
};

// The provider that `config` asks for, null if it asks for none. Reads the files that it names now: throws
// std::runtime_error if one cannot be read or makes no sense. `context` must outlive it.
std::unique_ptr<CredentialProvider> make_credential_provider(const config::Upstream& config, const Context& context);

}  // namespace entrepot::upstream
