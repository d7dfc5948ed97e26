#include "config/built_in.hpp"

#include "entrepot/base/wildcard.hpp"
#include "entrepot/config/load.hpp"

namespace entrepot::config {
namespace {

constexpr const char* kBuiltIn[] = {"docker.io", "ghcr.io",           "quay.io",       "registry.k8s.io",
                                    "gcr.io",    "mcr.microsoft.com", "public.ecr.aws"};

// The state of a user's program, by the XDG Base Directory Specification, which also says that a relative path in its
// variables is to be ignored. A user without a home (a container's, mostly) shares root's place.
std::filesystem::path state_directory(const Environment& environment, bool is_root) {
  if (!is_root) {
    const std::filesystem::path state = environment("XDG_STATE_HOME").value_or("");
    if (state.is_absolute()) return state / "entrepot";
    const std::filesystem::path home = environment("HOME").value_or("");
    if (home.is_absolute()) return home / ".local/state/entrepot";
  }
  return "/var/lib/entrepot";
}

}  // namespace

Upstream default_upstream(const std::string& name) {
  Upstream upstream;
  upstream.name = name;
  if (name == "docker.io") {
    // docker.io itself is a web site. Clients know the registry under two further names.
    upstream.urls = {"https://registry-1.docker.io"};
    upstream.aliases = {"index.docker.io", "registry-1.docker.io"};
  } else {
    upstream.urls = {is_wildcard(name) ? "https://$0" : "https://" + name};
  }
  return upstream;
}

Config built_in(const Environment& environment, bool is_root) {
  Config config;
  config.storage.path = state_directory(environment, is_root);
  for (const char* name : kBuiltIn) config.upstreams.emplace(name, default_upstream(name));
  return config;
}

}  // namespace entrepot::config
