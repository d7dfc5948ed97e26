#include "cache/download.hpp"

#include <gtest/gtest.h>

#include "cache/readers.hpp"
#include "scripted_upstream.hpp"
#include "support/run_coro.hpp"

namespace entrepot::cache {
namespace {

const io::Deadline kNoLimit = io::kNoDeadline;

std::string numbered_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 256);
  return bytes;
}

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() { upstream_.blob = numbered_bytes(10'000); }

  oci::Digest digest() const { return oci::Digest::of(HashAlgorithm::Sha256, upstream_.blob); }

  Download download(upstream::BlobRange range = {}, std::optional<std::uint64_t> size = std::nullopt) {
    return Download(upstream_, feeders_, digest(), range, size);
  }

  static io::Awaitable<Result<std::string>> read_all(Download& download) {
    std::string all;
    std::vector<std::byte> buffer(700);
    for (;;) {
      auto read = co_await download.read(buffer);
      if (!read) co_return read.error();
      if (*read == 0) co_return all;
      all.append(reinterpret_cast<const char*>(buffer.data()), *read);
    }
  }

  test::ScriptedUpstream upstream_;
  std::shared_ptr<Feeders> feeders_ = std::make_shared<Feeders>(upstream::View{"a"});
};

TEST_F(DownloadTest, BringsTheWhole) {
  Download whole = download();
  EXPECT_EQ(*test::run_coro(read_all(whole)), upstream_.blob);
  EXPECT_EQ(upstream_.asked.size(), 1u);
}

TEST_F(DownloadTest, AsksForTheRestAfterEachCutAndForNoByteTwice) {
  upstream_.cut_after = 3000;
  Download whole = download();
  EXPECT_EQ(*test::run_coro(read_all(whole)), upstream_.blob);
  ASSERT_EQ(upstream_.asked.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(upstream_.asked[i].first, i * 3000);
}

TEST_F(DownloadTest, SkipsWhatItHasWhereRangesAreIgnored) {
  upstream_.ignores_range = true;
  upstream_.cut_after = 6000;
  Download rest = download({4000, std::nullopt}, upstream_.blob.size());
  auto got = test::run_coro(read_all(rest));
  // Each answer begins at 0 and ends at 6000: nothing can come after that.
  EXPECT_FALSE(got);
  EXPECT_EQ(rest.position(), 6000u);
}

TEST_F(DownloadTest, BringsARangeAndNoMore) {
  Download range = download({100, 199}, upstream_.blob.size());
  EXPECT_EQ(*test::run_coro(read_all(range)), upstream_.blob.substr(100, 100));
  EXPECT_EQ(upstream_.asked[0].last, 199u);
}

TEST_F(DownloadTest, GivesUpAfterFiveRequestsWithoutProgress) {
  upstream_.cut_after = 0;
  Download whole = download();
  auto got = test::run_coro(read_all(whole));
  EXPECT_EQ(got.error().code, Errc::BadGateway);
  EXPECT_EQ(upstream_.asked.size(), static_cast<std::size_t>(Download::kAttempts));
}

TEST_F(DownloadTest, TheFirstRequestIsNotRetried) {
  upstream_.errors.push_back(Error{Errc::RateLimited, "slow down"});
  Download whole = download();
  auto opened = test::run_coro(whole.open(kNoLimit));
  EXPECT_EQ(opened.error().code, Errc::RateLimited);
  EXPECT_EQ(upstream_.asked.size(), 1u);
}

TEST_F(DownloadTest, ASizeThatDisagreesIsAnError) {
  upstream_.wrong_size = 9'999;
  Download whole = download({}, upstream_.blob.size());
  auto opened = test::run_coro(whole.open(kNoLimit));
  EXPECT_EQ(opened.error().code, Errc::BadGateway);
}

TEST_F(DownloadTest, GoesOnWithTheNextRepositoryWhenOneIsRefused) {
  feeders_->add({"b"});
  upstream_.cut_after = 5000;
  Download whole = download();
  ASSERT_TRUE(test::run_coro(whole.open(kNoLimit)));
  upstream_.denied = {"a"};
  EXPECT_EQ(*test::run_coro(read_all(whole)), upstream_.blob);
  EXPECT_EQ(upstream_.asked.back().view.repository, "b");
}

TEST_F(DownloadTest, EndsWhenTheLastRepositoryIsRefused) {
  upstream_.denied = {"a"};
  Download whole = download();
  auto got = test::run_coro(read_all(whole));
  EXPECT_EQ(got.error().code, Errc::Denied);
  EXPECT_EQ(upstream_.asked.size(), 1u);
}

// ---- StreamReader, which is made of a download

class StreamReaderTest : public DownloadTest {
 protected:
  // What a client would get, and whether it would know it to be complete.
  std::pair<std::string, bool> stream(Span span, bool verified = true) {
    std::optional<Hasher> hasher;
    if (verified) hasher.emplace(HashAlgorithm::Sha256);
    upstream::BlobRange range;
    if (!verified) range = {span.begin, *span.end - 1};
    auto source = std::make_unique<Download>(upstream_, feeders_, wanted_, range, upstream_.blob.size());
    StreamReader reader(std::move(source), wanted_, span, std::move(hasher));
    std::string got;
    bool complete = test::run_coro(collect(reader, got));
    return {got, complete};
  }

  static io::Awaitable<bool> collect(StreamReader& reader, std::string& got) {
    for (;;) {
      auto part = co_await reader.next();
      if (!part) co_return false;
      auto bytes = std::get_if<std::span<const std::byte>>(&*part);
      if (bytes == nullptr) co_return true;
      got.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }
  }

  oci::Digest wanted_ = digest();
};

TEST_F(StreamReaderTest, StreamsTheWhole) {
  auto [got, complete] = stream({0, 10'000, true});
  EXPECT_TRUE(complete);
  EXPECT_EQ(got, upstream_.blob);
}

TEST_F(StreamReaderTest, ReadsFromTheStartToVerifyARangeToTheEnd) {
  auto [got, complete] = stream({9'000, 10'000, true});
  EXPECT_TRUE(complete);
  EXPECT_EQ(got, upstream_.blob.substr(9'000));
  EXPECT_EQ(upstream_.asked[0].first, 0u);
}

TEST_F(StreamReaderTest, KeepsBackTheLastByteOfWrongBytes) {
  upstream_.blob[5] ^= 1;
  for (std::uint64_t begin : {0, 9'998, 9'999}) {
    auto [got, complete] = stream({begin, 10'000, true});
    EXPECT_FALSE(complete);
    EXPECT_EQ(got.size(), 10'000 - begin - 1);
  }
}

TEST_F(StreamReaderTest, ARangeWithAnEndOfItsOwnIsNotVerified) {
  upstream_.blob[5] ^= 1;
  auto [got, complete] = stream({100, 200, false}, false);
  EXPECT_TRUE(complete);
  EXPECT_EQ(got, upstream_.blob.substr(100, 100));
}

}  // namespace
}  // namespace entrepot::cache
