// Range requests. Source: RFC 9110, section 14. It leaves open what becomes of a range that ends before it begins: it
// is refused, as the OCI conformance suite wants it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace entrepot::http {

// Bytes first..last, both included.
struct ByteRange {
  std::uint64_t first;
  std::uint64_t last;

  // The client chose a part of the body by itself: an end that lies before the body's last byte, or a suffix shorter
  // than the body. No Range, "N-" and an end at or past the last byte do not.
  bool ends_early;

  std::uint64_t length() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct WholeBody {};      // 200: no Range, one that is malformed, of another unit, or of too many ranges
struct Unsatisfiable {};  // 416 with "Content-Range: bytes */SIZE"

// Two or more that share no byte, in the order asked for: 206 as multipart/byteranges (Multipart).
using ByteRanges = std::vector<ByteRange>;

using RangeDecision = std::variant<WholeBody, ByteRange, ByteRanges, Unsatisfiable>;

// What to answer to `range` (a Range header's value, "" for none) for a representation of `size` bytes. Ends are
// clamped. A representation of 0 bytes is always the WholeBody: clients treat a 416 for an empty blob as a failure.
//
// Of several ranges those that overlap become one, which stands where the first of them stood: no byte is sent twice.
// Those that only touch stay apart, because containers/image counts the parts and tells them by their order
// (docker/docker_image_src.go, handle206Response). Those that are unsatisfiable are left out.
RangeDecision decide_range(std::string_view range, std::uint64_t size);

// "bytes 0-499/1234"
std::string content_range(const ByteRange& range, std::uint64_t size);
std::string unsatisfied_content_range(std::uint64_t size);  // "bytes */1234"

// What a server says in Content-Range.
struct ContentRange {
  std::optional<ByteRange> range;      // none: "bytes */N"
  std::optional<std::uint64_t> total;  // none: "bytes a-b/*"
};

// Nothing if malformed or of another unit.
std::optional<ContentRange> parse_content_range(std::string_view value);

// Whether If-None-Match (a list, "*", quoted or, as some clients send it, bare) names `etag` (quoted). Weak comparison.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace entrepot::http
