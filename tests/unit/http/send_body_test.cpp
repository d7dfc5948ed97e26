// Files: what sendfile sends, also when the peer is slow or the file is not what its owner says.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>

#include "support/temp_dir.hpp"
#include "unit/http/server_fixture.hpp"

namespace entrepot::http::test {
namespace {

constexpr std::size_t kSize = 20'000'000;

class SendFile : public ServerFixture {
 protected:
  SendFile() {
    std::mt19937_64 random(1);
    content_.resize(kSize);
    for (std::size_t i = 0; i + 8 <= content_.size(); i += 8) {
      const std::uint64_t word = random();
      std::memcpy(content_.data() + i, &word, sizeof word);
    }
    const std::string path = folder_.path() / "content";
    file_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (::write(file_.get(), content_.data(), content_.size()) != static_cast<ssize_t>(content_.size())) {
      throw std::runtime_error("cannot write the test's file");
    }
  }

  ~SendFile() override { pool_.join(); }  // it reads the file, which goes first

  FileSlice slice(std::uint64_t offset, std::uint64_t length) const { return {file_.get(), offset, length}; }

  // "/file": all of it; anything else: a short text.
  void serve_file(ServerLimits limits = {}) {
    serve(
        [this](const Request& request) {
          if (request.target == "/file") return source_response({slice(0, kSize)}, kSize);
          return text_response("short");
        },
        limits);
  }

  entrepot::test::TempDir folder_;
  UniqueFd file_;
  std::string content_;
};

constexpr std::string_view kGetFile = "GET /file HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(SendFile, IsByteEqual) {
  serve_file();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    auto answer = client.send(kGetFile).receive();
    ASSERT_EQ(answer.body.size(), kSize);
    EXPECT_TRUE(answer.body == content_);
  }
}

TEST_F(SendFile, SlicesAndBytesMix) {
  serve([this](const Request&) {
    return source_response({slice(5, 1), "-", slice(1'000'000, 3'000'000), slice(0, 0), 20ms, "-", slice(7, 2)});
  });
  auto answer = connect_and_send(kGet).receive();
  EXPECT_TRUE(answer.whole);
  EXPECT_TRUE(answer.body ==
              content_.substr(5, 1) + "-" + content_.substr(1'000'000, 3'000'000) + "-" + content_.substr(7, 2));
}

TEST_F(SendFile, ColdPagesAreReadFirst) {
  serve_file();
  ::fsync(file_.get());
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
  EXPECT_TRUE(connect_and_send(kGetFile).receive().body == content_);
}

TEST_F(SendFile, AFileThatIsShorterThanItsOwnerSaysIsCut) {
  serve_file();
  ASSERT_EQ(::ftruncate(file_.get(), 5'000'000), 0);
  RawClient client = connect_and_send(kGetFile);
  auto answer = client.receive();
  EXPECT_EQ(answer.body.size(), 5'000'000u);
  EXPECT_TRUE(client.ended_with_fin());
  auto lines = log(1);
  EXPECT_EQ(lines[0].bytes_sent, 5'000'000u);
  EXPECT_FALSE(lines[0].complete);
}

TEST_F(SendFile, SlowReadersDoNotHoldUpOthers) {
  serve_file();
  std::vector<RawClient> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(connect(4096));
    slow.back().send(kGetFile);
    slow.back().receive_some(100);
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(connect_and_send(kGet).receive().body, "short");
  for (RawClient& client : slow) EXPECT_FALSE(client.receive_some(100).empty());
}

TEST_F(SendFile, AClientThatLeavesEndsItsResponse) {
  serve_file();
  {
    RawClient client = connect(4096);
    client.send(kGetFile);
    client.receive_some(100);
  }
  auto lines = log(1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].complete);
  EXPECT_LT(lines[0].bytes_sent, kSize);
  EXPECT_TRUE(becomes_true([this] { return server_->open_connections() == 0; }));
}

TEST_F(SendFile, AClientThatTakesNothingIsCut) {
  ServerLimits limits;
  limits.stall = 100ms;
  serve_file(limits);
  RawClient client = connect(4096);
  client.send(kGetFile);
  client.receive_some(100);
  auto lines = log(1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].complete);
}

TEST_F(SendFile, AClientThatTakesLittleIsNotCut) {
  ServerLimits limits;
  limits.stall = 1s;
  serve_file(limits);
  RawClient client = connect(4096);
  client.send(kGetFile);
  for (int i = 0; i < 50; ++i) {  // a KiB every few hundredths of the limit: too little to make the socket writable
    EXPECT_FALSE(client.receive_some(1024).empty());
    std::this_thread::sleep_for(30ms);
  }
  EXPECT_EQ(server_->open_connections(), 1u);
  EXPECT_TRUE(log(0).empty());
}

}  // namespace
}  // namespace entrepot::http::test
