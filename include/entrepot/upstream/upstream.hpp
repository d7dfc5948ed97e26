// A registry as the cache sees it. Abstract, because the cache's tests script one; RegistryClient is the real one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/io/async.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/oci/name.hpp"
#include "entrepot/upstream/view.hpp"

namespace entrepot::upstream {

struct ManifestHead {
  std::optional<oci::Digest> digest;  // what Docker-Content-Digest says: a hint, verified by whoever gets the bytes
  std::string media_type;             // Content-Type without parameters, "" if it says nothing
  std::optional<std::uint64_t> size;
  bool stale = false;  // it is a cache itself, and could not ask its own upstream: `Warning: 110` (RFC 7234, 5.5.1)
};

struct ManifestBody {
  std::string bytes;
  std::string media_type;  // Content-Type without parameters, "" if absent
  bool stale = false;      // as ManifestHead's
};

// The answer to a blob request: what comes, read as it comes. Destroying it hangs up.
class BlobBody {
 public:
  virtual ~BlobBody() = default;

  virtual std::uint64_t first() const = 0;                 // where in the blob it begins: 0 if a Range was ignored
  virtual std::optional<std::uint64_t> last() const = 0;   // the last byte that it brings, if known
  virtual std::optional<std::uint64_t> total() const = 0;  // the blob's size, if the answer says it

  // As http::Exchange::read: 0 is the end, an error means that no more can be read.
  virtual io::Awaitable<Result<std::size_t>> read(std::span<std::byte> buffer) = 0;

  // As http::Exchange::expect_cut.
  virtual void expect_cut(bool expected) = 0;
};

struct BlobRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last{};  // included; none: to the end
  bool whole() const { return first == 0 && !last; }
};

struct TagsPage {
  std::vector<std::string> tags;
  std::string next{};  // the `last` of the following page; "" if this is the end
};

struct ReferrersPage {
  std::string body;                     // an image index
  bool artifact_type_filtered = false;  // upstream has applied the filter
  std::string next{};  // the following page's query as upstream names it, opaque; "" if this is the end
};

// Every call may be made from any io thread and answers on the caller's. Errors, for all of them: NotFound (404),
// Denied (401, 403, also at the token endpoint), RateLimited, Unavailable (503), BadGateway, Timeout; `deadline` covers
// all up to the answer's header, tokens and redirects included.
class Upstream {
 public:
  virtual ~Upstream() = default;

  virtual const std::string& name() const = 0;

  // Whether the view's client has an account there, whatever its repository: the registry answers it at /v2/.
  virtual io::Awaitable<Result<void>> ping(View view, io::Deadline deadline) = 0;

  virtual io::Awaitable<Result<ManifestHead>> head_manifest(View view, oci::Reference reference,
                                                            io::Deadline deadline) = 0;

  // At most 4 MiB; more is BadGateway.
  virtual io::Awaitable<Result<ManifestBody>> get_manifest(View view, oci::Reference reference,
                                                           io::Deadline deadline) = 0;

  // The blob's size, if the upstream says it. By HEAD; by a GET of bytes=0-0 where HEAD is refused or gives no length.
  // For a view with a client it is proof that the registry has let it see the blob: an answer that anything in front of
  // a registry could give is BadGateway.
  virtual io::Awaitable<Result<std::optional<std::uint64_t>>> stat_blob(View view, oci::Digest digest,
                                                                        io::Deadline deadline) = 0;

  virtual io::Awaitable<Result<std::unique_ptr<BlobBody>>> get_blob(View view, oci::Digest digest, BlobRange range,
                                                                    io::Deadline deadline) = 0;

  // At most `n` tags that follow `last` ("" for the first).
  virtual io::Awaitable<Result<TagsPage>> tags(View view, std::uint64_t n, std::string last, io::Deadline deadline) = 0;

  // `next`: "" or what the page before said.
  virtual io::Awaitable<Result<ReferrersPage>> referrers(View view, oci::Digest digest, std::string artifact_type,
                                                         std::string next, io::Deadline deadline) = 0;
};

}  // namespace entrepot::upstream
