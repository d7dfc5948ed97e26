// Downloads in progress, through the Store.

#include <fcntl.h>

#include "store/fill_state.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

class Fills : public StoreTest {
 protected:
  const std::string bytes_ = [] {
    std::string text(3 * kMiB + 17, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3);
    return text;
  }();
  const oci::Digest digest_ = digest_of(bytes_);
};

TEST_F(Fills, CommittedFillsAreStoredAndStayReadable) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  EXPECT_EQ(file->size(), bytes_.size());
  EXPECT_TRUE(file->initial().empty());
  ASSERT_TRUE(write(*file, bytes_, kMiB, bytes_.size()));
  ASSERT_TRUE(write(*file, bytes_, 0, kMiB));
  ASSERT_TRUE(run(store_->commit_fill(*file, bytes_.size())));
  EXPECT_EQ(store_->stored_size(digest_), bytes_.size());
  EXPECT_EQ(files_in("fills"), 0u);
  std::string buffer(10, '\0');
  ASSERT_TRUE(file->read(kMiB - 5, std::as_writable_bytes(std::span(buffer))));
  EXPECT_EQ(buffer, bytes_.substr(kMiB - 5, 10));
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Fills, AFillWithAGapIsNotCommitted) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 1, bytes_.size()));
  EXPECT_FALSE(run(store_->commit_fill(*file, bytes_.size())));
  EXPECT_FALSE(store_->stored_size(digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Fills, AFillOfUnknownSizeLearnsItAtTheEnd) {
  open();
  auto file = fill(bytes_, std::nullopt);
  ASSERT_TRUE(file);
  EXPECT_FALSE((*file)->size());
  ASSERT_TRUE(write(**file, bytes_));
  std::uint64_t used = store_->used_bytes();
  EXPECT_GE(used, bytes_.size());
  ASSERT_TRUE(run(store_->commit_fill(**file, bytes_.size())));
  file->reset();
  reopen();
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Fills, OfTwoForOneBlobTheFirstToEndIsKept) {
  open();
  std::unique_ptr<FillFile> fast = begin_fill(bytes_);
  auto slow = run(store_->open_fill("ghcr.io", digest_, bytes_.size()));
  ASSERT_TRUE(slow);
  ASSERT_TRUE(write(*fast, bytes_));
  ASSERT_TRUE(write(**slow, bytes_));
  ASSERT_TRUE(run(store_->commit_fill(*fast, bytes_.size())));
  std::uint64_t used = store_->used_bytes();
  ASSERT_TRUE(run(store_->commit_fill(**slow, bytes_.size())));
  slow->reset();
  EXPECT_TRUE(uses_at_most(used - bytes_.size()));
  EXPECT_EQ(files_in("fills"), 0u);
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Fills, AParkedFillIsContinuedWithWhatItHas) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 0, 1000));
  ASSERT_TRUE(write(*file, bytes_, 2 * kMiB, 2 * kMiB + 5));
  run(store_->park_fill(*file));
  file.reset();
  auto parked = store_->parked("docker.io", digest_);
  ASSERT_TRUE(parked);
  EXPECT_EQ(parked->size, bytes_.size());
  EXPECT_EQ(parked->present.total(), 1005u);
  EXPECT_FALSE(store_->parked("ghcr.io", digest_));

  auto again = fill(bytes_, std::nullopt);
  ASSERT_TRUE(again);
  EXPECT_FALSE(store_->parked("docker.io", digest_));
  EXPECT_EQ((*again)->size(), bytes_.size());
  EXPECT_EQ((*again)->initial(), parked->present);
  ASSERT_TRUE(write(**again, bytes_, 1000, 2 * kMiB));
  ASSERT_TRUE(write(**again, bytes_, 2 * kMiB + 5, bytes_.size()));
  ASSERT_TRUE(run(store_->commit_fill(**again, bytes_.size())));
  EXPECT_EQ(*read(digest_), bytes_);
}

TEST_F(Fills, AParkedFillOfAnotherSizeIsDropped) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 0, 1000));
  run(store_->park_fill(*file));
  file.reset();
  auto other = fill(bytes_, bytes_.size() + 1);
  ASSERT_TRUE(other);
  EXPECT_TRUE((*other)->initial().empty());
  EXPECT_EQ(files_in("fills"), 2u);
}

TEST_F(Fills, ADroppedFillLeavesNothing) {
  open();
  std::uint64_t before = store_->used_bytes();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  EXPECT_GE(store_->used_bytes(), before + bytes_.size());
  ASSERT_TRUE(write(*file, bytes_, 0, 1000));
  run(store_->drop_fill(*file));
  EXPECT_EQ(files_in("fills"), 0u);
  EXPECT_GE(store_->used_bytes(), before + bytes_.size());  // somebody may still read it
  file.reset();
  EXPECT_TRUE(uses_at_most(before));
}

TEST_F(Fills, FillsThatCannotBeContinuedAreNotParked) {
  open();
  std::unique_ptr<FillFile> empty = begin_fill(bytes_);
  run(store_->park_fill(*empty));
  auto unknown = fill(bytes_, std::nullopt);
  ASSERT_TRUE(write(**unknown, bytes_, 0, 1000));
  run(store_->park_fill(**unknown));
  std::unique_ptr<FillFile> broken = begin_fill(bytes_);
  ASSERT_TRUE(write(*broken, bytes_, 0, 1000));
  disk_.fail(1, Errc::NoRoom);
  Result<void> written = write(*broken, bytes_, 1000, 2000);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::NoRoom);
  run(store_->park_fill(*broken));
  EXPECT_FALSE(store_->parked("docker.io", digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Fills, AFileWhoseSyncFailedIsNeverSyncedAgain) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_));
  disk_.fail(1);
  ASSERT_FALSE(file->sync());
  ASSERT_FALSE(file->sync());
  EXPECT_FALSE(run(store_->commit_fill(*file, bytes_.size())));
  EXPECT_FALSE(store_->stored_size(digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(Fills, RecordsEveryMiBWithoutBeingAsked) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  for (std::uint64_t at = 0; at < 2 * kMiB + 4096; at += 4096) ASSERT_TRUE(write(*file, bytes_, at, at + 4096));
  std::optional<FillState> state = parse_fill_state(content(only_fill(".state")));
  ASSERT_TRUE(state);
  EXPECT_GE(state->written.total(), 2 * kMiB);
  EXPECT_TRUE(state->synced.empty());
  ASSERT_TRUE(file->sync());
  state = parse_fill_state(content(only_fill(".state")));
  EXPECT_EQ(state->synced.total(), 2 * kMiB + 4096);
}

TEST_F(Fills, ASyncIsDueAfter64MiB) {
  open();
  std::string large(65 * kMiB, 'x');
  std::unique_ptr<FillFile> file = begin_fill(large);
  EXPECT_FALSE(file->sync_due());
  ASSERT_TRUE(write(*file, large, 0, 64 * kMiB));
  EXPECT_TRUE(file->sync_due());
  ASSERT_TRUE(file->sync());
  EXPECT_FALSE(file->sync_due());
}

TEST_F(Fills, WritersAndSyncsMayRunAtOnce) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (std::uint64_t part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] {
      for (std::uint64_t at = part * 10'000; at < bytes_.size(); at += 40'000) {
        if (!write(*file, bytes_, at, std::min(at + 10'000, bytes_.size()))) ++failures;
        if (file->sync_due() || at % 1'200'000 == 0) failures += file->sync() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  ASSERT_TRUE(run(store_->commit_fill(*file, bytes_.size())));
  EXPECT_EQ(*read(digest_), bytes_);
}

// ---- room

TEST_F(Fills, WithoutRoomUnderTheCapThereIsNoFill) {
  options_.max_size = 8 * kMiB;
  open();
  auto large = fill(bytes_, 9 * kMiB);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::NoRoom);
  std::unique_ptr<FillFile> first = begin_fill(bytes_);
  auto second = fill("second", 5 * kMiB);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::NoRoom);
  EXPECT_LE(store_->used_bytes(), options_.max_size);
  run(store_->drop_fill(*first));
  first.reset();
  EXPECT_TRUE(uses_at_most(kMiB));
  EXPECT_TRUE(fill("second", 5 * kMiB));
}

TEST_F(Fills, FreeBytesOfTheFileSystemAreLeft) {
  options_.min_free = 100 * kMiB;
  open();
  disk_.set_free_bytes(102 * kMiB);
  EXPECT_TRUE(fill("small", kMiB));
  auto large = fill("large", 4 * kMiB);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::NoRoom);
}

TEST_F(Fills, ParkedFillsMakeRoomTheOldestFirst) {
  options_.max_size = 8 * kMiB;
  open();
  for (const char* name : {"oldest", "newer"}) {
    auto file = fill(name, 3 * kMiB);
    ASSERT_TRUE(file);
    ASSERT_TRUE(write(**file, bytes_, 0, 1000));
    run(store_->park_fill(**file));
    clock_.advance(std::chrono::minutes(1));
  }
  EXPECT_TRUE(fill("wanted", 3 * kMiB));
  EXPECT_FALSE(store_->parked("docker.io", digest_of("oldest")));
  EXPECT_TRUE(store_->parked("docker.io", digest_of("newer")));
}

TEST_F(Fills, AFillOfUnknownSizeStopsAtTheCap) {
  options_.max_size = 2 * kMiB;
  open();
  auto file = fill(bytes_, std::nullopt);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write(**file, bytes_, 0, 1000));
  Result<void> beyond = write(**file, bytes_, 1000, bytes_.size());
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, Errc::NoRoom);
  EXPECT_LE(store_->used_bytes(), options_.max_size);
}

TEST_F(Fills, ParkedFillsGoAfterADay) {
  open();
  std::unique_ptr<FillFile> file = begin_fill(bytes_);
  ASSERT_TRUE(write(*file, bytes_, 0, 1000));
  run(store_->park_fill(*file));
  file.reset();
  clock_.advance(std::chrono::hours(23));
  run(store_->expire());
  reopen();
  EXPECT_TRUE(store_->parked("docker.io", digest_));
  clock_.advance(std::chrono::hours(2));
  reopen();
  EXPECT_FALSE(store_->parked("docker.io", digest_));
  EXPECT_EQ(files_in("fills"), 0u);
}

}  // namespace

}  // namespace entrepot::store
