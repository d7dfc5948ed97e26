// The real upstream: a registry that speaks the OCI distribution API over HTTP, with Docker's token protocol.
#pragma once

#include <memory>

#include "entrepot/config/config.hpp"
#include "entrepot/upstream/context.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::upstream {

// What `context` refers to must outlive what is returned, which must outlive its running calls. Throws
// std::runtime_error for a certificate, a key, or a file with an account, that cannot be read.
std::unique_ptr<Upstream> make_registry_client(const config::Upstream& config, const Context& context);

}  // namespace entrepot::upstream
