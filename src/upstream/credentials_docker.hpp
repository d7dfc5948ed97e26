// Credentials of type docker: the account that a Docker client's configuration has for the upstream, looked up as
// Docker does it: in the credential helper of the server, else in that of all servers, then in the file itself.
//
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "upstream/credentials.hpp"
#include "upstream/docker_config.hpp"
#include "upstream/helper_answers.hpp"
#include "upstream/watched_file.hpp"

namespace entrepot::upstream {

class DockerProvider final : public CredentialProvider {
 public:
  // `servers`: as servers_of() has them. Throws std::runtime_error if the configuration's text makes no sense, or if
  // its file does not or cannot be read; a file beside a text need not be there, now or later.
  DockerProvider(const config::DockerCredentials& config, std::vector<std::string> servers, const Context& context,
                 ProgramLimits limits = {});

  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override;

 private:
  Result<void> take(const std::string& json);
  std::vector<DockerAccount> accounts();

  const std::vector<std::string> servers_;
  std::vector<DockerAccount> from_text_;     // constant after construction
  const std::unique_ptr<WatchedFile> file_;  // null: there is none
  HelperAnswers answers_;
  std::mutex mutex_;
  std::vector<DockerAccount> from_file_;  // guarded by mutex_
};

}  // namespace entrepot::upstream
