// The layers that a client is going to ask for: once it fetches one layer of an image whose manifest it was served, the
// image's others are fetched too, in their order (config::Fetching::prefetch_layers).
//
// What looks at manifests and configs alone starts nothing, nor does a client that reads parts. Thread-safe. Must
// outlive its tasks.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "cache/fill_table.hpp"
#include "entrepot/oci/manifest.hpp"

namespace entrepot::cache {

class Prefetch {
 public:
  Prefetch(Context context, FillTable& fills);

  // A client was served a manifest with these layers.
  void served(const Source& source, const upstream::View& view, const oci::Digest& manifest,
              std::span<const oci::Descriptor> layers);

  // A client fetches a whole layer: starts what else is missing of the manifest that was served last with it.
  void layer_asked(io::Executor executor, const Source& source, const upstream::View& view, const oci::Digest& layer);

  // A client reads what may have been fetched ahead.
  void read(const oci::Digest& digest);

  // It was evicted.
  void removed(const oci::Digest& digest);

 private:
  struct Image {
    const Source* source;
    upstream::View view;
    oci::Digest manifest;
    std::vector<oci::Descriptor> layers;
    io::Deadline until;  // then a client that comes for a layer has not come for the image
  };
  struct Run;

  io::Awaitable<> fetch(std::shared_ptr<Run> run);
  void note_unread(const oci::Digest& digest, std::uint64_t size);
  void forget_unread(const oci::Digest& digest);

  Context context_;
  FillTable& fills_;
  metrics::Counter fetched_bytes_;
  metrics::Counter unread_bytes_;

  std::mutex mutex_;
  std::deque<Image> images_;                               // guarded by mutex_: the newest first
  std::unordered_map<oci::Digest, std::uint64_t> unread_;  // guarded by mutex_: fetched ahead, by size
  std::atomic<bool> any_unread_{false};                    // a hit need not look further
};

}  // namespace entrepot::cache
