#include "cache/readers.hpp"

#include <cassert>

namespace entrepot::cache {

namespace {

constexpr std::size_t kStreamBuffer = 256 * 1024;

http::BodyPart file_part(int fd, std::uint64_t offset, std::uint64_t length) {
  return http::FileSlice{fd, offset, length};
}

}  // namespace

FileReader::FileReader(std::shared_ptr<const store::StoredFile> file, Span span)
    : file_(std::move(file)), begin_(span.begin), end_(span.end.value_or(file_->size())) {}

io::Awaitable<Result<http::BodyPart>> FileReader::next() {
  if (begin_ >= end_) co_return http::BodyPart();
  std::uint64_t begin = std::exchange(begin_, end_);
  co_return file_part(file_->fd(), begin, end_ - begin);
}

StreamReader::StreamReader(std::unique_ptr<Download> download, oci::Digest digest, Span span,
                           std::optional<Hasher> hasher)
    : digest_(digest),
      span_(span),
      hasher_(std::move(hasher)),
      download_(std::move(download)),
      buffer_(kStreamBuffer) {}

io::Awaitable<Result<http::BodyPart>> StreamReader::next() {
  while (!ended_) {
    std::size_t held = 0;
    if (held_back_) buffer_[held++] = *held_back_;
    auto read = co_await download_->read(std::span(buffer_).subspan(held));
    if (!read) co_return read.error();
    std::span<const std::byte> bytes = std::span(buffer_).first(held + *read);
    if (*read == 0) {
      ended_ = true;
      if (hasher_ && hasher_->digest() != digest_.raw()) {
        co_return Error{Errc::BadGateway, "what the upstream sent is not " + digest_.to_string()};
      }
      if (bytes.empty()) break;
      co_return http::BodyPart(bytes);
    }
    if (hasher_) hasher_->update(bytes.subspan(held));

    std::uint64_t position = download_->position() - bytes.size();
    if (position < span_.begin) bytes = bytes.subspan(std::min<std::uint64_t>(bytes.size(), span_.begin - position));
    held_back_.reset();
    if (hasher_ && !bytes.empty()) {
      held_back_ = bytes.back();
      bytes = bytes.first(bytes.size() - 1);
    }
    if (!bytes.empty()) co_return http::BodyPart(bytes);
  }
  co_return http::BodyPart();
}

FillReader::FillReader(std::shared_ptr<Fill> fill, upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders,
                       Span span)
    : fill_(std::move(fill)), upstream_(upstream), feeders_(std::move(feeders)), span_(span) {}

io::Awaitable<Result<http::BodyPart>> FillReader::next() {
  if (stream_) co_return co_await stream_->next();
  auto sendable = co_await fill_->progress().wait(span_.begin, span_.end, span_.to_end);
  if (sendable) {
    if (*sendable == 0) co_return http::BodyPart();
    std::uint64_t begin = span_.begin;
    span_.begin += *sendable;
    co_return file_part(fill_->file().fd(), begin, *sendable);
  }
  if (fill_->progress().state() != Progress::State::DiskFailed) co_return sendable.error();
  co_await start_stream();
  co_return co_await stream_->next();
}

// All that the fill has at our offset is sent; the rest comes from the upstream. To verify a response that runs to the
// end, the stream begins where the fill's digest stands, which may be a little before what was sent: with the
// connection of the fetcher gone, bytes are asked for again here, and only here.
io::Awaitable<> FillReader::start_stream() {
  std::optional<Hasher> hasher;
  upstream::BlobRange range;
  range.first = span_.begin;
  if (span_.to_end) {
    Fill::Prefix prefix = co_await fill_->prefix();
    assert(prefix.position <= span_.begin);  // what is hashed is present, and what is present was sent
    range.first = prefix.position;
    hasher = std::move(prefix.hasher);
  } else {
    range.last = *span_.end - 1;
  }
  auto download = std::make_unique<Download>(upstream_, feeders_, fill_->digest(), range, fill_->progress().size());
  stream_ = std::make_unique<StreamReader>(std::move(download), fill_->digest(), span_, std::move(hasher));
}

}  // namespace entrepot::cache
