#include "registry/blob_parts.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/run_coro.hpp"

namespace entrepot::registry {
namespace {

// What a body gives, part by part; then its end, or an error.
struct Scripted {
  std::deque<std::string> texts;
  bool fails = false;
};

class ScriptedSource final : public http::BodySource {
 public:
  explicit ScriptedSource(Scripted script) : script_(std::move(script)) {}

  io::Awaitable<Result<http::BodyPart>> next() override {
    if (script_.texts.empty()) {
      if (script_.fails) co_return Error{Errc::BadGateway, "broken"};
      co_return http::BodyPart();
    }
    text_ = std::move(script_.texts.front());
    script_.texts.pop_front();
    co_return http::BodyPart(std::as_bytes(std::span(text_)));
  }

 private:
  Scripted script_;
  std::string text_;
};

http::Body body_of(Scripted script) {
  std::unique_ptr<http::BodySource> source = std::make_unique<ScriptedSource>(std::move(script));
  return source;
}

// Gives one body after the other, and notes what it was asked for.
class ScriptedBlob final : public cache::OpenBlob {
 public:
  ScriptedBlob(std::deque<http::Body> bodies, std::vector<std::string>& asked)
      : bodies_(std::move(bodies)), asked_(asked) {}

  cache::Outcome outcome() const override { return cache::Outcome::Hit; }
  std::optional<std::uint64_t> size() const override { return 100; }

  io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool to_end,
                                         io::Deadline) override {
    asked_.push_back(std::to_string(begin) + "-" + std::to_string(*end) + (to_end ? " to the end" : ""));
    if (bodies_.empty()) co_return Error{Errc::BadGateway, "no more"};
    http::Body body = std::move(bodies_.front());
    bodies_.pop_front();
    co_return body;
  }

 private:
  std::deque<http::Body> bodies_;
  std::vector<std::string>& asked_;
};

class BlobPartsTest : public ::testing::Test {
 protected:
  // Of ranges 0-4 and 95-99, the second one to the end.
  void open(http::Body first, std::deque<http::Body> others) {
    http::ByteRanges ranges{{0, 4, true}, {95, 99, false}};
    parts_.emplace(std::make_unique<ScriptedBlob>(std::move(others), asked_),
                   http::Multipart(std::move(ranges), 100, "a/b", "X"), std::move(first));
  }

  // What next() gives, "end", or "error".
  std::string next() {
    auto part = test::run_coro(parts_->next());
    if (!part) return "error";
    auto bytes = std::get_if<std::span<const std::byte>>(&*part);
    if (bytes == nullptr) return "end";
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

  static constexpr char kFirst[] = "--X\r\nContent-Type: a/b\r\nContent-Range: bytes 0-4/100\r\n\r\n";
  static constexpr char kSecond[] = "\r\n--X\r\nContent-Type: a/b\r\nContent-Range: bytes 95-99/100\r\n\r\n";

  std::vector<std::string> asked_;
  std::optional<BlobParts> parts_;
};

TEST_F(BlobPartsTest, FramesWhatThePartsGiveAndOpensEachInItsTurn) {
  std::deque<http::Body> others;
  others.push_back(body_of({.texts = {"99999"}}));
  open(body_of({.texts = {"00", "000"}}), std::move(others));
  EXPECT_EQ(next(), kFirst);
  EXPECT_EQ(next(), "00");
  EXPECT_EQ(next(), "000");
  EXPECT_EQ(next(), kSecond);
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(next(), "99999");
  EXPECT_EQ(asked_, std::vector<std::string>{"95-100 to the end"});
  EXPECT_EQ(next(), "\r\n--X--\r\n");
  EXPECT_EQ(next(), "end");
}

TEST_F(BlobPartsTest, PartsMayBeTexts) {
  std::deque<http::Body> others;
  others.push_back(std::string("99999"));
  open(std::string("00000"), std::move(others));
  for (const char* expected : {kFirst, "00000", kSecond, "99999", "\r\n--X--\r\n", "end"}) EXPECT_EQ(next(), expected);
}

TEST_F(BlobPartsTest, APartThatEndsEarlyIsFollowedByNothing) {
  open(body_of({.texts = {"00"}}), {});
  for (const char* expected : {kFirst, "00", "end", "end"}) EXPECT_EQ(next(), expected);
}

TEST_F(BlobPartsTest, APartThatFailsIsFollowedByNothing) {
  open(body_of({.texts = {"00"}, .fails = true}), {});
  for (const char* expected : {kFirst, "00", "error", "error"}) EXPECT_EQ(next(), expected);
}

TEST_F(BlobPartsTest, APartThatCannotBeOpenedIsFollowedByNothing) {
  open(body_of({.texts = {"00000"}}), {});
  for (const char* expected : {kFirst, "00000", kSecond, "error", "error"}) EXPECT_EQ(next(), expected);
}

}  // namespace
}  // namespace entrepot::registry
