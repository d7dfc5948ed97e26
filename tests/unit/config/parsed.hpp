// A text as a configuration: what a test expects of it, in one line.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/config/load.hpp"

namespace entrepot::config {

inline Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// As "LINE: KEY: MESSAGE".
inline std::vector<std::string> lines_of(const std::vector<Fault>& faults) {
  std::vector<std::string> lines;
  for (const Fault& fault : faults) lines.push_back(to_string(fault, ""));
  return lines;
}

inline std::vector<std::string> faults_in(std::string_view yaml, const Environment& environment = environment_of({})) {
  return lines_of(parse(yaml, environment, true).faults);
}

// A valid text's configuration. A fault fails the test, and the built-in configuration goes on in its place.
inline Config config_of(std::string_view yaml, const Environment& environment = environment_of({})) {
  Loaded loaded = parse(yaml, environment, true);
  for (const std::string& fault : lines_of(loaded.faults)) ADD_FAILURE() << fault;
  return loaded.config ? *std::move(loaded.config) : built_in(environment, true);
}

}  // namespace entrepot::config
