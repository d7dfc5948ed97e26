#include "entrepot/base/log.hpp"

#include <gtest/gtest.h>

namespace entrepot::log {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { configure(Level::Info, Format::Text); }

  // What a line of this event looks like, without its time.
  std::string line(Format format, Fields fields) {
    configure(Level::Info, format);
    testing::internal::CaptureStderr();
    info("event", fields);
    std::string text = testing::internal::GetCapturedStderr();
    std::size_t level = text.find(format == Format::Json ? "\"level\"" : "info");
    return level == std::string::npos ? "no level: " + text : text.substr(level);
  }
};

TEST_F(LogTest, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(line(Format::Text, {{"plain", "a/b:c"}, {"number", 7}, {"blank", "a b"}, {"empty", ""}}),
            "info event plain=a/b:c number=7 blank=\"a b\" empty=\"\"\n");
}

TEST_F(LogTest, JsonKeepsNumbersAndEscapesText) {
  EXPECT_EQ(line(Format::Json, {{"text", "say \"hi\"\n"}, {"number", 7}, {"half", 0.5}}),
            "\"level\":\"info\",\"event\":\"event\",\"text\":\"say \\\"hi\\\"\\u000a\",\"number\":7,\"half\":0.5}\n");
}

TEST_F(LogTest, NoFieldCanBeginANewLine) {
  std::string text = line(Format::Text, {{"target", "/v2/\r\nforged"}});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST_F(LogTest, IsSilentBelowItsLevel) {
  configure(Level::Error, Format::Text);
  testing::internal::CaptureStderr();
  warning("event");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace entrepot::log
