// Docker's protocol of credential helpers: programs that keep accounts, or get them from a cloud.
//
// Source: github.com/docker/docker-credential-helpers, "Development".
#pragma once

#include <optional>
#include <string>

#include "upstream/credentials.hpp"
#include "upstream/program.hpp"

namespace entrepot::upstream {

// The program of a helper's name: "docker-credential-<name>"; an absolute path is the program itself.
std::string program_of(const std::string& helper);

// What the end of `docker-credential-<name> get` says. Nothing: it knows no account for the server. The user name
// "<token>" makes the secret an identity token. Errc::BadGateway if it failed or makes no sense: with what it has said
// of it, in one short line, and never with a secret that it gave. Pure.
Result<std::optional<Credential>> read_answer(const std::string& program, const ProgramResult& result);

// Asks the helper for its account at `server`. Blocks, up to limits.time.
Result<std::optional<Credential>> ask_helper(const std::string& program, const std::string& server,
                                             const ProgramLimits& limits);

}  // namespace entrepot::upstream
