// The account that a client shows with its request, for upstreams that are asked in its name (`access: passthrough`).
#pragma once

#include <memory>

#include "entrepot/http/message.hpp"
#include "entrepot/upstream/view.hpp"
#include "registry/error_response.hpp"

namespace entrepot::registry {

// Null if it shows none, or something that is none. Source: RFC 7617, section 2.
std::shared_ptr<const upstream::ClientAccount> account_in(const http::Request& request);

// The 401 that asks for one. `message`: why.
http::Response ask_for_account(std::string_view message);

}  // namespace entrepot::registry
