#include "upstream/blob_answer.hpp"

#include "entrepot/http/range.hpp"

namespace entrepot::upstream {

namespace {

Error wrong_range() { return {Errc::BadGateway, "the answer is not the range that was asked for"}; }

}  // namespace

Result<BlobExtent> extent_of(const BlobHeader& header, const BlobRange& asked) {
  if (header.status == 200) {
    BlobExtent whole{.total = header.content_length};
    if (whole.total && *whole.total > 0) whole.last = *whole.total - 1;
    return whole;
  }
  if (header.status != 206 || asked.whole()) return wrong_range();
  std::optional<http::ContentRange> content = http::parse_content_range(header.content_range);
  if (!content || !content->range) return wrong_range();
  const http::ByteRange& range = *content->range;
  if (range.first != asked.first || (asked.last && range.last > *asked.last)) return wrong_range();
  if (header.content_length && *header.content_length != range.length()) return wrong_range();
  return BlobExtent{.first = range.first, .last = range.last, .total = content->total};
}

std::string range_header(const BlobRange& range) {
  if (range.whole()) return {};
  return "bytes=" + std::to_string(range.first) + "-" + (range.last ? std::to_string(*range.last) : std::string());
}

}  // namespace entrepot::upstream
