// One run of another program: no shell, nothing of ours inherited, and an end to it in any case. Blocks: on a pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "entrepot/base/result.hpp"

namespace entrepot::upstream {

struct ProgramLimits {
  std::chrono::milliseconds time = std::chrono::seconds(10);
  std::size_t output = 64 * 1024;  // bytes of standard output; more of it ends the run
  std::size_t errors = 4 * 1024;   // bytes of standard error that are kept; the rest is read and dropped
};

struct ProgramResult {
  int status = 0;  // as waitpid() gives it
  std::string output{};
  std::string errors{};

  bool succeeded() const { return status == 0; }
};

// "exit status 3", "signal 11".
std::string describe_end(const ProgramResult& result);

// Runs `arguments[0]` (looked for on PATH if there is no "/" in it) with `input`, of at most a pipe's capacity (4096
// bytes and more), as its standard input, and the environment of this process. It is the leader of a process group of
// its own, which is killed when a limit is reached; it has been reaped when this returns. Errc::Timeout after
// limits.time, Errc::BadGateway if it cannot be run or says too much. Whoever it leaves behind in the background does
// not delay the result.
Result<ProgramResult> run_program(const std::vector<std::string>& arguments, const std::string& input,
                                  const ProgramLimits& limits);

}  // namespace entrepot::upstream
