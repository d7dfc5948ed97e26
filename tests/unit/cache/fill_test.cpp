#include "cache/fill.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "cache/readers.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/store/store.hpp"
#include "scripted_upstream.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temp_dir.hpp"

namespace entrepot::cache {
namespace {

std::string random_bytes(std::size_t size) {
  std::mt19937 generator(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

std::span<const std::byte> part(const std::string& bytes, std::size_t begin, std::size_t end) {
  return std::as_bytes(std::span(bytes)).subspan(begin, end - begin);
}

class FillTest : public testing::Test {
 protected:
  void SetUp() override {
    store::Options options{.path = dir_.path() / "store"};
    auto opened = store::Store::open(options, pool_, store::real_disk(), clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  std::shared_ptr<Fill> fill_for(oci::Digest digest, std::optional<std::uint64_t> size) {
    auto file = test::run_coro(context_, store_->open_fill("up", digest, size));
    EXPECT_TRUE(file);
    return std::make_shared<Fill>(std::move(*file), pool_);
  }

  void write(Fill& fill, const std::string& bytes, std::size_t begin, std::size_t end) {
    EXPECT_TRUE(test::run_coro(context_, fill.write(begin, part(bytes, begin, end))));
  }

  test::TempDir dir_;
  test::ManualClock clock_;
  io::net::io_context context_{1};
  io::Pool pool_{3};
  std::unique_ptr<store::Store> store_;
};

// A scripted fetcher: brings the parts of `bytes` in the given order, step by step, giving way after each.
io::Awaitable<> bring(std::shared_ptr<Fill> fill, const std::string& bytes,
                      std::vector<std::pair<std::size_t, std::size_t>> parts) {
  for (auto [begin, end] : parts) {
    auto written = co_await fill->write(begin, part(bytes, begin, end));
    EXPECT_TRUE(written);
    co_await io::sleep_for(std::chrono::milliseconds(1));
  }
}

// A reader: what it gets, in the end, of the span that it asked for.
io::Awaitable<> collect(std::shared_ptr<Fill> fill, Span span, std::string& got, bool& complete) {
  test::ScriptedUpstream unused;
  FillReader reader(fill, unused, nullptr, span);
  for (;;) {
    auto next = co_await reader.next();
    if (!next) co_return;
    auto slice = std::get_if<http::FileSlice>(&*next);
    if (slice == nullptr) break;
    std::string bytes(slice->length, '\0');
    ssize_t read = ::pread(slice->fd, bytes.data(), bytes.size(), static_cast<off_t>(slice->offset));
    EXPECT_EQ(static_cast<std::size_t>(read), bytes.size());
    got += bytes;
  }
  complete = true;
}

TEST_F(FillTest, TwoFetchersOutOfOrderServeReadersInBoth) {
  const std::size_t size = 3'000'000;
  const std::string bytes = random_bytes(size);
  auto fill = fill_for(oci::Digest::of(HashAlgorithm::Sha256, bytes), size);
  io::Tasks tasks;

  std::string whole, early, late, suffix;
  bool whole_done = false, early_done = false, late_done = false, suffix_done = false;
  io::Executor executor = context_.get_executor();
  tasks.spawn(executor, "whole", collect(fill, {0, size, true}, whole, whole_done));
  tasks.spawn(executor, "early", collect(fill, {10, 600'000, false}, early, early_done));
  tasks.spawn(executor, "late", collect(fill, {2'000'000, 2'900'000, false}, late, late_done));
  tasks.spawn(executor, "suffix", collect(fill, {2'500'000, size, true}, suffix, suffix_done));

  std::vector<std::pair<std::size_t, std::size_t>> behind{
      {2'200'000, 2'600'000}, {1'500'000, 2'200'000}, {2'600'000, 3'000'000}};
  std::vector<std::pair<std::size_t, std::size_t>> front{{500'000, 1'500'000}, {0, 1}, {1, 500'000}};
  tasks.spawn(executor, "behind", bring(fill, bytes, behind));
  tasks.spawn(executor, "front", bring(fill, bytes, front));
  context_.restart();
  context_.run_for(std::chrono::seconds(20));

  EXPECT_EQ(fill->progress().state(), Progress::State::Verified);
  EXPECT_TRUE(whole_done && early_done && late_done && suffix_done);
  EXPECT_EQ(whole, bytes);
  EXPECT_EQ(early, bytes.substr(10, 599'990));
  EXPECT_EQ(late, bytes.substr(2'000'000, 900'000));
  EXPECT_EQ(suffix, bytes.substr(2'500'000));
}

TEST_F(FillTest, ReadersOfTheWholeNeverGetTheLastByteOfWrongBytes) {
  std::string bytes = random_bytes(200'000);
  auto fill = fill_for(oci::Digest::of(HashAlgorithm::Sha256, bytes), bytes.size());
  bytes[100'000] ^= 1;
  io::Tasks tasks;
  std::string got;
  bool complete = false;
  tasks.spawn(context_.get_executor(), "whole", collect(fill, {0, bytes.size(), true}, got, complete));
  tasks.spawn(context_.get_executor(), "fetcher", bring(fill, bytes, {{0, 100'000}, {100'000, 200'000}}));
  context_.restart();
  context_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(fill->progress().state(), Progress::State::Failed);
  EXPECT_FALSE(complete);
  EXPECT_LT(got.size(), bytes.size());
}

TEST_F(FillTest, OfUnknownSizeItEndsWhenItsFetcherSaysSo) {
  const std::string bytes = random_bytes(100'000);
  auto fill = fill_for(oci::Digest::of(HashAlgorithm::Sha256, bytes), std::nullopt);
  write(*fill, bytes, 0, bytes.size());
  EXPECT_EQ(fill->progress().state(), Progress::State::Running);
  test::run_coro(context_, fill->finish(bytes.size()));
  EXPECT_EQ(fill->progress().state(), Progress::State::Verified);
}

TEST_F(FillTest, AnEmptyBlobIsVerifiedWithoutAByte) {
  auto fill = fill_for(oci::Digest::of(HashAlgorithm::Sha256, ""), 0);
  test::run_coro(context_, fill->hash_present());
  EXPECT_EQ(fill->progress().state(), Progress::State::Verified);
}

TEST_F(FillTest, ThePrefixCarriesTheDigestOfWhatIsContiguous) {
  const std::string bytes = random_bytes(100'000);
  auto fill = fill_for(oci::Digest::of(HashAlgorithm::Sha256, bytes), bytes.size());
  write(*fill, bytes, 0, 40'000);
  write(*fill, bytes, 60'000, 70'000);
  Fill::Prefix prefix = test::run_coro(context_, fill->prefix());
  EXPECT_EQ(prefix.position, 40'000u);
  prefix.hasher.update(std::string_view(bytes).substr(40'000));
  EXPECT_EQ(prefix.hasher.digest(), fill->digest().raw());
}

TEST_F(FillTest, AParkedFileGoesOnWhereItStood) {
  const std::string bytes = random_bytes(100'000);
  oci::Digest digest = oci::Digest::of(HashAlgorithm::Sha256, bytes);
  auto fill = fill_for(digest, bytes.size());
  write(*fill, bytes, 0, 30'000);
  test::run_coro(context_, store_->park_fill(fill->file()));
  fill.reset();

  fill = fill_for(digest, bytes.size());
  EXPECT_EQ(fill->progress().present_from(0), 30'000u);
  write(*fill, bytes, 30'000, bytes.size());
  test::run_coro(context_, fill->hash_present());
  EXPECT_EQ(fill->progress().state(), Progress::State::Verified);
}

}  // namespace
}  // namespace entrepot::cache
