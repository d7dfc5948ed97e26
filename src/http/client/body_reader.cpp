#include "http/client/body_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace entrepot::http::client {

namespace {

constexpr int kTrailerLimit = 100;  // fields

// chunk-size [ chunk-ext ] (RFC 9112, 7.1)
std::optional<std::uint64_t> parse_chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (failure != std::errc()) return std::nullopt;
  std::string_view rest(end, static_cast<std::size_t>(line.data() + line.size() - end));
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  return size;
}

}  // namespace

BodyReader::BodyReader(Connection& connection, const Head& head) : connection_(connection) {
  if (!head.has_body) return;
  if (head.chunked) {
    framing_ = Framing::Chunked;
  } else if (!head.content_length) {
    framing_ = Framing::UntilEnd;
    delimited_ = false;
  } else if (*head.content_length > 0) {
    framing_ = Framing::Length;
    left_ = *head.content_length;
  }
}

bool BodyReader::is_buffered() const {
  return ended() || (framing_ == Framing::Length && connection_.buffered().size() == left_);
}

io::Awaitable<Result<std::size_t>> BodyReader::read(std::span<std::byte> bytes, io::SteadyClock::duration stall) {
  if (framing_ == Framing::UntilEnd) {
    auto count = co_await read_stream(bytes, stall);
    if (count && *count == 0) framing_ = Framing::Ended;
    co_return count;
  }
  if (framing_ == Framing::Chunked && left_ == 0) {
    auto begun = co_await begin_chunk(stall);
    if (!begun) co_return begun.error();
    if (ended()) co_return 0;
  }
  auto count = co_await read_counted(bytes, stall);
  if (framing_ == Framing::Length && left_ == 0) framing_ = Framing::Ended;
  co_return count;
}

// What is buffered goes first; past it the socket reads straight into the caller's bytes.
io::Awaitable<Result<std::size_t>> BodyReader::read_stream(std::span<std::byte> bytes,
                                                           io::SteadyClock::duration stall) {
  std::size_t buffered = std::min(connection_.buffered().size(), bytes.size());
  if (buffered > 0) {
    std::memcpy(bytes.data(), connection_.buffered().data(), buffered);
    connection_.buffer().consume(buffered);
    co_return buffered;
  }
  co_return co_await connection_.read_some(bytes, io::SteadyClock::now() + stall);
}

io::Awaitable<Result<std::size_t>> BodyReader::read_counted(std::span<std::byte> bytes,
                                                            io::SteadyClock::duration stall) {
  std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
  auto count = co_await read_stream(bytes.first(most), stall);
  if (!count) co_return count.error();
  if (*count == 0) co_return cut_short();
  left_ -= *count;
  total_ += *count;
  co_return count;
}

io::Awaitable<Result<void>> BodyReader::begin_chunk(io::SteadyClock::duration stall) {
  if (in_chunk_) {
    auto rest = co_await read_line(stall);
    if (!rest) co_return rest.error();
    if (!rest->empty()) co_return connection_.error("a chunk longer than it says");
  }
  auto line = co_await read_line(stall);
  if (!line) co_return line.error();
  std::optional<std::uint64_t> size = parse_chunk_size(*line);
  if (!size) co_return connection_.error("a chunk without a size");
  in_chunk_ = true;
  left_ = *size;
  if (left_ > 0) co_return ok();
  co_return co_await skip_trailers(stall);
}

io::Awaitable<Result<void>> BodyReader::skip_trailers(io::SteadyClock::duration stall) {
  for (int i = 0; i <= kTrailerLimit; ++i) {
    auto line = co_await read_line(stall);
    if (!line) co_return line.error();
    if (line->empty()) {
      framing_ = Framing::Ended;
      co_return ok();
    }
  }
  co_return connection_.error("too many trailers");
}

// Without its line end, which may be a bare LF (RFC 9112, 2.2).
io::Awaitable<Result<std::string>> BodyReader::read_line(io::SteadyClock::duration stall) {
  std::size_t end = connection_.buffered().find('\n');
  while (end == std::string_view::npos) {
    std::size_t searched = connection_.buffered().size();
    auto count = co_await connection_.fill_buffer(io::SteadyClock::now() + stall);
    if (!count) co_return count.error();
    if (*count == 0) co_return cut_short();
    end = connection_.buffered().find('\n', searched);
  }
  std::string line(connection_.buffered().substr(0, end));
  connection_.buffer().consume(end + 1);
  if (line.ends_with('\r')) line.pop_back();
  co_return line;
}

Error BodyReader::cut_short() const {
  std::string whole = framing_ == Framing::Length ? " of " + std::to_string(total_ + left_) : "";
  return connection_.error("connection closed after " + std::to_string(total_) + whole + " bytes of the body");
}

}  // namespace entrepot::http::client
