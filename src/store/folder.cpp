#include "store/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

#include "entrepot/store/disk.hpp"
#include "store/network_file_system.hpp"

namespace entrepot::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFormat = "entrepot-store 1\n";
constexpr std::string_view kFormatName = "entrepot-store ";

Error refused(const fs::path& path, const std::string& reason) {
  return {Errc::Io, "the store " + path.string() + ": " + reason};
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> check_file_system(const fs::path& path) {
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return io_error("statfs " + path.string(), errno);
  auto network = network_file_system(static_cast<std::uint64_t>(info.f_type));
  if (!network) return ok();
  return refused(path, "it is on a network file system (" + std::string(*network) +
                           "), where neither its lock nor its index can be trusted; it needs a local disk");
}

// Besides what an interrupted first start leaves, only the folder that mkfs makes at the root of a volume.
bool is_new(const fs::path& path, std::error_code& error) {
  for (auto entry = fs::directory_iterator(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    fs::path name = entry->path().filename();
    if (name != "LOCK" && name != "FORMAT.new" && name != "lost+found") return false;
  }
  return true;
}

// Whether a FORMAT has to be written.
Result<bool> check_format(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path / "FORMAT", error)) {
    if (error) return refused(path, error.message());
    bool fresh = is_new(path, error);
    if (error) return refused(path, error.message());
    if (!fresh) return refused(path, "the folder is not empty and has no FORMAT: it is no store of entrepot");
    return true;
  }
  std::string format = content_of(path / "FORMAT");
  if (format == kFormat) return false;
  int version = 0;
  if (format.starts_with(kFormatName)) {
    std::from_chars(format.data() + kFormatName.size(), format.data() + format.size(), version);
  }
  if (version > 1) {
    return refused(path, "its format is " + std::to_string(version) + ", made by a newer entrepot; this one knows 1");
  }
  return refused(path, "its FORMAT is none of entrepot's");
}

Result<void> write_format(const fs::path& path) {
  Disk& disk = real_disk();
  fs::path draft = path / "FORMAT.new";
  Result<void> done = disk.remove(draft);
  if (!done) return done;
  Result<UniqueFd> file = disk.create(draft);
  if (!file) return file.error();
  done = disk.write(file->get(), 0, std::as_bytes(std::span(kFormat)));
  if (!done) return done;
  done = disk.sync(file->get());
  if (!done) return done;
  done = disk.rename(draft, path / "FORMAT");
  if (!done) return done;
  return disk.sync_directory(path);
}

Result<UniqueFd> lock(const fs::path& path) {
  fs::path name = path / "LOCK";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd) return io_error("open " + name.string(), errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error("lock " + name.string(), errno);
    std::string holder = content_of(name);
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return refused(path, "another process holds its lock" + (holder.empty() ? "" : ", pid " + holder));
  }
  // For the message above and for people; the lock itself is the kernel's.
  std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0) return io_error("write " + name.string(), errno);
  Result<void> written = real_disk().write(fd.get(), 0, std::as_bytes(std::span(pid)));
  if (!written) return written.error();
  return fd;
}

}  // namespace

Result<UniqueFd> open_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return refused(path, error.message());

  Result<void> local = check_file_system(path);
  if (!local) return local.error();

  // Before the lock, so that nothing is written into a folder that is not ours; and again under it.
  Result<bool> fresh = check_format(path);
  if (!fresh) return fresh.error();
  Result<UniqueFd> held = lock(path);
  if (!held) return held;
  fresh = check_format(path);
  if (!fresh) return fresh.error();
  if (*fresh) {
    Result<void> written = write_format(path);
    if (!written) return written.error();
  }
  for (const char* name : {"blobs", "blobs/sha256", "blobs/sha512", "fills"}) {
    fs::create_directory(path / name, error);
    if (error) return refused(path, error.message());
  }
  return held;
}

}  // namespace entrepot::store
