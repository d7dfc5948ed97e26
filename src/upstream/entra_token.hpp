// Access tokens of Microsoft Entra (Azure Active Directory) for Azure's registries, by whatever proves to Entra who we
// are.
#pragma once

#include <string>

#include "entrepot/config/config.hpp"
#include "entrepot/upstream/context.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

// Where an application asks for a token: below the authority of `config`, for its tenant. Errc::Invalid if that is no
// URL, or none that leads over https or to this machine.
Result<http::Url> entra_token_endpoint(const config::AcrCredentials& config);

// A new one, each time. Files are read each time, on the pool. Errc::BadGateway and Errc::Timeout as call_for_token();
// Errc::BadGateway for a file. `web` and what `context` refers to stay where they are meanwhile.
io::Awaitable<Result<std::string>> entra_token(config::AcrCredentials config, WebClient& web, const Context& context,
                                               io::Deadline deadline);

}  // namespace entrepot::upstream
