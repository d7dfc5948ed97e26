// From a YAML file, or from nothing, to a checked Config. Reads files: at start, and on a thread that may block.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/config/config.hpp"

namespace entrepot::config {

// One fault of a configuration: where, and what is wrong. All faults of a file are reported together.
struct Fault {
  int line = 0;         // 1 is the first; 0: not tied to a line
  std::string key;      // "upstreams.docker.io.url"
  std::string message;  // "unknown key; did you mean \"urls\"?"
};

// "FILE:LINE: KEY: MESSAGE"; parts that are not known are left out.
std::string to_string(const Fault& fault, std::string_view file);

// What the environment holds; replaced in tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// The configuration with no file: docker.io (the default upstream), ghcr.io, quay.io, registry.k8s.io, gcr.io,
// mcr.microsoft.com and public.ecr.aws; the store in /var/lib/entrepot, or, for a user other than root, in
// $XDG_STATE_HOME/entrepot (by default ~/.local/state/entrepot). Without the environment's proxies: those may have
// faults, so parse() puts them in.
Config built_in(const Environment& environment, bool is_root);

// What was read. Faults are in the order of their lines.
struct Loaded {
  std::optional<Config> config{};   // none if there are faults
  std::vector<Fault> faults{};      // all that were found
  std::vector<Fault> unreadable{};  // files that it names and this process cannot use now: certificates, keys, files
                                    // with accounts, credential helpers
};

// The text of a file over the built-in defaults.
Loaded parse(std::string_view yaml, const Environment& environment, bool is_root);

// Likewise from a file; a file that cannot be read is one fault.
Loaded load(const std::filesystem::path& file, const Environment& environment, bool is_root);

// Things that are allowed and that an operator should know, logged at start: credentials that everyone who reaches a
// listener can use; that there is no default upstream.
std::vector<std::string> warnings(const Config& config);

}  // namespace entrepot::config
