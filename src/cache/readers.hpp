// The three sources of a blob's body: a stored file, a fill in progress, and a stream of its own. Each is used by one
// connection on its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cache/download.hpp"
#include "cache/fill.hpp"
#include "entrepot/http/body.hpp"
#include "entrepot/store/store.hpp"

namespace entrepot::cache {

// Which bytes a response carries: begin..end-1 (no end: the blob's, not known yet).
struct Span {
  std::uint64_t begin = 0;
  std::optional<std::uint64_t> end{};

  // The response runs to the blob's end because its client did not ask for an earlier one: its last byte waits until
  // the digest is verified.
  bool to_end = true;
};

// A complete file: everything is there.
class FileReader final : public http::BodySource {
 public:
  FileReader(std::shared_ptr<const store::StoredFile> file, Span span);
  io::Awaitable<Result<http::BodyPart>> next() override;

 private:
  std::shared_ptr<const store::StoredFile> file_;  // shared with the store's table of open files
  std::uint64_t begin_;
  std::uint64_t end_;
};

// A stream from the upstream that leaves nothing on disk, for when there is no room. The digest is verified alike: a
// stream that runs to the blob's end begins at its start, or at a prefix whose digest is known, whatever the client
// asked for.
class StreamReader final : public http::BodySource {
 public:
  // `download` stands at or before `span.begin`. `hasher` has the bytes before it; none for a range with an end of its
  // own, which cannot be verified.
  StreamReader(std::unique_ptr<Download> download, oci::Digest digest, Span span, std::optional<Hasher> hasher);
  io::Awaitable<Result<http::BodyPart>> next() override;

 private:
  const oci::Digest digest_;
  const Span span_;
  std::optional<Hasher> hasher_;
  std::unique_ptr<Download> download_;
  std::vector<std::byte> buffer_;
  std::optional<std::byte> held_back_{};  // the last that was read: sent when another follows or the digest is right
  bool ended_ = false;
};

// A fill. Ends as the fill does; where the fill's disk fails it goes on as a StreamReader.
class FillReader final : public http::BodySource {
 public:
  FillReader(std::shared_ptr<Fill> fill, upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders, Span span);
  io::Awaitable<Result<http::BodyPart>> next() override;

 private:
  io::Awaitable<> start_stream();

  std::shared_ptr<Fill> fill_;  // shared with its fetchers and other readers
  upstream::Upstream& upstream_;
  std::shared_ptr<Feeders> feeders_;  // shared with the fill's entry
  Span span_;
  std::unique_ptr<StreamReader> stream_{};
};

}  // namespace entrepot::cache
