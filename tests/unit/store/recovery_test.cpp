// What a start makes of what a crash has left, for each step of docs/store-format.md at which it can happen.

#include <sys/wait.h>

#include "store/boot.hpp"
#include "store/fill_state.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

Extents one(std::uint64_t begin, std::uint64_t end) {
  Extents extents;
  extents.add(begin, end);
  return extents;
}

class Recovery : public StoreTest {
 protected:
  // Leaves the files of a fill as a crash would have: with no store open.
  void leave_fill(const std::string& name, const std::optional<std::string>& data,
                  const std::optional<std::string>& state) {
    if (data) set_content(path("fills") / (name + ".data"), *data);
    if (state) set_content(path("fills") / (name + ".state"), *state);
  }
  void leave_blob(const std::string& bytes, const oci::Digest& digest) {
    std::filesystem::create_directories(blob_path(digest).parent_path());
    set_content(blob_path(digest), bytes);
  }
  std::string header(std::optional<std::uint64_t> size, const std::string& boot = boot_id()) const {
    return header_line({"docker.io", digest_, size}, boot);
  }
  std::optional<Extents> parked() const {
    auto fill = store_->parked("docker.io", digest_);
    if (!fill) return std::nullopt;
    return fill->present;
  }

  const std::string bytes_ = "0123456789";
  const oci::Digest digest_ = digest_of(bytes_);
};

TEST_F(Recovery, ARenamedFillIsTakenIn) {
  open();
  close();
  leave_blob(bytes_, digest_);
  leave_fill("a", {}, header(10) + written_lines(one(0, 10)) + synced_lines(one(0, 10)));
  open();
  EXPECT_EQ(files_in("fills"), 0u);
  EXPECT_EQ(*read(digest_), bytes_);
  reopen();
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Recovery, ARenamedFillOfALostBootIsHashedBeforeItIsServed) {
  open();
  close();
  leave_blob("0123456780", digest_);
  leave_fill("a", {}, header(10, "an-earlier-boot") + written_lines(one(0, 10)));
  open();
  EXPECT_EQ(store_->stored_size(digest_), 10u);
  EXPECT_FALSE(read(digest_));
  EXPECT_FALSE(store_->stored_size(digest_));
}

TEST_F(Recovery, AFillWhoseSizeWasLearntAtTheEndIsTakenIn) {
  open();
  close();
  leave_blob(bytes_, digest_);
  leave_fill("a", {}, header({}) + size_line(10) + written_lines(one(0, 10)));
  open();
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Recovery, ABlobOfAnotherSizeIsNotTakenIn) {
  open();
  close();
  leave_blob("012345678", digest_);
  leave_fill("a", {}, header(10) + written_lines(one(0, 10)));
  open();
  EXPECT_FALSE(store_->stored_size(digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Recovery, ContinuesWithWhatWasWrittenInThisBoot) {
  open();
  close();
  leave_fill("a", std::string("0123\0\0\0\0\0\0", 10), header(10) + synced_lines(one(0, 2)) + written_lines(one(0, 4)));
  open();
  EXPECT_EQ(parked(), one(0, 4));
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  EXPECT_EQ(file->initial(), one(0, 4));
  ASSERT_TRUE(write(*file, bytes_, 4, 10));
  ASSERT_TRUE(run(store_->commit_fill(*file, 10)));
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Recovery, ContinuesWithWhatWasSyncedInAnEarlierBoot) {
  open();
  close();
  std::string state = header(10, "an-earlier-boot") + synced_lines(one(0, 2)) + written_lines(one(0, 4));
  leave_fill("a", std::string(10, '\0'), state);
  open();
  EXPECT_EQ(parked(), one(0, 2));
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 2, 3));
  run(store_->park_fill(*file));
  file.reset();
  reopen();
  EXPECT_EQ(parked(), one(0, 3));
}

TEST_F(Recovery, WithoutFsyncAnEarlierBootsFillsAreDropped) {
  options_.fsync = false;
  open();
  close();
  leave_fill("a", std::string(10, '\0'), header(10, "an-earlier-boot") + synced_lines(one(0, 2)));
  open();
  EXPECT_FALSE(parked());
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Recovery, WhatSaysNothingIsRemoved) {
  open();
  close();
  leave_fill("data-only", "0123456789", {});
  leave_fill("state-only", {}, header(10) + written_lines(one(0, 4)));
  leave_fill("unreadable", "0123456789", "garbage");
  leave_fill("unknown-size", "0123", header({}) + written_lines(one(0, 4)));
  leave_fill("wrong-size", "0123", header(10) + written_lines(one(0, 4)));
  leave_fill("nothing-yet", "0123456789", header(10));
  open();
  EXPECT_FALSE(parked());
  EXPECT_FALSE(store_->stored_size(digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Recovery, OfTwoFillsOfOneBlobOneIsKept) {
  open();
  close();
  for (const char* name : {"a", "b"}) leave_fill(name, bytes_, header(10) + written_lines(one(0, 4)));
  open();
  EXPECT_EQ(parked(), one(0, 4));
  EXPECT_EQ(files_in("fills"), 2u);
}

TEST_F(Recovery, ATornLineDoesNotSpoilTheLinesThatFollowIt) {
  open();
  close();
  leave_fill("a", bytes_, header(10) + written_lines(one(0, 4)) + "written 4 1");
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 4, 6));
  run(store_->park_fill(*file));
  file.reset();
  reopen();
  EXPECT_EQ(parked(), one(0, 6));
}

// Every call of the write path fails once; the store goes on, and so does one that is opened on what is left.
TEST_F(Recovery, NothingIsBrokenWhicheverCallFails) {
  for (int call = 1;; ++call) {
    options_.path = folder_.path() / std::to_string(call);
    open();
    disk_.fail(call);
    bool stored = put("small").has_value();
    Result<std::unique_ptr<FillFile>> file = fill(bytes_, 10);
    bool filled = false;
    if (file) {
      filled = write(**file, bytes_, 0, 6) && (*file)->sync() && write(**file, bytes_, 6, 10);
      if (filled) filled = run(store_->commit_fill(**file, 10)).has_value();
      if (!filled) run(store_->drop_fill(**file));
      file->reset();
    }
    bool failed = disk_.failed();
    disk_.fail(0);
    EXPECT_EQ(store_->stored_size(digest_of("small")).has_value(), stored) << call;
    EXPECT_EQ(store_->stored_size(digest_).has_value(), filled) << call;
    reopen();
    EXPECT_EQ(files_in("fills"), 0u) << call;
    EXPECT_EQ(read(digest_of("small")).has_value(), stored) << call;
    EXPECT_EQ(read(digest_).has_value(), filled) << call;
    EXPECT_TRUE(put("small")) << call;
    EXPECT_TRUE(put(bytes_)) << call;
    close();
    if (!failed) break;
  }
}

// ---- killed at every call of the write path

struct Life {
  std::string folder;
  int crash_at;
  int report;  // 's' once the small object is stored, 'f' once the fill is
};

const std::string kSmall = "small";
const std::string kLarge(2 * kMiB + 100, 'x');

// Runs in a process of its own, which ends here in any case.
[[noreturn]] void live(const Life& life) {
  io::net::io_context context(1);  // outlives the pool, whose threads still hold work on it for a moment
  io::Pool pool(1);
  test::FaultyDisk disk;
  test::ManualClock clock;
  auto opened = Store::open({life.folder, 0, 0, true}, pool, disk, clock);
  if (!opened) ::_exit(1);
  Store& store = **opened;
  disk.crash(life.crash_at);
  auto report = [&](char what) {
    if (::write(life.report, &what, 1) != 1) ::_exit(1);
  };
  auto small = std::make_shared<const std::string>(kSmall);
  if (!test::run_coro(context, store.put("docker.io", digest_of(kSmall), small))) ::_exit(1);
  report('s');
  auto file = test::run_coro(context, store.open_fill("docker.io", digest_of(kLarge), kLarge.size()));
  if (!file) ::_exit(1);
  auto bytes = std::as_bytes(std::span(kLarge));
  if (!(*file)->write(0, bytes.first(kMiB + 50))) ::_exit(1);
  if (!(*file)->sync()) ::_exit(1);
  if (!(*file)->write(kMiB + 50, bytes.subspan(kMiB + 50))) ::_exit(1);
  if (!test::run_coro(context, store.commit_fill(**file, kLarge.size()))) ::_exit(1);
  report('f');
  ::_exit(0);
}

// The reports of a life that ends at `crash_at`, and whether it got to its end.
std::pair<std::string, bool> live_until(const std::string& folder, int crash_at) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  pid_t child = ::fork();
  if (child == 0) live({folder, crash_at, ends[1]});
  ::close(ends[1]);
  std::string reports;
  char buffer[8];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    reports.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == test::FaultyDisk::kCrashed) << WEXITSTATUS(status);
  return {reports, WEXITSTATUS(status) == 0};
}

TEST(Crash, KilledAtAnyCallItLosesNothingAndServesNothingBroken) {
  test::TempDir folder;
  for (int call = 1;; ++call) {
    std::string path = (folder.path() / std::to_string(call)).string();
    auto [reports, ended] = live_until(path, call);

    io::net::io_context context(1);
    io::Pool pool(1);
    test::ManualClock clock;
    auto opened = Store::open({path, 0, 0, true}, pool, real_disk(), clock);
    ASSERT_TRUE(opened) << call << ": " << opened.error().message;
    Store& store = **opened;
    auto check = [&](const std::string& bytes, bool complete) {
      Result<std::string> read = test::run_coro(context, store.read_all(digest_of(bytes)));
      EXPECT_TRUE(read || !complete) << call;
      EXPECT_TRUE(!read || *read == bytes) << call;
    };
    check(kSmall, reports.find('s') != std::string::npos);
    check(kLarge, reports.find('f') != std::string::npos);
    {
      auto file = test::run_coro(context, store.open_fill("docker.io", digest_of(kLarge), kLarge.size()));
      ASSERT_TRUE(file) << call;
      Extents present = (*file)->initial();
      while (std::optional<Extent> missing = present.first_missing(kLarge.size())) {
        ASSERT_TRUE((*file)->write(missing->begin,
                                   std::as_bytes(std::span(kLarge)).subspan(missing->begin, missing->length())));
        present.add(missing->begin, missing->end);
      }
      std::string whole(kLarge.size(), '\0');
      ASSERT_TRUE((*file)->read(0, std::as_writable_bytes(std::span(whole))));
      EXPECT_TRUE(whole == kLarge) << call;
      ASSERT_TRUE(test::run_coro(context, store.commit_fill(**file, kLarge.size()))) << call;
    }
    check(kLarge, true);
    // A small object that never came to be may be left, to be continued; nothing else.
    EXPECT_LE(std::distance(std::filesystem::directory_iterator(path + "/fills"), {}), reports.empty() ? 2 : 0) << call;
    opened->reset();
    pool.join();
    if (ended) break;
  }
}

}  // namespace

}  // namespace entrepot::store
