#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "entrepot/config/load.hpp"

namespace entrepot::config {

std::vector<Fault> unreadable_files(const Config& config) {
  std::vector<Fault> faults;
  auto look_at = [&faults](const std::filesystem::path& file, std::string key) {
    if (::access(file.c_str(), R_OK) == 0) return;
    faults.push_back(Fault{0, std::move(key), "cannot read " + file.string() + ": " + std::strerror(errno)});
  };
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const auto& tls = config.listeners[i].tls;
    const std::string key = "listeners[" + std::to_string(i) + "].tls.";
    if (tls) look_at(tls->certificate, key + "certificate");
    if (tls) look_at(tls->key, key + "key");
  }
  for (const auto& [name, upstream] : config.upstreams) {
    const std::string key = "upstreams." + name + ".";
    if (upstream.ca) look_at(*upstream.ca, key + "ca");
    if (upstream.client_certificate) {
      look_at(upstream.client_certificate->certificate, key + "client_certificate.certificate");
      look_at(upstream.client_certificate->key, key + "client_certificate.key");
    }
    if (upstream.credentials && upstream.credentials->password_file) {
      look_at(*upstream.credentials->password_file, key + "credentials.password_file");
    }
  }
  return faults;
}

}  // namespace entrepot::config
