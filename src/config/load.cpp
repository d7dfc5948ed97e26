#include "entrepot/config/load.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "config/files.hpp"
#include "config/node.hpp"
#include "config/proxy.hpp"
#include "config/sections.hpp"
#include "config/validate.hpp"

namespace entrepot::config {
namespace {

// yaml-cpp's message without what it cites from the file: that can be a password in want of quotes.
std::string without_citation(const std::string& message) { return message.substr(0, message.find(':')); }

Fault unreadable(int errno_value) { return {0, "", "cannot be read: " + std::generic_category().message(errno_value)}; }

}  // namespace

std::string to_string(const Fault& fault, std::string_view file) {
  std::string text(file);
  if (fault.line > 0) text.append(text.empty() ? "" : ":").append(std::to_string(fault.line));
  if (!fault.key.empty()) text.append(text.empty() ? "" : ": ").append(fault.key);
  return text.append(text.empty() ? "" : ": ").append(fault.message);
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Loaded parse(std::string_view yaml, const Environment& environment, bool is_root) {
  Config config = built_in(environment, is_root);
  Document document(environment);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(yaml));
    if (documents.size() > 1) {
      document.fault(documents[1].Mark().line + 1, "",
                     "expected one YAML document, not several (\"---\" begins another)");
    }
    if (!documents.empty()) read_config(Node(documents.front(), document), config);
  } catch (const YAML::Exception& error) {
    document.fault(error.mark.is_null() ? 0 : error.mark.line + 1, "", "not YAML: " + without_citation(error.msg));
    return {.faults = document.faults()};
  }
  apply_environment_proxies(config, document);
  validate(config, document);
  look_for_files(config, document);
  Loaded loaded{.faults = document.faults(), .unreadable = document.unreadable_files()};
  if (loaded.faults.empty()) loaded.config = std::move(config);
  return loaded;
}

Loaded load(const std::filesystem::path& file, const Environment& environment, bool is_root) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return {.faults = {unreadable(errno)}};
  std::string text;
  char buffer[4096];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return {.faults = {unreadable(errno)}};  // a folder opens, and fails here
  return parse(text, environment, is_root);
}

}  // namespace entrepot::config
