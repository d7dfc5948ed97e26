// Blobs as clients see them: from the store, from a fill in progress, or, without room on the disk, as a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "entrepot/cache/context.hpp"
#include "entrepot/http/body.hpp"
#include "entrepot/io/shared_call.hpp"

namespace entrepot::cache {

class Access;
class Download;
class FillTable;
class Missing;
class Prefetch;

// A blob that may be sent: its upstream has shown it in the repository, and has answered for what is missing.
class OpenBlob {
 public:
  virtual ~OpenBlob() = default;

  virtual Outcome outcome() const = 0;
  virtual std::optional<std::uint64_t> size() const = 0;  // none: known only at its end

  // The body of a response with bytes begin..end-1 (no end: to the blob's). `to_end`: the client did not ask for an
  // earlier end, so the last byte waits for the digest. An error, which can come only before the first byte, is the
  // upstream's answer.
  //
  // Once for each part of a response. The first call returns when the upstream has answered for its bytes; of a
  // download in progress when the first of them is here, or after 5 s without one. The others return at once, because a
  // status was sent, and where the upstream must be asked the body does it, with as many attempts as it takes
  // elsewhere.
  virtual io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool to_end,
                                                 io::Deadline deadline) = 0;

  // body() will be called for these bytes later: what is missing of them may be sent for now.
  virtual void announce(std::uint64_t, std::uint64_t) {}
};

// Thread-safe. Must outlive its tasks, as must the sources that are passed in.
class BlobCache {
 public:
  explicit BlobCache(Context context);
  ~BlobCache();

  // For a GET. `wait_for_size`: a blob of unknown size is waited for to its end, since the client cannot be told its
  // end otherwise (HTTP/1.0). A blob of at most 64 KiB is verified when this returns. Errors: the upstream's;
  // BadGateway for a wrong digest or size; Timeout after `deadline`.
  io::Awaitable<Result<std::unique_ptr<OpenBlob>>> open(const Source& source, upstream::View view, oci::Digest digest,
                                                        bool wait_for_size, io::Deadline deadline);

  // A client was served this manifest: once it begins with the layers, others may be fetched ahead.
  void manifest_served(const Source& source, const upstream::View& view, const oci::Digest& digest,
                       std::string_view bytes);

  // A client was given a blob that it had asked for as a whole. `executor` is that of the caller's io thread.
  void blob_served(io::Executor executor, const Source& source, const upstream::View& view, const oci::Digest& digest);

  // It was evicted. Any thread.
  void forget(const oci::Digest& digest);

  // For a HEAD: downloads nothing.
  struct Stat {
    std::optional<std::uint64_t> size;
    bool stored;
  };
  io::Awaitable<Result<Stat>> stat(const Source& source, upstream::View view, oci::Digest digest,
                                   io::Deadline deadline);

 private:
  using Key = std::tuple<std::string, upstream::View, oci::Digest>;  // upstream, view, digest

  io::Awaitable<Result<std::unique_ptr<OpenBlob>>> open_or_fetch(const Source& source, upstream::View view,
                                                                 oci::Digest digest, bool wait_for_size,
                                                                 io::Deadline deadline);
  io::Awaitable<Result<Stat>> stat_or_ask(const Source& source, upstream::View view, oci::Digest digest,
                                          io::Deadline deadline);
  io::Awaitable<Result<std::unique_ptr<OpenBlob>>> stream(upstream::Upstream& upstream, upstream::View view,
                                                          oci::Digest digest, std::optional<std::uint64_t> size,
                                                          std::unique_ptr<Download> opened, io::Deadline deadline);

  Context context_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<FillTable> fills_;
  std::unique_ptr<Prefetch> prefetch_;
  std::unique_ptr<Missing> missing_;
  io::SharedCalls<Key, std::string> small_reads_;
};

}  // namespace entrepot::cache
