#include "upstream/watched_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "entrepot/base/log.hpp"
#include "entrepot/base/unique_fd.hpp"
#include "upstream/read_file.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::chrono::seconds kBetweenLooks{1};
constexpr std::chrono::seconds kLongestLook{1};  // that a request waits for
constexpr std::chrono::seconds kSettles{2};      // the coarsest file systems count the time in steps of two seconds

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec; }

}  // namespace

struct WatchedFile::Look {
  WatchedFile* file;

  bool operator()() {
    file->look();
    return true;
  }
};

namespace {

// The work of the shared call: owned by its task, which the file outlives.
template <class Look>
struct OnPool {
  io::Pool* pool;
  Look look;

  io::Awaitable<Result<bool>> operator()() { co_return co_await io::run_blocking(*pool, look); }
};

}  // namespace

WatchedFile::WatchedFile(std::filesystem::path path, std::size_t limit, Take take, const Context& context)
    : path_(std::move(path)),
      limit_(limit),
      take_(std::move(take)),
      pool_(context.credentials),
      clock_(context.clock),
      looks_(context.tasks) {}

WatchedFile::Identity WatchedFile::identity_of(const struct stat& status) {
  return Identity{.error = 0,
                  .device = status.st_dev,
                  .inode = status.st_ino,
                  .size = status.st_size,
                  .changed = nanoseconds(status.st_mtim)};
}

// `identity` becomes that of what was read.
Result<void> WatchedFile::read(Identity& identity) {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io_error("cannot read " + path_.string(), errno);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return io_error("cannot read " + path_.string(), errno);
  identity = identity_of(status);
  settled_ = std::time(nullptr) - status.st_mtim.tv_sec > kSettles.count();
  Result<std::string> text = read_all(fd.get(), limit_, path_.string());
  if (!text) return text.error();
  Result<void> taken = take_(std::move(*text));
  if (!taken) return Error{taken.error().code, path_.string() + ": " + taken.error().message};
  return ok();
}

Result<void> WatchedFile::load() {
  struct stat status{};
  const bool fixed = ::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  Result<void> loaded = read(seen_);
  std::lock_guard lock(mutex_);
  fixed_ = fixed;
  looked_at_ = clock_.now();
  return loaded;
}

bool WatchedFile::is_due() const {
  const Time now = clock_.now();
  std::lock_guard lock(mutex_);
  if (fixed_) return false;
  return looked_for_ < asked_for_ || now - looked_at_ >= kBetweenLooks || now < looked_at_;
}

io::Awaitable<> WatchedFile::refresh(io::Deadline deadline) {
  deadline = std::min(deadline, io::SteadyClock::now() + kLongestLook);
  // A look that had begun before look_again() has perhaps seen too little.
  for (int looks = 0; looks < 2 && is_due(); ++looks) {
    OnPool<Look> work{&pool_, Look{this}};
    Result<bool> looked = co_await looks_.run(0, std::move(work), deadline);
    if (!looked) co_return;  // what was read last has to do
  }
}

void WatchedFile::look_again() {
  std::lock_guard lock(mutex_);
  ++asked_for_;
}

void WatchedFile::look() {
  std::uint64_t asked_for = 0;
  {
    std::lock_guard lock(mutex_);
    asked_for = asked_for_;
  }
  struct stat status{};
  Identity found;
  if (::stat(path_.c_str(), &status) != 0) {
    found.error = errno;
  } else {
    found = identity_of(status);
  }
  const bool changed = found != seen_;
  if (changed || !settled_) {
    seen_ = found;
    Result<void> result = ok();
    if (found.error != 0) {
      settled_ = true;
      result = io_error("cannot read " + path_.string(), found.error);
    } else if (!S_ISREG(status.st_mode)) {
      settled_ = true;
      result = Error{Errc::Io, path_.string() + " is no regular file any more"};
    } else {
      result = read(seen_);
    }
    if (changed && result) log::info("credentials_read_again", {{"file", path_.string()}});
    if (changed && !result) log::warning("credentials_not_read", {{"error", result.error().message}});
  }
  std::lock_guard lock(mutex_);
  looked_for_ = asked_for;
  looked_at_ = clock_.now();
}

std::unique_ptr<WatchedFile> watched(const std::optional<std::filesystem::path>& path, std::size_t limit,
                                     WatchedFile::Take take, const Context& context) {
  return path ? std::make_unique<WatchedFile>(*path, limit, std::move(take), context) : nullptr;
}

}  // namespace entrepot::upstream
