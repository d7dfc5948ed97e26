// What a start makes of what a crash has left, for each step of docs/store-format.md at which it can happen.

#include "store/boot.hpp"
#include "store/fill_state.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

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

}  // namespace

}  // namespace entrepot::store
