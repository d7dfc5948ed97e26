#include "entrepot/http/multipart.hpp"

#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "entrepot/base/hex.hpp"

namespace entrepot::http {

std::string random_boundary() {
  std::random_device random;
  const std::uint32_t words[] = {random(), random(), random(), random()};
  char bytes[sizeof words];
  std::memcpy(bytes, words, sizeof words);
  return to_hex(std::string_view(bytes, sizeof bytes));
}

Multipart::Multipart(ByteRanges parts, std::uint64_t size, std::string media_type, std::string boundary)
    : parts_(std::move(parts)), size_(size), media_type_(std::move(media_type)), boundary_(std::move(boundary)) {}

std::string Multipart::content_type() const { return "multipart/byteranges; boundary=" + boundary_; }

std::uint64_t Multipart::length() const {
  std::uint64_t length = end().size();
  for (std::size_t part = 0; part < parts_.size(); ++part) length += before(part).size() + parts_[part].length();
  return length;
}

std::string Multipart::before(std::size_t part) const {
  std::string text = part == 0 ? "--" : "\r\n--";
  text.append(boundary_).append("\r\nContent-Type: ").append(media_type_);
  text.append("\r\nContent-Range: ").append(content_range(parts_[part], size_)).append("\r\n\r\n");
  return text;
}

std::string Multipart::end() const { return "\r\n--" + boundary_ + "--\r\n"; }

}  // namespace entrepot::http
