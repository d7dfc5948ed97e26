// The body of a response, as its sender pulls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "entrepot/base/result.hpp"
#include "entrepot/io/async.hpp"

namespace entrepot::http {

// A part of a file whose bytes are present and will never change: it goes out with sendfile, straight from the page
// cache.
struct FileSlice {
  int fd;  // stays open as long as the BodySource that gave it
  std::uint64_t offset;
  std::uint64_t length;
};

// The next part of a body; std::monostate is its end. Bytes stay valid until the next call of next().
using BodyPart = std::variant<std::monostate, FileSlice, std::span<const std::byte>>;

inline std::uint64_t size_of(const BodyPart& part) {
  if (const auto* file = std::get_if<FileSlice>(&part)) return file->length;
  if (const auto* bytes = std::get_if<std::span<const std::byte>>(&part)) return bytes->size();
  return 0;
}

// Where a body comes from: a stored file, a file that is still arriving, a stream. Used by one connection, on its
// thread.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // Waits until there is something to send. An error, or an end before the announced length, cuts the response: its
  // sender closes the connection with a FIN, so that the client sees a short body (clients resume after a FIN, not
  // after a RST).
  virtual io::Awaitable<Result<BodyPart>> next() = 0;
};

// Nothing, text of the response's own, text shared with a cache, or a source.
using Body = std::variant<std::monostate, std::string, std::shared_ptr<const std::string>, std::unique_ptr<BodySource>>;

}  // namespace entrepot::http
