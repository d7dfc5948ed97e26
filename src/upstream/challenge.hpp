// What a registry asks for in WWW-Authenticate. Pure.
//
// Source: RFC 9110, 11.6.1; distribution's token specification. Real registries leave out quotes, scope or service, put
// several challenges on one line, and write the scheme in any case: all of that is read.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/http/url.hpp"

namespace entrepot::upstream {

struct Challenge {
  std::string scheme;  // lowercase: "bearer", "basic"
  std::string realm;   // for bearer, where tokens come from
  std::string service;
  std::string scope;

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

// All challenges of the header's lines, in order. What makes no sense is skipped.
std::vector<Challenge> parse_challenges(std::span<const std::string> lines);

// The one that we answer: the first bearer that names a realm, else the first basic.
std::optional<Challenge> choose_challenge(std::span<const std::string> lines);

// The scope to ask a token for. A challenge's own scope can be a placeholder (ghcr.io's ping names the repository
// "user/image") or be absent (quay.io), so ours is used in its place; but not if it is of another kind (public.ecr.aws
// has "aws"), nor if `asked`, the URL that was refused, names another repository (after a redirect). With `repository`
// "", for the registry as a whole, no repository's.
std::string scope_to_ask(const Challenge& challenge, std::string_view repository, const http::Url& asked);

// What of it holds for every request to its origin: all but a repository's scope.
Challenge for_any_repository(Challenge challenge);

}  // namespace entrepot::upstream
