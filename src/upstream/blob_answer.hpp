// What the header of an answer to a blob request says of the body that follows. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::upstream {

struct BlobExtent {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last{};   // included
  std::optional<std::uint64_t> total{};  // the blob's size
};

struct BlobHeader {
  unsigned status = 0;  // 200 or 206
  std::optional<std::uint64_t> content_length{};
  std::string_view content_range{};
};

// Whether the answer fits `asked`. A 200 brings the whole blob, also if a range was asked for. A 206 must begin where
// it was asked to and not go beyond; anything else is Errc::BadGateway.
Result<BlobExtent> extent_of(const BlobHeader& header, const BlobRange& asked);

// The value of Range; "" for the whole blob.
std::string range_header(const BlobRange& range);

}  // namespace entrepot::upstream
