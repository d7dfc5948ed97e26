#include "registry/blob_parts.hpp"

#include <cassert>
#include <utility>

namespace entrepot::registry {

namespace {

http::BodyPart part_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

BlobParts::BlobParts(std::unique_ptr<cache::OpenBlob> blob, http::Multipart frame, http::Body first)
    : blob_(std::move(blob)), frame_(std::move(frame)), body_(std::move(first)) {}

// Between two parts.
http::BodyPart BlobParts::next_frame() {
  const http::ByteRanges& parts = frame_.parts();
  if (begun_ > parts.size()) return {};
  if (begun_ > 0) body_ = std::monostate();  // the first part's is there from the beginning
  if (begun_ < parts.size()) {
    frame_text_ = frame_.before(begun_);
    left_ = parts[begun_].length();
  } else {
    frame_text_ = frame_.end();
  }
  ++begun_;
  return part_of(frame_text_);
}

io::Awaitable<Result<http::BodyPart>> BlobParts::next() {
  if (left_ == 0) co_return next_frame();
  if (std::holds_alternative<std::monostate>(body_)) {
    const http::ByteRange& range = frame_.parts()[begun_ - 1];
    auto opened = co_await blob_->body(range.first, range.last + 1, !range.ends_early, io::kNoDeadline);
    if (!opened) co_return opened.error();
    body_ = std::move(*opened);
  }
  if (const auto* text = std::get_if<std::string>(&body_)) {
    assert(text->size() == left_);
    left_ = 0;
    co_return part_of(*text);
  }
  auto part = co_await std::get<std::unique_ptr<http::BodySource>>(body_)->next();
  if (part) {  // an end before the part's own is the end of all: the response is cut there
    assert(http::size_of(*part) <= left_);
    left_ -= http::size_of(*part);
  }
  co_return part;
}

}  // namespace entrepot::registry
