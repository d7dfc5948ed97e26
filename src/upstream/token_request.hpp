// A token from its endpoint. Source: distribution's token specification, "Requesting a Token", and its "OAuth2 token
// authentication".
#pragma once

#include <optional>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/http/client.hpp"
#include "upstream/credentials.hpp"
#include "upstream/token.hpp"

namespace entrepot::upstream {

struct TokenRequest {
  http::Url realm;
  std::string service;
  std::string scope;
  std::optional<Credential> credential;
  http::AddressRule addresses;
};

// The realm with the request's parameters behind its own.
http::Url token_url(const TokenRequest& request);

// By GET, with a password as Basic; for an identity token by POST, and by GET where that is not known (404, 405).
// Redirects of the realm are not followed: where they lead was not part of what was decided on. No error quotes the
// credential.
io::Awaitable<Result<Token>> fetch_token(http::Client& client, const Clock& clock, TokenRequest request);

}  // namespace entrepot::upstream
