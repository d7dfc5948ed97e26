// Manifests as clients see them, and the tags that lead to them.
//
// By digest: from the store, if the upstream has shown it in the repository. By tag: the upstream is asked on every
// pull whether the tag has moved (config::Freshness), and what is stored is the answer if it has not, or cannot be
// asked.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_set>

#include "entrepot/cache/context.hpp"
#include "entrepot/io/shared_call.hpp"
#include "entrepot/io/wait_list.hpp"
#include "entrepot/oci/name.hpp"

namespace entrepot::cache {

class Access;
class HotManifests;
class Missing;

struct ManifestAnswer {
  oci::Digest digest;
  std::string media_type;
  std::uint64_t size;
  std::shared_ptr<const std::string> bytes;  // null if only a HEAD was asked for, and only that is known
  Outcome outcome;
};

// Thread-safe. Must outlive its tasks, as must the sources that are passed in.
class ManifestCache {
 public:
  explicit ManifestCache(Context context);
  ~ManifestCache();

  // `head`: the bytes are not needed, and are not fetched for it. Errors: the upstream's; BadGateway for wrong bytes;
  // NotFound for schema 1; Timeout after `deadline`.
  io::Awaitable<Result<ManifestAnswer>> open(const Source& source, upstream::View view, oci::Reference reference,
                                             bool head, io::Deadline deadline);

  // Its bytes are in the store no more: memory does not keep them longer.
  void forget(const oci::Digest& digest);

  // Waits until the manifests that were fetched so far are on disk, or could not be put there; at most until
  // `deadline`.
  io::Awaitable<> settle(io::Deadline deadline);

 private:
  using Key = std::tuple<std::string, upstream::View, std::string>;             // upstream, view, reference
  using CheckKey = std::tuple<std::string, upstream::View, std::string, bool>;  // upstream, view, tag, has_stale
  using Answer = Result<ManifestAnswer>;

  io::Awaitable<Answer> by_digest(const Source& source, upstream::View view, oci::Digest digest, bool head,
                                  io::Deadline deadline);
  io::Awaitable<Answer> find_digest(const Source& source, upstream::View view, oci::Digest digest, bool head,
                                    io::Deadline deadline);
  io::Awaitable<Answer> by_tag(const Source& source, upstream::View view, std::string tag, bool head,
                               io::Deadline deadline);
  io::Awaitable<Answer> revalidate(const Source& source, upstream::View view, std::string tag, bool head,
                                   bool has_stale, io::Deadline deadline);
  io::Awaitable<Answer> answer_as_seen(const Source& source, upstream::View view, std::string tag,
                                       upstream::ManifestHead seen, bool head, io::Deadline deadline);
  io::Awaitable<Answer> answer_stored(std::string upstream, store::TagTarget target, Outcome outcome, bool head);
  io::Awaitable<Answer> after_failure(const Source& source, upstream::View view, std::string tag, Error error,
                                      bool head);

  io::Awaitable<Answer> fetch(const Source& source, upstream::View view, oci::Reference reference,
                              io::Deadline deadline);
  io::Awaitable<Answer> fetch_alone(const Source& source, upstream::View view, oci::Reference reference);
  io::Awaitable<Result<upstream::ManifestHead>> check(const Source& source, upstream::View view, std::string tag,
                                                      bool has_stale, io::Deadline deadline);
  io::Awaitable<Result<upstream::ManifestHead>> check_alone(const Source& source, upstream::View view, std::string tag,
                                                            io::SteadyClock::duration limit);
  io::Awaitable<Result<void>> try_check(const Source& source, upstream::View view, std::string tag);

  io::Awaitable<std::shared_ptr<const std::string>> stored_bytes(std::string upstream, oci::Digest digest);
  std::optional<std::uint64_t> stored_size(const oci::Digest& digest) const;
  std::optional<store::TagTarget> stored_target(const std::optional<store::TagRecord>& record) const;
  void record_tag(const Source& source, const store::RepositoryKey& key, const std::string& tag,
                  const store::TagTarget& seen, bool stored, bool stale);
  void persist(io::Executor executor, std::string upstream, oci::Digest digest,
               std::shared_ptr<const std::string> bytes);
  io::Awaitable<> put(std::string upstream, oci::Digest digest, std::shared_ptr<const std::string> bytes);

  Context context_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<HotManifests> hot_;
  std::unique_ptr<Missing> missing_;
  io::SharedCalls<Key, ManifestAnswer> fetches_;
  io::SharedCalls<CheckKey, upstream::ManifestHead> checks_;

  std::mutex persisting_mutex_;
  io::WaitList settled_;                        // guarded by persisting_mutex_, as is persisting_
  std::unordered_set<oci::Digest> persisting_;  // on their way to the disk
};

}  // namespace entrepot::cache
