#include "entrepot/cache/blob_cache.hpp"

#include "cache/access.hpp"
#include "cache/fill_table.hpp"
#include "cache/missing.hpp"
#include "cache/prefetch.hpp"
#include "cache/readers.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/oci/manifest.hpp"

namespace entrepot::cache {

namespace {

// Up to this size a blob is verified before its status line, so that a wrong one is an error and not a short body.
constexpr std::uint64_t kVerifiedFirst = 64 * 1024;

// How long the status of an answer waits for its first byte. A fill that cannot go on ends within this time, and that
// is an error, which clients take to the next registry, and not an answer without a byte, which they do not.
constexpr std::chrono::seconds kFirstByte{5};

// How often opening a blob is tried anew when another's attempt, joined meanwhile, has ended in a way that is no answer
// to us. Each round waits for an upstream; a client that asks again starts over.
constexpr int kRounds = 8;

class StoredBlob final : public OpenBlob {
 public:
  explicit StoredBlob(std::shared_ptr<const store::StoredFile> file) : file_(std::move(file)) {}

  Outcome outcome() const override { return Outcome::Hit; }
  std::optional<std::uint64_t> size() const override { return file_->size(); }

  io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool to_end,
                                         io::Deadline) override {
    Span span{begin, end, to_end};
    std::unique_ptr<http::BodySource> source = std::make_unique<FileReader>(file_, span);
    co_return http::Body(std::move(source));
  }

 private:
  std::shared_ptr<const store::StoredFile> file_;  // shared with the store's open files
};

class FillingBlob final : public OpenBlob {
 public:
  FillingBlob(std::shared_ptr<Fill> fill, std::shared_ptr<FillEntry> entry, Outcome outcome)
      : fill_(std::move(fill)), entry_(std::move(entry)), outcome_(outcome) {}

  Outcome outcome() const override { return outcome_; }
  std::optional<std::uint64_t> size() const override { return fill_->progress().size(); }

  io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool to_end,
                                         io::Deadline deadline) override {
    if (!std::exchange(answered_, true)) {
      Progress& progress = fill_->progress();
      auto first = co_await progress.wait(begin, end, to_end, std::min(deadline, io::SteadyClock::now() + kFirstByte));
      if (!first && progress.state() == Progress::State::Failed) co_return first.error();
    }
    Span span{begin, end, to_end};
    std::unique_ptr<http::BodySource> source =
        std::make_unique<FillReader>(fill_, entry_->upstream(), entry_->feeders(), span);
    co_return http::Body(std::move(source));
  }

  void announce(std::uint64_t begin, std::uint64_t end) override { fill_->progress().want(begin, end); }

 private:
  std::shared_ptr<Fill> fill_;        // shared with its fetchers and other readers
  std::shared_ptr<FillEntry> entry_;  // shared with the table
  Outcome outcome_;
  bool answered_ = false;  // body() was called
};

// A small blob for which there is no room on the disk, in memory, verified.
class ReadBlob final : public OpenBlob {
 public:
  explicit ReadBlob(std::string bytes) : bytes_(std::move(bytes)) {}

  Outcome outcome() const override { return Outcome::Bypass; }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

  io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool,
                                         io::Deadline) override {
    co_return http::Body(bytes_.substr(begin, *end - begin));
  }

 private:
  const std::string bytes_;
};

// A stream of the client's own.
class StreamedBlob final : public OpenBlob {
 public:
  StreamedBlob(upstream::Upstream& upstream, upstream::View view, oci::Digest digest, std::optional<std::uint64_t> size,
               std::unique_ptr<Download> opened)
      : upstream_(upstream), view_(std::move(view)), digest_(digest), size_(size), opened_(std::move(opened)) {}

  Outcome outcome() const override { return Outcome::Bypass; }
  std::optional<std::uint64_t> size() const override { return size_; }

  io::Awaitable<Result<http::Body>> body(std::uint64_t begin, std::optional<std::uint64_t> end, bool to_end,
                                         io::Deadline deadline) override {
    Span span{begin, end, to_end};
    upstream::BlobRange range;
    std::optional<Hasher> hasher;
    if (to_end) {
      hasher.emplace(digest_.algorithm());
    } else {
      range.first = begin;
      range.last = *end - 1;
      opened_.reset();
    }
    if (!opened_) {
      auto feeders = std::make_shared<Feeders>(view_);
      opened_ = std::make_unique<Download>(upstream_, feeders, digest_, range, size_);
      if (!answered_) {
        Result<void> answered = co_await opened_->open(deadline);
        if (!answered) co_return answered.error();
      }
    }
    answered_ = true;
    std::unique_ptr<http::BodySource> source =
        std::make_unique<StreamReader>(std::move(opened_), digest_, span, std::move(hasher));
    co_return http::Body(std::move(source));
  }

 private:
  upstream::Upstream& upstream_;
  upstream::View view_;
  oci::Digest digest_;
  std::optional<std::uint64_t> size_;
  std::unique_ptr<Download> opened_;  // null, or what was asked for already: the whole blob
  bool answered_ = false;             // for the first part
};

// All of a small blob, verified.
io::Awaitable<Result<std::string>> read_small(upstream::Upstream& upstream, upstream::View view, oci::Digest digest,
                                              std::uint64_t size) {
  auto download =
      std::make_unique<Download>(upstream, std::make_shared<Feeders>(view), digest, upstream::BlobRange{}, size);
  Result<void> answered = co_await download->open(shared_deadline());
  if (!answered) co_return answered.error();
  Span whole{0, size, true};
  StreamReader reader(std::move(download), digest, whole, Hasher(digest.algorithm()));
  std::string text;
  for (;;) {
    auto part = co_await reader.next();
    if (!part) co_return part.error();
    auto bytes = std::get_if<std::span<const std::byte>>(&*part);
    if (bytes == nullptr) co_return text;
    text.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
}

io::Awaitable<std::optional<std::uint64_t>> size_of(FillEntry& entry, io::Deadline deadline) {
  FillEntry::Opened opened = co_await entry.wait_opened(deadline);
  if (!opened.fill) co_return std::nullopt;
  co_return opened.fill->progress().size();
}

// The size of a blob from what a descriptor names and what the upstream says, either of which may be missing.
Result<std::optional<std::uint64_t>> agreed(std::optional<std::uint64_t> listed, std::optional<std::uint64_t> said) {
  if (listed && said && *listed != *said) {
    return Error{Errc::BadGateway, "it has " + std::to_string(*said) + " bytes there, not " + std::to_string(*listed)};
  }
  return listed ? listed : said;
}

// To the view's client too.
bool shown(const Source& source, const upstream::View& view, const std::optional<store::Link>& link) {
  return link && (link->as_blob || link->as_manifest) && source.permits(view);
}

}  // namespace

BlobCache::BlobCache(Context context)
    : context_(context),
      access_(std::make_unique<Access>(context)),
      fills_(std::make_unique<FillTable>(context)),
      prefetch_(std::make_unique<Prefetch>(context, *fills_)),
      missing_(std::make_unique<Missing>()),
      small_reads_(context.tasks) {}

BlobCache::~BlobCache() = default;

void BlobCache::manifest_served(const Source& source, const upstream::View& view, const oci::Digest& digest,
                                std::string_view bytes) {
  if (!source.fetching.prefetch_layers) return;
  Result<oci::Manifest> manifest = oci::parse_manifest(bytes);
  if (manifest) prefetch_->served(source, view, digest, manifest->layers());
}

void BlobCache::blob_served(io::Executor executor, const Source& source, const upstream::View& view,
                            const oci::Digest& digest) {
  if (source.fetching.prefetch_layers) prefetch_->layer_asked(executor, source, view, digest);
}

void BlobCache::forget(const oci::Digest& digest) { prefetch_->removed(digest); }

io::Awaitable<Result<std::unique_ptr<OpenBlob>>> BlobCache::open(const Source& source, upstream::View view,
                                                                 oci::Digest digest, bool wait_for_size,
                                                                 io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  if (auto missing = missing_->find({source.upstream->name(), view, digest, false}, io::SteadyClock::now())) {
    if (!context_.store.link(key, digest)) co_return *missing;  // else it was shown since
  }
  auto client = view.client;
  auto opened = co_await open_or_fetch(source, std::move(view), digest, wait_for_size, deadline);
  if (!opened && opened.error().code == Errc::NotFound) {
    const upstream::View asked{key.repository, std::move(client)};
    missing_->add({source.upstream->name(), asked, digest, false}, opened.error(), io::SteadyClock::now(),
                  source.freshness.negative_ttl);
  }
  co_return opened;
}

io::Awaitable<Result<std::unique_ptr<OpenBlob>>> BlobCache::open_or_fetch(const Source& source, upstream::View view,
                                                                          oci::Digest digest, bool wait_for_size,
                                                                          io::Deadline deadline) {
  upstream::Upstream& upstream = *source.upstream;
  const store::RepositoryKey key = source.key(view);
  for (int round = 0; round < kRounds; ++round) {
    std::optional<store::Link> link = context_.store.link(key, digest);
    if (std::optional<std::uint64_t> stored = context_.store.stored_size(digest)) {
      if (!shown(source, view, link)) {
        auto proved = co_await access_->prove_blob(source, view, digest, deadline);
        if (!proved) co_return proved.error();
      }
      auto file = co_await context_.store.open_blob(digest, deadline);
      if (file) {
        prefetch_->read(digest);
        context_.store.touch(key, digest);
        std::unique_ptr<OpenBlob> blob = std::make_unique<StoredBlob>(std::move(*file));
        co_return blob;
      }
      if (file.error().code == Errc::Timeout) co_return file.error();
      if (file.error().code != Errc::NotFound) {  // it is there, and cannot be read now: nothing to fill
        log::error("blob_not_opened", {{"digest", digest.to_string()}, {"error", file.error().message}});
        co_return co_await stream(upstream, view, digest, stored, nullptr, deadline);
      }
    }

    std::optional<std::uint64_t> listed;
    if (link) listed = link->size;
    FillTable::Joined joined = co_await fills_->join_or_start(source, view, digest, listed);
    std::shared_ptr<FillEntry> entry = std::move(joined.entry);
    if (!entry) continue;  // stored meanwhile
    if (!joined.started && entry->has_failed()) {
      bool gone = co_await entry->wait_closed(deadline);
      if (!gone) break;
      continue;
    }
    bool same_access = entry->starter() == view;
    Outcome outcome = joined.started ? Outcome::Stored : Outcome::Collapsed;
    if (entry->is_verified()) outcome = Outcome::Hit;
    if (!same_access) {
      if (!shown(source, view, link)) {
        auto proved = co_await access_->prove_blob(source, view, digest, deadline);
        if (!proved) co_return proved.error();
      }
      entry->feeders()->add(view);
    }

    FillEntry::Opened opened = co_await entry->wait_opened(deadline);
    if (opened.error) {
      if (same_access || io::SteadyClock::now() >= deadline) co_return *opened.error;
      continue;
    }
    if (opened.no_room) {
      std::unique_ptr<Download> claimed;
      if (joined.started) claimed = entry->claim_stream();
      co_return co_await stream(upstream, view, digest, opened.no_room->size, std::move(claimed), deadline);
    }

    // A recovered file that is complete may not have met this repository yet: nobody has asked its upstream.
    const bool answered = joined.started && opened.answered;
    if (!answered && !shown(source, view, context_.store.link(key, digest))) {
      auto proved = co_await access_->prove_blob(source, view, digest, deadline);
      if (!proved) co_return proved.error();
    }
    const Progress& progress = opened.fill->progress();
    std::optional<std::uint64_t> size = progress.size();
    bool verify_first = size ? *size <= kVerifiedFirst : wait_for_size;
    Result<void> verified = ok();
    if (verify_first) {
      verified = co_await progress.wait_verified(deadline);
    } else if (progress.state() == Progress::State::Failed) {
      verified = Error{Errc::BadGateway, upstream.name() + ": the download of " + digest.to_string() + " has failed"};
    }
    if (progress.state() == Progress::State::DiskFailed) {
      co_return co_await stream(upstream, view, digest, size, nullptr, deadline);
    }
    if (verified) {
      prefetch_->read(digest);
      context_.store.touch(key, digest);
      std::unique_ptr<OpenBlob> blob = std::make_unique<FillingBlob>(std::move(opened.fill), std::move(entry), outcome);
      co_return blob;
    }
    // Who started it has asked for these very bytes; others may have a view that brings better ones.
    if (joined.started || verified.error().code == Errc::Timeout) co_return verified.error();
    if (verify_first && same_access) co_return verified.error();
    bool closed = co_await entry->wait_closed(deadline);
    if (!closed) break;
  }
  co_return Error{Errc::Timeout, upstream.name() + ": " + digest.to_string() + " could not be opened in time"};
}

// Past the disk. `opened`: null, or the answer to a request for the whole blob.
io::Awaitable<Result<std::unique_ptr<OpenBlob>>> BlobCache::stream(upstream::Upstream& upstream, upstream::View view,
                                                                   oci::Digest digest,
                                                                   std::optional<std::uint64_t> size,
                                                                   std::unique_ptr<Download> opened,
                                                                   io::Deadline deadline) {
  std::unique_ptr<OpenBlob> blob;
  if (size && *size <= kVerifiedFirst) {
    opened.reset();
    Key key(upstream.name(), view, digest);
    auto read = [from = &upstream, view, digest, size] { return read_small(*from, view, digest, *size); };
    auto bytes = co_await small_reads_.run(std::move(key), std::move(read), deadline);
    if (!bytes) co_return bytes.error();
    blob = std::make_unique<ReadBlob>(std::move(*bytes));
  } else {
    blob = std::make_unique<StreamedBlob>(upstream, std::move(view), digest, size, std::move(opened));
  }
  co_return blob;
}

io::Awaitable<Result<BlobCache::Stat>> BlobCache::stat(const Source& source, upstream::View view, oci::Digest digest,
                                                       io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  const Missing::Request request{source.upstream->name(), view, digest, true};
  if (auto missing = missing_->find(request, io::SteadyClock::now())) {
    if (!context_.store.link(key, digest)) co_return *missing;  // else it was shown since
  }
  auto stat = co_await stat_or_ask(source, view, digest, deadline);
  if (!stat && stat.error().code == Errc::NotFound) {
    missing_->add(request, stat.error(), io::SteadyClock::now(), source.freshness.negative_ttl);
  }
  co_return stat;
}

io::Awaitable<Result<BlobCache::Stat>> BlobCache::stat_or_ask(const Source& source, upstream::View view,
                                                              oci::Digest digest, io::Deadline deadline) {
  upstream::Upstream& upstream = *source.upstream;
  const store::RepositoryKey key = source.key(view);
  std::optional<std::uint64_t> stored = context_.store.stored_size(digest);
  if (!stored) {
    std::shared_ptr<FillEntry> entry = fills_->find(upstream, digest);
    if (entry && entry->is_verified()) stored = co_await size_of(*entry, deadline);
  }
  Stat stat{stored, stored.has_value()};
  std::optional<store::Link> link = context_.store.link(key, digest);
  if (stored && shown(source, view, link)) {
    context_.store.touch(key, digest);
    co_return stat;
  }
  auto proved = co_await access_->prove_blob(source, view, digest, deadline);
  if (!proved) co_return proved.error();
  if (stored) co_return stat;
  auto size = agreed(link ? link->size : std::nullopt, *proved);
  if (!size)
    co_return Error{size.error().code, upstream.name() + ": " + digest.to_string() + ": " + size.error().message};
  stat.size = *size;
  co_return stat;
}

}  // namespace entrepot::cache
