#include "upstream/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "entrepot/base/unique_fd.hpp"

namespace entrepot::upstream {

namespace {

using Clock = std::chrono::steady_clock;

// How often a program that keeps its output open is looked after: it may have ended and left that to somebody else.
constexpr std::chrono::milliseconds kLookAfter{20};

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// The file actions and attributes of posix_spawn, which have to be destroyed.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  // 0, or an errno.
  int run(const std::vector<std::string>& arguments, int input, int output, int errors, pid_t& process) {
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    // Asio's sockets are not close-on-exec: a listener that a helper holds would outlive the daemon.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    // The daemon's threads have signals blocked, or ignored, that the program counts on.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    return ::posix_spawnp(&process, argv[0], &actions_, &attributes_, argv.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A child process until it has been reaped; one that has not ended by then is killed with all of its group.
class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  // Reaps it if it has ended; its status, then.
  std::optional<int> ended() {
    int status = 0;
    if (process_ <= 0 || ::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
    process_ = 0;
    return status;
  }

 private:
  pid_t process_;
};

// One of the program's outputs.
struct Stream {
  UniqueFd fd;
  std::size_t limit;
  std::string text{};
  bool overflown = false;

  // Reads what is there, and no more than a few chunks of it; closes at the end.
  void read_some() {
    char buffer[16 * 1024];
    for (int chunks = 0; chunks < 16 && fd; ++chunks) {
      const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return fd.reset();
      const std::size_t room = limit - text.size();
      text.append(buffer, std::min(room, static_cast<std::size_t>(count)));
      overflown = overflown || static_cast<std::size_t>(count) > room;
    }
  }
};

void wait_for_any(const std::array<Stream*, 2>& streams, std::chrono::milliseconds time) {
  pollfd polled[2];
  nfds_t count = 0;
  for (const Stream* stream : streams) {
    if (stream->fd) polled[count++] = {.fd = stream->fd.get(), .events = POLLIN, .revents = 0};
  }
  ::poll(polled, count, static_cast<int>(std::max<std::int64_t>(1, time.count())));
}

}  // namespace

std::string describe_end(const ProgramResult& result) {
  if (WIFSIGNALED(result.status)) return "signal " + std::to_string(WTERMSIG(result.status));
  return "exit status " + std::to_string(WEXITSTATUS(result.status));
}

Result<ProgramResult> run_program(const std::vector<std::string>& arguments, const std::string& input,
                                  const ProgramLimits& limits) {
  const std::string& name = arguments.front();
  const auto end = Clock::now() + limits.time;
  std::optional<Pipe> in = make_pipe();
  std::optional<Pipe> out = make_pipe();
  std::optional<Pipe> err = make_pipe();
  if (!in || !out || !err) return Error{Errc::BadGateway, "cannot run " + name + ": " + std::strerror(errno)};

  // It fits, so nothing waits for the program to read it, and nobody gets a SIGPIPE if it does not.
  if (::fcntl(in->write.get(), F_SETFL, O_NONBLOCK) != 0 ||
      ::write(in->write.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    return Error{Errc::BadGateway, "cannot run " + name + ": its input is too long"};
  }
  in->write.reset();

  pid_t process = 0;
  const int failure = Spawn().run(arguments, in->read.get(), out->write.get(), err->write.get(), process);
  if (failure != 0) return Error{Errc::BadGateway, "cannot run " + name + ": " + std::strerror(failure)};
  Child child(process);
  in->read.reset();
  out->write.reset();
  err->write.reset();

  Stream output{std::move(out->read), limits.output};
  Stream errors{std::move(err->read), limits.errors};
  for (Stream* stream : {&output, &errors}) ::fcntl(stream->fd.get(), F_SETFL, O_NONBLOCK);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) {
      return Error{Errc::Timeout, name + " gave no answer in " + std::to_string(limits.time.count()) + " ms"};
    }
    // Both outputs may be closed while it goes on; then this is a short sleep.
    const bool open = output.fd || errors.fd;
    wait_for_any({&output, &errors}, std::min(left, open ? kLookAfter : std::chrono::milliseconds(1)));
    const std::optional<int> status = child.ended();  // before the last look at what it has said
    output.read_some();
    errors.read_some();
    if (output.overflown) {
      return Error{Errc::BadGateway, name + " says more than " + std::to_string(limits.output) + " bytes"};
    }
    if (status) return ProgramResult{*status, std::move(output.text), std::move(errors.text)};
  }
}

}  // namespace entrepot::upstream
