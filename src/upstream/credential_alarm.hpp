// Says so when an upstream refuses the credentials that it is sent, for as long as it does: as a gauge, as lines of the
// log that do not come with each request, and in /readyz.
//
// What counts is the answer to the credentials themselves: of the token endpoint, or of the registry where they are
// sent to it as Basic or as a registry token. A token that was granted for them and opens no repository says nothing of
// them: Docker Hub answers 401 for a repository that does not exist.
//
// Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "entrepot/base/metrics.hpp"
#include "entrepot/base/notices.hpp"
#include "upstream/credentials.hpp"

namespace entrepot::upstream {

class CredentialAlarm {
 public:
  // `registry` and `notices` must outlive it; it must outlive the last scrape.
  CredentialAlarm(std::string upstream, metrics::Registry& registry, Notices& notices);

  void accepted();
  void refused(const Credential& credential, std::string_view host);  // by `host`

  // The provider has no account for this upstream, so it is asked anonymously.
  void absent();

  bool is_raised() const;

 private:
  enum class State {
    Unknown,   // nothing has been sent yet
    Accepted,  // by the last answer
    Refused,   // by the last answer
    Absent,    // there is nothing to send
  };

  const std::string upstream_;
  Notices& notices_;
  mutable std::mutex mutex_;
  State state_ = State::Unknown;  // guarded by mutex_
  std::string refused_{};         // guarded by mutex_: the owner, or the fingerprint, of what was refused last
};

}  // namespace entrepot::upstream
