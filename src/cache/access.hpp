// The access stage: has this upstream shown this object in this repository? Nothing cached is served before it has.
//
// What was shown is a link in the store; without one the upstream is asked, once for all who want to know the same at
// the same time. A refusal reaches only them. Thread-safe.
#pragma once

#include <tuple>

#include "entrepot/cache/context.hpp"
#include "entrepot/io/shared_call.hpp"

namespace entrepot::cache {

class Access {
 public:
  explicit Access(Context context) : context_(context), blobs_(context.tasks), manifests_(context.tasks) {}

  // Asks the upstream, which answers with the blob's size, if it knows it; the link is then recorded. `source` must
  // outlive the tasks.
  io::Awaitable<Result<std::optional<std::uint64_t>>> prove_blob(const Source& source, upstream::View view,
                                                                 oci::Digest digest, io::Deadline deadline);

  // Likewise for a manifest by its digest. No link is recorded where the upstream does not support HEAD: the answer
  // then has neither digest nor size.
  io::Awaitable<Result<upstream::ManifestHead>> prove_manifest(const Source& source, upstream::View view,
                                                               oci::Digest digest, io::Deadline deadline);

 private:
  using Key = std::tuple<std::string, upstream::View, oci::Digest>;

  Context context_;
  io::SharedCalls<Key, std::optional<std::uint64_t>> blobs_;
  io::SharedCalls<Key, upstream::ManifestHead> manifests_;
};

}  // namespace entrepot::cache
