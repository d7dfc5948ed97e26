// What credential helpers have answered lately, and one run at a time for each question: a pull of twenty layers is
// not a process for each of its requests.
//
// An answer is kept for five minutes: accounts in a keychain change by hand, and those of clouds live for an hour and
// more, so that a change is seen soon without a process each minute. Once the upstream has refused it, it is asked for
// again, but not within five seconds of the last time; nor is an error: whoever is wrong stays so for a while.
//
// Thread-safe. Must outlive the runs that it starts. Programs run on the pool.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "entrepot/base/clock.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/shared_call.hpp"
#include "upstream/credentials.hpp"
#include "upstream/program.hpp"

namespace entrepot::upstream {

class HelperAnswers {
 public:
  explicit HelperAnswers(const Context& context, ProgramLimits limits = {});

  // As ask_helper(). Errc::Timeout at `deadline` too; the run goes on then.
  io::Awaitable<Result<std::optional<Credential>>> get(std::string program, std::string server, io::Deadline deadline);

  // An answer that the upstream has refused.
  void refused(const Credential& credential);

 private:
  using Key = std::pair<std::string, std::string>;  // program and server
  using Answer = Result<std::optional<Credential>>;
  struct Held {
    Answer answer;
    Time since;
    bool refused = false;
  };
  struct Ask;

  std::optional<Answer> find(const Key& key) const;
  void keep(const Key& key, const Answer& answer);

  const ProgramLimits limits_;
  io::Pool& pool_;
  const Clock& clock_;
  io::SharedCalls<Key, std::optional<Credential>> runs_;
  mutable std::mutex mutex_;
  std::map<Key, Held> held_;  // guarded by mutex_; a few, of what is configured
};

}  // namespace entrepot::upstream
