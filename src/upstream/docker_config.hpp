// The accounts in a Docker client's config.json (podman's auth.json has the same form). Pure.
//
// Source: github.com/docker/cli, cli/config/configfile and cli/config/credentials; containers-auth.json(5) for the keys
// of podman.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/credentials.hpp"

namespace entrepot::upstream {

// What Docker's clients call a registry: its host, with a port where it has one, in lower case;
// "https://index.docker.io/v1/" for each name of Docker Hub. It is what a credential helper is asked with.
std::string server_of(std::string_view host);

// The registry that a key of config.json is for, in that form: keys come with or without scheme, a trailing slash or a
// path such as /v1/. Nothing for one of podman's keys for a part of a registry ("quay.io/org"): an account is an
// upstream's, not a repository's, so they are not used.
std::optional<std::string> server_of_key(std::string_view key);

// The names under which an upstream's account may be known, the most telling first: the hosts of its URLs in order,
// where the account is sent, then its own name, by which clients know it.
std::vector<std::string> servers_of(const config::Upstream& upstream);

// Where the account of one server is.
struct DockerAccount {
  std::string server;
  std::string helper{};                // of credHelpers, else of credsStore: asked first; "" for none
  std::optional<Credential> stored{};  // of auths

  friend bool operator==(const DockerAccount&, const DockerAccount&) = default;
};

// Those of `servers`, in their order, each once. Errc::Invalid if `json` is none, or what concerns them makes no sense;
// the message quotes nothing of it but keys.
Result<std::vector<DockerAccount>> parse_docker_config(std::string_view json, std::span<const std::string> servers);

}  // namespace entrepot::upstream
