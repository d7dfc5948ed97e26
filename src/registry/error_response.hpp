// The one place where an error becomes a response. Pure.
#pragma once

#include <string_view>

#include "entrepot/base/result.hpp"
#include "entrepot/http/message.hpp"
#include "entrepot/oci/api_error.hpp"
#include "registry/route.hpp"

namespace entrepot::registry {

// On every answer, whatever its status: old clients take it as the sign that they speak to a registry.
inline constexpr std::string_view kApiVersionHeader = "Docker-Distribution-API-Version";
inline constexpr std::string_view kApiVersion = "registry/2.0";

// On every answer to a request with ns, with its value.
inline constexpr std::string_view kNamespaceHeader = "OCI-Namespace";

// What was asked for, where the error itself does not say what is unknown. Tags and the catalog are asked of a
// Repository.
enum class What { Blob, Manifest, Referrers, Repository };

// For an error of the data path. A refusal by the upstream is 403, never 401: a challenge would make clients send this
// server the credentials that they hold for another.
http::Response error_response(const Error& error, What what);

// With the status that the code has.
http::Response api_error_response(oci::ApiCode code, std::string_view message);

// For a request that parse_route refused; with OCI-Namespace.
http::Response route_error_response(const RouteError& error);

// For a request that the server itself refused, with the status that it chose: an http::MakeError.
http::Response refused_response(unsigned status, std::string_view reason);

}  // namespace entrepot::registry
