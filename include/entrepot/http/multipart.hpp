// What stands around the parts of a multipart/byteranges body. Source: RFC 9110, 14.6 and 15.3.7.2; RFC 2046, 5.1.1.
#pragma once

#include <cstdint>
#include <string>

#include "entrepot/http/range.hpp"

namespace entrepot::http {

// 128 random bits. Clients look for the boundary in the parts' bytes: nobody can make a blob that holds it.
std::string random_boundary();

// A value. The body is before(0), the bytes of part 0, before(1), ..., the bytes of the last part, end().
class Multipart {
 public:
  // `parts`: at least one, of an object of `size` bytes of type `media_type`.
  Multipart(ByteRanges parts, std::uint64_t size, std::string media_type, std::string boundary = random_boundary());

  const ByteRanges& parts() const { return parts_; }

  std::string content_type() const;  // of the response
  std::uint64_t length() const;      // of the body

  std::string before(std::size_t part) const;  // what follows the bytes of the part before, up to the bytes of this one
  std::string end() const;                     // what follows the bytes of the last part

 private:
  ByteRanges parts_;
  std::uint64_t size_;
  std::string media_type_;
  std::string boundary_;
};

}  // namespace entrepot::http
