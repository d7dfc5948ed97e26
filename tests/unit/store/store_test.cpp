#include "entrepot/store/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

TEST_F(StoreTest, WhatWasPutIsReadAgainAlsoAfterARestart) {
  open();
  ASSERT_TRUE(put("hello"));
  ASSERT_TRUE(put("hello"));
  EXPECT_EQ(store_->stored_size(digest_of("hello")), 5u);
  EXPECT_EQ(*read(digest_of("hello")), "hello");
  EXPECT_EQ(content(blob_path(digest_of("hello"))), "hello");
  EXPECT_EQ(files_in("fills"), 0u);
  reopen();
  EXPECT_EQ(store_->stored_size(digest_of("hello")), 5u);
  EXPECT_EQ(*read(digest_of("hello")), "hello");
}

TEST_F(StoreTest, AnEmptyObjectIsAnObject) {
  open();
  ASSERT_TRUE(put(""));
  EXPECT_EQ(store_->stored_size(digest_of("")), 0u);
  EXPECT_EQ(*read(digest_of("")), "");
}

TEST_F(StoreTest, Sha512ObjectsAreKeptApart) {
  open();
  std::string bytes = "sixty-four bytes of digest";
  oci::Digest digest = oci::Digest::of(HashAlgorithm::Sha512, bytes);
  ASSERT_TRUE(run(store_->put("docker.io", digest, std::make_shared<const std::string>(bytes))));
  reopen();
  EXPECT_EQ(*read(digest), bytes);
  EXPECT_FALSE(store_->stored_size(digest_of(bytes)));
  EXPECT_TRUE(std::filesystem::exists(path("blobs/sha512") / digest.hex().substr(0, 2) / digest.hex()));
}

TEST_F(StoreTest, WhatIsNotStoredIsNotFound) {
  open();
  Result<std::string> bytes = read(digest_of("nothing"));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Errc::NotFound);
}

TEST_F(StoreTest, AFileThatIsMissingOrShortIsForgotten) {
  open();
  ASSERT_TRUE(put("lost"));
  ASSERT_TRUE(put("short"));
  std::filesystem::remove(blob_path(digest_of("lost")));
  std::filesystem::resize_file(blob_path(digest_of("short")), 3);
  std::uint64_t before = store_->used_bytes();
  for (const char* bytes : {"lost", "short"}) {
    Result<std::string> result = read(digest_of(bytes));
    ASSERT_FALSE(result) << bytes;
    EXPECT_EQ(result.error().code, Errc::NotFound);
    EXPECT_FALSE(store_->stored_size(digest_of(bytes)));
    EXPECT_FALSE(std::filesystem::exists(blob_path(digest_of(bytes))));
    ASSERT_TRUE(put(bytes));
    EXPECT_EQ(*read(digest_of(bytes)), bytes);
  }
  flush();
  EXPECT_LE(store_->used_bytes(), before + 64 * 1024);  // the index's log has grown
}

TEST_F(StoreTest, AFileThatIsOpenIsOpenedOnce) {
  open();
  ASSERT_TRUE(put("hello"));
  auto first = run(store_->open_blob(digest_of("hello")));
  auto second = run(store_->open_blob(digest_of("hello")));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ((*first)->size(), 5u);
}

TEST_F(StoreTest, AnOpenFileStaysReadableWhenManyOthersAreOpened) {
  open();
  ASSERT_TRUE(put("kept"));
  auto kept = run(store_->open_blob(digest_of("kept")));
  ASSERT_TRUE(kept);
  options_.fsync = false;
  reopen();
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(put(std::to_string(i)));
    ASSERT_TRUE(run(store_->open_blob(digest_of(std::to_string(i)))));
  }
  auto open_files = [this] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with(path("blobs").string())) ++count;
    }
    return count;
  };
  pool_.join();  // none of its threads holds one for a moment longer
  EXPECT_LE(open_files(), 513u);
  char bytes[4];
  EXPECT_EQ(::pread((*kept)->fd(), bytes, 4, 0), 4);
}

TEST_F(StoreTest, ASecondDaemonIsToldWhoHoldsTheLock) {
  open();
  Result<std::unique_ptr<Store>> second = Store::open(options_, pool_, disk_, clock_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(options_.path.string()), std::string::npos);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos);
  close();
  open();
}

TEST_F(StoreTest, ItsFormatIsWrittenOnceAndChecked) {
  open();
  EXPECT_EQ(content(path("FORMAT")), "entrepot-store 1\n");
  ASSERT_TRUE(put("hello"));
  close();
  for (const char* format : {"entrepot-store 2\n", "something else\n", ""}) {
    set_content(path("FORMAT"), format);
    Result<void> opened = try_open();
    ASSERT_FALSE(opened) << format;
    EXPECT_NE(opened.error().message.find(options_.path.string()), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::exists(blob_path(digest_of("hello"))));
  set_content(path("FORMAT"), "entrepot-store 1\n");
  open();
  EXPECT_EQ(*read(digest_of("hello")), "hello");
}

TEST_F(StoreTest, AForeignFolderIsLeftAlone) {
  std::filesystem::create_directories(options_.path);
  set_content(path("thesis.txt"), "years of work");
  ASSERT_FALSE(try_open());
  EXPECT_EQ(files_in("."), 1u);
}

TEST_F(StoreTest, AVolumeAndAnInterruptedFirstStartAreNew) {
  std::filesystem::create_directories(path("lost+found"));
  set_content(path("LOCK"), "");
  set_content(path("FORMAT.new"), "entr");
  open();
  EXPECT_TRUE(put("hello"));
}

TEST_F(StoreTest, AFolderThatCannotBeMadeIsAnErrorThatNamesIt) {
  set_content(folder_.path() / "file", "");
  options_.path = folder_.path() / "file" / "store";
  Result<void> opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(options_.path.string()), std::string::npos);
}

TEST_F(StoreTest, UsedBytesFollowWhatIsThere) {
  open();
  std::uint64_t empty = store_->used_bytes();
  ASSERT_TRUE(put(std::string(100'000, 'x')));
  std::uint64_t used = store_->used_bytes();
  EXPECT_GE(used, empty + 100'000);
  close();
  open();
  std::uint64_t disk = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.path)) {
    struct stat info{};
    if (::lstat(entry.path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      disk += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  EXPECT_GE(store_->used_bytes() + 16 * 1024, disk);
  EXPECT_LE(store_->used_bytes(), used + 1024 * 1024);
}

}  // namespace

}  // namespace entrepot::store
