// A disk that has no power any more when it crashes: what was not synced is lost. Of a file these are the bytes, which
// then are zeros; of a folder the names, where a test wants that too: a kernel may have written them, and may not.
//
// It knows the files that were made through it, and leaves others (the index, which syncs for itself) alone. One call
// at a time.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <string>

#include "faulty_disk.hpp"

namespace entrepot::test {

class ForgetfulDisk final : public FaultyDisk {
 public:
  enum class Names { Kept, Lost };

  ForgetfulDisk(std::filesystem::path folder, Names names) : folder_(std::move(folder)), names_(names) {}

  Result<UniqueFd> create(const std::filesystem::path& path) override {
    Result<UniqueFd> fd = FaultyDisk::create(path);
    if (fd) files_[inode(path)] = {UniqueFd(::dup(fd->get())), {}};
    return fd;
  }
  Result<void> sync(int fd) override {
    Result<void> done = FaultyDisk::sync(fd);
    auto file = files_.find(status(fd).st_ino);
    if (done && file != files_.end()) file->second.synced = content(fd);
    return done;
  }
  Result<void> sync_directory(const std::filesystem::path& path) override {
    Result<void> done = FaultyDisk::sync_directory(path);
    if (!done) return done;
    std::erase_if(synced_names_, [&](const auto& name) { return name.second.parent_path() == path; });
    for (const auto& entry : std::filesystem::directory_iterator(path)) synced_names_[inode(entry)] = entry;
    if (fails()) return error();  // counts twice: what comes next may be a commit of the index, which is no call
    return done;
  }

 private:
  using Inode = ino_t;
  using NamesOf = std::map<Inode, std::filesystem::path>;  // a renamed file has one of its names, never both
  struct File {
    UniqueFd fd;  // keeps the inode's number from being given to another
    std::string synced;
  };

  static struct stat status(int fd) {
    struct stat info{};
    ::fstat(fd, &info);
    return info;
  }
  static Inode inode(const std::filesystem::path& path) {
    struct stat info{};
    ::lstat(path.c_str(), &info);
    return info.st_ino;
  }
  static std::string content(int fd) {
    std::string bytes(static_cast<std::size_t>(status(fd).st_size), '\0');
    ssize_t count = ::pread(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
  }

  void before_crash() override {
    NamesOf now;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) now[inode(entry)] = entry;
    const NamesOf& left = names_ == Names::Kept ? now : synced_names_;
    for (const auto& [number, path] : now)
      if (files_.contains(number)) std::filesystem::remove(path);
    for (auto& [number, file] : files_) {
      auto name = left.find(number);
      if (name == left.end()) continue;
      file.synced.resize(static_cast<std::size_t>(status(file.fd.get()).st_size));
      std::ofstream(name->second, std::ios::binary) << file.synced;
    }
    for (const auto& [number, path] : now)
      if (std::filesystem::is_directory(path) && !left.contains(number)) std::filesystem::remove_all(path);
  }

  const std::filesystem::path folder_;
  const Names names_;
  std::map<Inode, File> files_;
  NamesOf synced_names_;
};

}  // namespace entrepot::test
