#include "entrepot/http/multipart.hpp"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

const ByteRanges kParts = {{0, 499, true}, {7000, 7999, false}};

// The example of RFC 9110, 15.3.7.2, but for what its parts hold.
TEST(Multipart, IsFramedAsTheRfcShows) {
  Multipart frame(kParts, 8000, "application/pdf", "THIS_STRING_SEPARATES");
  EXPECT_EQ(frame.content_type(), "multipart/byteranges; boundary=THIS_STRING_SEPARATES");
  EXPECT_EQ(frame.before(0),
            "--THIS_STRING_SEPARATES\r\n"
            "Content-Type: application/pdf\r\n"
            "Content-Range: bytes 0-499/8000\r\n"
            "\r\n");
  EXPECT_EQ(frame.before(1),
            "\r\n--THIS_STRING_SEPARATES\r\n"
            "Content-Type: application/pdf\r\n"
            "Content-Range: bytes 7000-7999/8000\r\n"
            "\r\n");
  EXPECT_EQ(frame.end(), "\r\n--THIS_STRING_SEPARATES--\r\n");
}

TEST(Multipart, ItsLengthIsThatOfAllThatIsSent) {
  Multipart frame(kParts, 8000, "application/pdf", "b");
  EXPECT_EQ(frame.length(), frame.before(0).size() + 500 + frame.before(1).size() + 1000 + frame.end().size());
}

// RFC 2046, 5.1.1: at most 70 characters; these need no quotes.
TEST(Multipart, ABoundaryIs32HexDigitsAndNeverTheSame) {
  std::string boundary = random_boundary();
  EXPECT_EQ(boundary.size(), 32u);
  EXPECT_EQ(boundary.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(boundary, random_boundary());
}

}  // namespace
}  // namespace entrepot::http
