// The body of an answer, delimited as RFC 9112, 6.3 says: by its length, by chunks, or by the end of the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "http/client/connection.hpp"
#include "http/client/head.hpp"

namespace entrepot::http::client {

class BodyReader {
 public:
  BodyReader(Connection& connection, const Head& head);

  // See Exchange::read. Must not be called once the body has ended.
  io::Awaitable<Result<std::size_t>> read(std::span<std::byte> bytes, io::SteadyClock::duration stall);

  bool ended() const { return framing_ == Framing::Ended; }

  // Whether all that is left of the body has arrived.
  bool is_buffered() const;

  // The body ended where it said, not with its connection: another answer can follow.
  bool is_delimited() const { return delimited_; }

 private:
  enum class Framing {
    Length,    // left_ more bytes
    Chunked,   // left_ more bytes of this chunk, then the next
    UntilEnd,  // whatever comes
    Ended,     // all was read
  };

  io::Awaitable<Result<std::size_t>> read_stream(std::span<std::byte> bytes, io::SteadyClock::duration stall);
  io::Awaitable<Result<std::size_t>> read_counted(std::span<std::byte> bytes, io::SteadyClock::duration stall);
  io::Awaitable<Result<void>> begin_chunk(io::SteadyClock::duration stall);
  io::Awaitable<Result<void>> skip_trailers(io::SteadyClock::duration stall);
  io::Awaitable<Result<std::string>> read_line(io::SteadyClock::duration stall);
  Error cut_short() const;

  Connection& connection_;
  Framing framing_ = Framing::Ended;
  bool delimited_ = true;
  bool in_chunk_ = false;  // the line end after a chunk's bytes is still to come
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace entrepot::http::client
