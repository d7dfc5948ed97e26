#include "cache/prefetch.hpp"

#include <algorithm>

namespace entrepot::cache {

namespace {

// Manifests that are remembered, and for how long. A client comes for the layers right after its manifest.
constexpr std::size_t kImages = 256;
constexpr std::chrono::minutes kRemembered{5};
constexpr std::size_t kLayers = 128;  // of one image; what has more is no image that somebody runs

// Layers of one image on their way at once: more than clients ask for, so that there is something to gain.
constexpr int kAtOnce = 4;

}  // namespace

// What is left to do of one image; shared by those that do it.
struct Prefetch::Run {
  explicit Run(Image of) : image(std::move(of)) {}

  const Image image;
  std::size_t next = 0;  // all on one io thread
};

Prefetch::Prefetch(Context context, FillTable& fills)
    : context_(context),
      fills_(fills),
      fetched_bytes_(context.registry.counter("entrepot_prefetched_bytes_total",
                                              "Bytes of layers whose download began before a client asked for them.")),
      unread_bytes_(context.registry.counter("entrepot_prefetched_unread_bytes_total",
                                             "Those of layers that were evicted before a client asked for them.")) {}

void Prefetch::served(const Source& source, const upstream::View& view, const oci::Digest& manifest,
                      std::span<const oci::Descriptor> layers) {
  if (layers.size() < 2 || layers.size() > kLayers) return;
  const io::Deadline now = io::SteadyClock::now();
  std::lock_guard lock(mutex_);
  auto is_replaced = [&](const Image& image) {
    const bool same = image.source == &source && image.manifest == manifest && image.view == view;
    return same || now >= image.until;
  };
  std::erase_if(images_, is_replaced);
  images_.push_front({&source, view, manifest, {layers.begin(), layers.end()}, now + kRemembered});
  if (images_.size() > kImages) images_.pop_back();
}

void Prefetch::layer_asked(io::Executor executor, const Source& source, const upstream::View& view,
                           const oci::Digest& layer) {
  std::shared_ptr<Run> run;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(images_, [now = io::SteadyClock::now()](const Image& image) { return now >= image.until; });
    auto has_layer = [&](const Image& image) {
      auto is_it = [&](const oci::Descriptor& listed) { return listed.digest == layer; };
      return image.source == &source && image.view == view &&
             std::any_of(image.layers.begin(), image.layers.end(), is_it);
    };
    auto found = std::find_if(images_.begin(), images_.end(), has_layer);
    if (found == images_.end()) return;
    run = std::make_shared<Run>(std::move(*found));
    images_.erase(found);
  }
  for (int i = 0; i < kAtOnce; ++i) context_.tasks.spawn(executor, "prefetch", fetch(run));
}

io::Awaitable<> Prefetch::fetch(std::shared_ptr<Run> run) {
  const Source& source = *run->image.source;
  while (run->next < run->image.layers.size()) {
    const oci::Descriptor& layer = run->image.layers[run->next++];
    FillTable::Joined joined = co_await fills_.join_or_start(source, run->image.view, layer.digest, layer.size);
    if (!joined.entry) continue;  // it is stored
    if (joined.started) note_unread(layer.digest, layer.size);
    FillEntry::Opened opened = co_await joined.entry->wait_opened(io::kNoDeadline);
    // What is missing, or wrong, may be this layer alone; all else the next one would meet too.
    const bool of_layer =
        opened.error && (opened.error->code == Errc::NotFound || opened.error->code == Errc::BadGateway);
    if (opened.no_room || (opened.error && !of_layer)) run->next = run->image.layers.size();
    co_await joined.entry->wait_closed(io::kNoDeadline);
    if (!joined.started) continue;
    if (context_.store.stored_size(layer.digest)) {
      fetched_bytes_.add(static_cast<double>(layer.size));
    } else {
      forget_unread(layer.digest);
    }
  }
}

void Prefetch::note_unread(const oci::Digest& digest, std::uint64_t size) {
  std::lock_guard lock(mutex_);
  unread_[digest] = size;
  any_unread_ = true;
}

void Prefetch::read(const oci::Digest& digest) {
  if (any_unread_) forget_unread(digest);
}

void Prefetch::forget_unread(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  unread_.erase(digest);
  any_unread_ = !unread_.empty();
}

void Prefetch::removed(const oci::Digest& digest) {
  if (!any_unread_) return;
  std::lock_guard lock(mutex_);
  auto found = unread_.find(digest);
  if (found == unread_.end()) return;
  unread_bytes_.add(static_cast<double>(found->second));
  unread_.erase(found);
  any_unread_ = !unread_.empty();
}

}  // namespace entrepot::cache
