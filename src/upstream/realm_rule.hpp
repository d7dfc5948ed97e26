// Who may see the upstream's credentials: a registry names the realm (the token endpoint) itself, so a registry that
// was taken over could name one of its own. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

enum class RealmTrust {
  Credentials,  // belongs to the upstream: may be asked with its credentials
  Anonymous,    // may be asked for a token, without them
  Refused,      // not asked at all: it would send over clear text what the registry itself takes over TLS only
};

// `registry` is the URL that was refused, `upstream_name` the upstream's configured name ("docker.io"), `listed` the
// hosts of credentials.realms. A realm belongs to the upstream if its host equals the registry's (at any port), equals
// or lies under the name, or is listed.
RealmTrust trust_in(const http::Url& realm, const http::Url& registry, std::string_view upstream_name,
                    std::span<const std::string> listed);

}  // namespace entrepot::upstream
