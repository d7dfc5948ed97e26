// Several ranges of a blob as one body, multipart/byteranges. Used by one connection, on its thread.
#pragma once

#include <memory>
#include <string>

#include "entrepot/cache/blob_cache.hpp"
#include "entrepot/http/multipart.hpp"

namespace entrepot::registry {

// Strings together what the blob gives for each part. A part is opened when it is its turn, so that what each holds
// (a stream's buffer, a connection to the upstream) is held once, however many there are.
class BlobParts final : public http::BodySource {
 public:
  // `first`: the body of the first part, which the blob has given already.
  BlobParts(std::unique_ptr<cache::OpenBlob> blob, http::Multipart frame, http::Body first);
  io::Awaitable<Result<http::BodyPart>> next() override;

 private:
  http::BodyPart next_frame();

  std::unique_ptr<cache::OpenBlob> blob_;
  const http::Multipart frame_;
  http::Body body_;           // of the part that is being sent; none: not opened yet
  std::size_t begun_ = 0;     // how many parts have, and the end as one more
  std::uint64_t left_ = 0;    // of the part that is being sent
  std::string frame_text_{};  // what next() has given
};

}  // namespace entrepot::registry
