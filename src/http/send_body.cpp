// Text goes out with the head in one write; a source is pulled part by part.
#include "http/send_body.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace entrepot::http {

namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

net::const_buffer buffer_of(std::string_view text) { return {text.data(), text.size()}; }

io::Awaitable<bool> send_text(Transport& transport, std::string_view text, More more) {
  Parts parts{buffer_of(text), net::const_buffer()};
  std::uint64_t sent = co_await transport.write(parts, more);
  co_return sent == text.size();
}

// The first `size` bytes of `part`: how many of them went out.
io::Awaitable<std::uint64_t> send_part(Transport& transport, const BodyPart& part, std::uint64_t size, More more) {
  if (const auto* file = std::get_if<FileSlice>(&part)) {
    FileSlice slice{file->fd, file->offset, size};
    co_return co_await transport.send_file(slice);
  }
  auto bytes = std::get<std::span<const std::byte>>(part);
  Parts parts{net::const_buffer(bytes.data(), size), net::const_buffer()};
  co_return co_await transport.write(parts, more);
}

// RFC 9112, 7.1. A chunk's size line; the line end that closes the chunk before it is part of its text.
class ChunkLine {
 public:
  std::string_view next(std::uint64_t size) {
    char* at = std::begin(text_);
    if (!first_) at = end_line(at);
    first_ = false;
    at = std::to_chars(at, std::end(text_), size, 16).ptr;
    at = end_line(at);
    return {text_, at};
  }

  std::string_view last() { return first_ ? kLastChunk : kClosedLastChunk; }

 private:
  static constexpr std::string_view kClosedLastChunk = "\r\n0\r\n\r\n";

  static char* end_line(char* at) {
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }

  bool first_ = true;
  char text_[24];
};

io::Awaitable<Sent> send_source(Transport& transport, std::string_view head, BodySource& source, BodyPlan plan) {
  Sent sent;
  ChunkLine chunk;
  std::uint64_t left = plan.length.value_or(std::numeric_limits<std::uint64_t>::max());

  // Head and first bytes share a packet. If the source lets us wait, the kernel sends the head by itself after 200 ms.
  if (!co_await send_text(transport, head, left > 0 ? More::Yes : More::No)) co_return sent;

  while (left > 0) {
    Result<BodyPart> part = co_await source.next();
    if (!part) co_return sent;
    if (std::holds_alternative<std::monostate>(*part)) {
      if (plan.framing == Framing::Length) co_return sent;
      if (plan.framing == Framing::Chunked) {
        if (!co_await send_text(transport, chunk.last(), More::No)) co_return sent;
      }
      break;
    }
    const std::uint64_t size = std::min(size_of(*part), left);
    if (size == 0) continue;  // a chunk of no bytes would be the last one
    if (plan.framing == Framing::Chunked) {
      if (!co_await send_text(transport, chunk.next(size), More::Yes)) co_return sent;
    }
    const std::uint64_t taken = co_await send_part(transport, *part, size, More::No);
    sent.bytes += taken;
    left -= taken;
    if (taken < size) co_return sent;
  }
  sent.complete = true;
  co_return sent;
}

}  // namespace

io::Awaitable<Sent> send_response(Transport& transport, std::string_view head, const Body& body, BodyPlan plan) {
  if (plan.framing != Framing::NoBody) {
    if (const auto* source = std::get_if<std::unique_ptr<BodySource>>(&body)) {
      co_return co_await send_source(transport, head, **source, plan);
    }
  }
  Parts parts{buffer_of(head), net::const_buffer()};
  if (plan.framing != Framing::NoBody) {
    if (const auto* own = std::get_if<std::string>(&body)) {
      parts[1] = buffer_of(*own);
    } else {
      parts[1] = buffer_of(*std::get<std::shared_ptr<const std::string>>(body));
    }
  }
  const std::uint64_t total = net::buffer_size(parts);
  const std::uint64_t out = co_await transport.write(parts, More::No);
  Sent sent{out - std::min<std::uint64_t>(out, head.size()), out == total};
  co_return sent;
}

}  // namespace entrepot::http
