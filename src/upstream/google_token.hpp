// Google access tokens: from a key, or from the metadata service of a machine in Google's cloud.
#pragma once

#include <string>

#include "upstream/credentials.hpp"
#include "upstream/google_key.hpp"
#include "upstream/renewed.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

// From the service that the key names. Errc::BadGateway and Errc::Timeout as call_for_token(); Errc::BadGateway for the
// file of another issuer's token. `web` and what `context` refers to stay where they are meanwhile.
io::Awaitable<Result<Lease<std::string>>> google_token(GoogleKey key, WebClient& web, const Context& context,
                                                       io::Deadline deadline);

// Of an account of this machine ("default", or its email address), from `host`: a name or address, with a port where
// it has one. Likewise.
io::Awaitable<Result<Lease<std::string>>> google_metadata_token(std::string host, std::string account, WebClient& web,
                                                                io::Deadline deadline);

}  // namespace entrepot::upstream
