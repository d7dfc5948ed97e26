#include "config/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace entrepot::config {
namespace {

// Whether there is such a program on PATH. As execvp() looks for it.
bool is_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/bin:/usr/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

class Look {
 public:
  explicit Look(Document& document) : document_(document) {}

  void file(const std::filesystem::path& file, const std::string& key) {
    if (::access(file.c_str(), R_OK) == 0) return;
    document_.unreadable(key, "cannot read " + file.string() + ": " + std::strerror(errno));
  }

  void account(const BasicCredentials& basic, const std::string& key) {
    if (basic.password_file) file(*basic.password_file, key + "password_file");
  }
  void account(const DockerCredentials& docker, const std::string& key) {
    if (docker.file && docker.text.empty()) file(*docker.file, key + "config");
  }
  void account(const HelperCredentials& helper, const std::string& key) {
    if (helper.helper.starts_with('/')) {
      if (::access(helper.helper.c_str(), X_OK) == 0) return;
      document_.unreadable(key + "helper", "cannot run " + helper.helper + ": " + std::strerror(errno));
    } else if (const std::string program = "docker-credential-" + helper.helper; !is_on_path(program)) {
      document_.unreadable(key + "helper", "there is no program " + program + " on PATH");
    }
  }

  // Its files may come later, and each is one way of several.
  void account(const EcrCredentials&, const std::string&) {}
  void account(const GoogleCredentials& google, const std::string& key) {
    if (google.key_file) file(*google.key_file, key + "key_file");
  }
  void account(const AcrCredentials& acr, const std::string& key) {
    if (const auto* secret = std::get_if<EntraSecret>(&acr.proof); secret != nullptr && secret->file) {
      file(*secret->file, key + "client_secret_file");
    }
    if (const auto* federation = std::get_if<EntraFederation>(&acr.proof)) {
      file(federation->token_file, key + "federated_token_file");
    }
  }

 private:
  Document& document_;
};

}  // namespace

void look_for_files(const Config& config, Document& document) {
  Look look(document);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const auto& tls = config.listeners[i].tls;
    const std::string key = "listeners[" + std::to_string(i) + "].tls.";
    if (!tls) continue;
    look.file(tls->certificate, key + "certificate");
    look.file(tls->key, key + "key");
    if (tls->client_ca) look.file(*tls->client_ca, key + "client_ca");
  }
  for (const auto& [name, upstream] : config.upstreams) {
    const std::string key = "upstreams." + name + ".";
    if (upstream.ca) look.file(*upstream.ca, key + "ca");
    if (upstream.client_certificate) {
      look.file(upstream.client_certificate->certificate, key + "client_certificate.certificate");
      look.file(upstream.client_certificate->key, key + "client_certificate.key");
    }
    if (!upstream.credentials) continue;
    std::visit([&](const auto& account) { look.account(account, key + "credentials."); },
               upstream.credentials->account);
  }
}

}  // namespace entrepot::config
