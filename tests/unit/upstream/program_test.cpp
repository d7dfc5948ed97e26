#include "upstream/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "entrepot/base/unique_fd.hpp"
#include "support/temp_dir.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

Result<ProgramResult> shell(const std::string& commands, const ProgramLimits& limits = {},
                            const std::string& input = "") {
  return run_program({"/bin/sh", "-c", commands}, input, limits);
}

bool has_no_children() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

TEST(Program, TakesInputAndGivesBothOutputs) {
  auto result = shell("cat; echo complaint >&2; exit 3", {}, "https://index.docker.io/v1/");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "https://index.docker.io/v1/");
  EXPECT_EQ(result->errors, "complaint\n");
  EXPECT_FALSE(result->succeeded());
  EXPECT_EQ(describe_end(*result), "exit status 3");
  EXPECT_TRUE(has_no_children());
}

TEST(Program, NeedNotReadItsInput) {
  auto result = shell("exit 0", {}, "ignored");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->succeeded());
}

TEST(Program, ASignalIsAnEnd) {
  auto result = shell("kill -SEGV $$");
  ASSERT_TRUE(result);
  EXPECT_EQ(describe_end(*result), "signal 11");
}

TEST(Program, ArgumentsAreNoShellsWords) {
  auto result = run_program({"/bin/echo", "$(id); *"}, "", {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "$(id); *\n");
}

TEST(Program, IsLookedForOnPath) {
  auto result = run_program({"true"}, "", {});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->succeeded());
}

TEST(Program, OneThatIsNotThereIsAnError) {
  for (const char* name : {"/nonexistent/program", "docker-credential-of-no-one"}) {
    auto result = run_program({name}, "", {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::BadGateway);
    EXPECT_EQ(result.error().message, "cannot run " + std::string(name) + ": No such file or directory");
  }
}

// With all that it has started: the shell waits for its child here.
TEST(Program, IsKilledWithItsGroupAtItsTimeLimit) {
  const test::TempDir dir;
  const std::string file = (dir.path() / "process").string();
  auto result = shell("sleep 600 & echo $! > '" + file + "'; wait", {.time = 300ms});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::Timeout);
  EXPECT_EQ(result.error().message, "/bin/sh gave no answer in 300 ms");
  EXPECT_TRUE(has_no_children());
  pid_t grandchild = 0;
  std::ifstream(file) >> grandchild;
  ASSERT_GT(grandchild, 1);
  // Whoever has inherited it may still have to reap it.
  const auto is_gone = [&] {
    std::ifstream status("/proc/" + std::to_string(grandchild) + "/stat");
    std::string text;
    std::getline(status, text);
    return ::kill(grandchild, 0) != 0 || text.find(") Z ") != std::string::npos;
  };
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!is_gone() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(is_gone());
}

TEST(Program, OneThatClosesItsOutputsAndGoesOnIsKilledToo) {
  auto result = shell("exec >&- 2>&-; sleep 600", {.time = 300ms});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::Timeout);
  EXPECT_TRUE(has_no_children());
}

TEST(Program, EndlessOutputEndsIt) {
  auto result = shell("while :; do echo 0123456789; done", {.output = 10'000});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::BadGateway);
  EXPECT_EQ(result.error().message, "/bin/sh says more than 10000 bytes");
  EXPECT_TRUE(has_no_children());
}

TEST(Program, OfManyComplaintsTheFirstBytesAreKept) {
  auto result = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo done", {.errors = 100});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "done\n");
  EXPECT_EQ(result->errors, std::string(100, 'x'));
}

// As an agent that a helper starts does.
TEST(Program, WhatItLeavesBehindDoesNotDelayItsResult) {
  auto result = shell("sleep 600 & echo $!", {.time = 60s});
  ASSERT_TRUE(result);
  ::kill(std::stoi(result->output), SIGKILL);
}

TEST(Program, InheritsNoDescriptorAndNoBlockedSignal) {
  // Not close-on-exec, as Asio's are not; with a number that no program takes for itself.
  const UniqueFd any(::socket(AF_INET, SOCK_STREAM, 0));
  const UniqueFd socket(::fcntl(any.get(), F_DUPFD, 200));
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto result =
      shell("ls /proc/self/fd | grep -cx " + std::to_string(socket.get()) + "; grep SigBlk /proc/self/status");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "0\nSigBlk:\t0000000000000000\n");
}

}  // namespace
}  // namespace entrepot::upstream
