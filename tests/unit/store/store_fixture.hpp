// A store in a folder of its own, that a test can close and open again.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "entrepot/store/store.hpp"
#include "support/faulty_disk.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temp_dir.hpp"

namespace entrepot::store {

inline oci::Digest digest_of(const std::string& bytes) { return oci::Digest::of(HashAlgorithm::Sha256, bytes); }

class StoreTest : public ::testing::Test {
 protected:
  ~StoreTest() override {
    close();
    pool_.join();
  }

  Result<void> try_open() {
    Result<std::unique_ptr<Store>> opened = Store::open(options_, pool_, disk_, clock_);
    if (!opened) return opened.error();
    store_ = std::move(*opened);
    return ok();
  }
  void open() {
    Result<void> opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
  }
  void close() { store_.reset(); }
  void reopen() {
    close();
    open();
  }

  // ---- the store's coroutines, awaited

  template <class T>
  T run(io::Awaitable<T> coroutine) {
    return test::run_coro(context_, std::move(coroutine));
  }
  void run(io::Awaitable<> coroutine) { test::run_coro(context_, std::move(coroutine)); }

  Result<void> put(const std::string& bytes) {
    return run(store_->put("docker.io", digest_of(bytes), std::make_shared<const std::string>(bytes)));
  }
  Result<std::string> read(const oci::Digest& digest) { return run(store_->read_all(digest)); }
  Result<std::unique_ptr<FillFile>> fill(const std::string& bytes, std::optional<std::uint64_t> size) {
    return run(store_->open_fill("docker.io", digest_of(bytes), size));
  }
  std::unique_ptr<FillFile> begin_fill(const std::string& bytes) {
    Result<std::unique_ptr<FillFile>> file = fill(bytes, bytes.size());
    if (!file) throw std::runtime_error(file.error().message);
    return std::move(*file);
  }
  static Result<void> write(FillFile& file, const std::string& bytes, std::uint64_t begin, std::uint64_t end) {
    return file.write(begin, std::as_bytes(std::span(bytes)).subspan(begin, end - begin));
  }
  static Result<void> write(FillFile& file, const std::string& bytes) { return write(file, bytes, 0, bytes.size()); }
  // Files are closed, and their room is free then, behind the call that lets go of them. False: not in time.
  bool uses_at_most(std::uint64_t bytes) const {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (store_->used_bytes() > bytes && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return store_->used_bytes() <= bytes;
  }
  void flush() { ASSERT_TRUE(run(store_->flush())); }

  // ---- what is on disk

  std::filesystem::path path(const std::string& name) const { return options_.path / name; }
  std::filesystem::path blob_path(const oci::Digest& digest) const {
    return path("blobs/sha256") / digest.hex().substr(0, 2) / digest.hex();
  }
  static std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void set_content(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }
  std::size_t files_in(const std::string& name) const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path(name)), std::filesystem::directory_iterator()));
  }
  std::filesystem::path only_fill(const std::string& extension) const {
    for (const auto& entry : std::filesystem::directory_iterator(path("fills"))) {
      if (entry.path().extension() == extension) return entry.path();
    }
    return {};
  }

  test::TempDir folder_;
  Options options_{folder_.path() / "store", 0, 0, true};
  test::ManualClock clock_;
  test::FaultyDisk disk_;
  io::net::io_context context_{1};
  io::Pool pool_{2};
  std::unique_ptr<Store> store_;
};

}  // namespace entrepot::store
