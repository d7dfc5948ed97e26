// Lines that a thread of the log's own writes, into a pipe that somebody reads, or nobody.
#include "base/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <thread>
#include <vector>

#include "entrepot/base/log.hpp"

namespace entrepot::log {
namespace {

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    reading_ = ends[0];
    stderr_ = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  ~LineWriterTest() override {
    end_output();
    ::close(reading_);
  }

  // From here on the pipe has an end, and standard error is what it was.
  void end_output() {
    if (stderr_ < 0) return;
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    stderr_ = -1;
  }
  std::string read_all() {
    std::string all;
    char buffer[65536];
    for (ssize_t n = 0; (n = ::read(reading_, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<size_t>(n));
    return all;
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  int reading_ = -1;
  int stderr_ = -1;
  LineWriter writer_{[](std::uint64_t lines) { return "dropped " + std::to_string(lines); }};
};

TEST_F(LineWriterTest, EachThreadsLinesArriveWholeAndInOrder) {
  constexpr int kThreads = 4;
  constexpr int kLines = 5000;
  std::string read;
  std::thread reader([&] { read = read_all(); });
  writer_.start();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int n = 0; n < kLines; ++n) writer_.write(std::to_string(thread) + " " + std::to_string(n));
    });
  }
  for (std::thread& thread : threads) thread.join();
  writer_.stop();
  end_output();
  reader.join();

  std::vector<int> next(kThreads, 0);
  for (const std::string& line : lines(read)) {
    std::istringstream parts(line);
    int thread = -1;
    int n = -1;
    parts >> thread >> n;
    ASSERT_TRUE(thread >= 0 && thread < kThreads) << line;
    ASSERT_EQ(n, next[static_cast<std::size_t>(thread)]++) << line;
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kLines));
  EXPECT_EQ(writer_.dropped(), 0u);
}

TEST_F(LineWriterTest, WithoutItsThreadALineIsThereWhenTheCallReturns) {
  writer_.write("first");
  writer_.start();
  writer_.stop();
  writer_.write("last");
  end_output();
  EXPECT_EQ(read_all(), "first\nlast\n");
}

TEST_F(LineWriterTest, WhoLogsDoesNotWaitForAReaderAndWhatIsMissingIsSaid) {
  const std::string line(1023, 'x');
  const std::size_t count = 3 * LineWriter::kMostWaiting / (line.size() + 1);
  writer_.start();
  for (std::size_t n = 0; n < count; ++n) writer_.write(line);  // more than the pipe and the writer hold
  std::string read;
  std::thread reader([&] { read = read_all(); });
  writer_.stop();
  end_output();
  reader.join();

  std::uint64_t dropped = 0;
  std::size_t whole = 0;
  for (const std::string& found : lines(read)) {
    if (found.starts_with("dropped ")) {
      dropped += std::stoul(found.substr(8));
    } else {
      EXPECT_EQ(found, line);
      ++whole;
    }
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(dropped, writer_.dropped());
  EXPECT_EQ(whole, count - dropped);
}

TEST_F(LineWriterTest, EndsThoughNobodyReads) {
  writer_.start();
  for (int n = 0; n < 1000; ++n) writer_.write(std::string(1000, 'x'));
  writer_.stop();
  EXPECT_GT(writer_.dropped(), 0u);
}

TEST_F(LineWriterTest, TheProgramsOwnLogGoesThroughIt) {
  {
    Background background;
    info("event", {{"number", 7}});
  }
  end_output();
  const std::string text = read_all();
  EXPECT_TRUE(text.ends_with(" info event number=7\n")) << text;
  EXPECT_EQ(text.find('Z'), std::string("2026-11-21T00:00:00.000").size()) << text;
}

}  // namespace
}  // namespace entrepot::log
