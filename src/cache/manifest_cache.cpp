#include "entrepot/cache/manifest_cache.hpp"

#include "cache/access.hpp"
#include "cache/freshness.hpp"
#include "cache/hot_manifests.hpp"
#include "cache/missing.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/oci/manifest.hpp"
#include "entrepot/oci/media_type.hpp"

namespace entrepot::cache {

namespace {

constexpr std::size_t kHotBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kLargestManifest = 4 * 1024 * 1024;

store::TagTarget target_of(const ManifestAnswer& answer) {
  return store::TagTarget{answer.digest, answer.media_type, answer.size};
}

bool is_complete(const upstream::ManifestHead& head) { return head.digest && head.size && !head.media_type.empty(); }

// What serving a manifest shows: the manifest itself and, if `shows_listed`, what it lists, of which only the size is
// known otherwise.
std::vector<store::Link> links_of(const oci::Digest& digest, const std::string& media_type, std::uint64_t size,
                                  const Result<oci::Manifest>& manifest, bool shows_listed) {
  std::vector<store::Link> links;
  links.push_back(store::Link{.digest = digest, .as_manifest = true, .media_type = media_type, .size = size});
  if (!manifest) return links;
  for (const oci::Descriptor& listed : manifest->references) {
    store::Link link{.digest = listed.digest, .size = listed.size};
    if (!shows_listed) {
      // `access: passthrough`: asked for, it will show itself.
    } else if (oci::is_manifest(listed.media_type)) {
      link.as_manifest = true;
      link.media_type = listed.media_type;
    } else {
      link.as_blob = true;
    }
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace

ManifestCache::ManifestCache(Context context)
    : context_(context),
      access_(std::make_unique<Access>(context)),
      hot_(std::make_unique<HotManifests>(kHotBytes)),
      missing_(std::make_unique<Missing>()),
      fetches_(context.tasks),
      checks_(context.tasks) {}

ManifestCache::~ManifestCache() = default;

io::Awaitable<Result<ManifestAnswer>> ManifestCache::open(const Source& source, upstream::View view,
                                                          oci::Reference reference, bool head, io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  if (auto digest = std::get_if<oci::Digest>(&reference)) {
    Answer answer = co_await find_digest(source, std::move(view), *digest, head, deadline);
    if (answer) context_.store.touch(key, *digest);
    co_return answer;
  }
  const std::string& tag = std::get<oci::Tag>(reference).name;
  Answer answer = co_await by_tag(source, std::move(view), tag, head, deadline);
  if (answer) {
    context_.store.touch(key, answer->digest);
    context_.store.touch_tag(key, tag);
  }
  co_return answer;
}

void ManifestCache::forget(const oci::Digest& digest) { hot_->forget(digest); }

// ---- by digest

// As by_digest; an upstream that has just said that there is no such digest is believed.
io::Awaitable<Result<ManifestAnswer>> ManifestCache::find_digest(const Source& source, upstream::View view,
                                                                 oci::Digest digest, bool head, io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  if (auto missing = missing_->find({source.upstream->name(), view, digest, head}, io::SteadyClock::now())) {
    if (!context_.store.link(key, digest)) co_return *missing;  // else it was shown since
  }
  auto client = view.client;
  Answer answer = co_await by_digest(source, std::move(view), digest, head, deadline);
  if (!answer && answer.error().code == Errc::NotFound) {
    const upstream::View asked{key.repository, std::move(client)};
    missing_->add({source.upstream->name(), asked, digest, head}, answer.error(), io::SteadyClock::now(),
                  source.freshness.negative_ttl);
  }
  co_return answer;
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::by_digest(const Source& source, upstream::View view,
                                                               oci::Digest digest, bool head, io::Deadline deadline) {
  upstream::Upstream& upstream = *source.upstream;
  const store::RepositoryKey key = source.key(view);
  std::optional<store::Link> link = context_.store.link(key, digest);
  bool shown = link && link->as_manifest && source.permits(view);

  if (link && !link->as_manifest && link->as_blob && source.permits(view) && stored_size(digest)) {
    // Known as a blob. Whether it is a manifest too, its bytes say: a blob asked for as a manifest does not exist.
    std::shared_ptr<const std::string> bytes;
    if (context_.store.stored_size(digest).value_or(0) <= kLargestManifest) {
      bytes = co_await stored_bytes(upstream.name(), digest);
    }
    if (!bytes || !oci::parse_manifest(*bytes)) {
      co_return Error{Errc::NotFound, digest.to_string() + " is a blob, not a manifest"};
    }
  }
  if (!shown && (head || stored_size(digest))) {
    auto proved = co_await access_->prove_manifest(source, view, digest, deadline);
    if (!proved) co_return proved.error();
    if (head && !stored_size(digest) && proved->size && !proved->media_type.empty()) {
      co_return ManifestAnswer{digest, proved->media_type, *proved->size, nullptr, Outcome::Forwarded};
    }
    link = context_.store.link(key, digest);
    shown = link && link->as_manifest && source.permits(view);
  }
  if (shown) {
    std::shared_ptr<const std::string> bytes = co_await stored_bytes(upstream.name(), digest);
    if (bytes) {
      std::string media_type = link ? link->media_type : "";
      if (media_type.empty()) {
        auto manifest = oci::parse_manifest(*bytes);
        media_type = manifest ? oci::effective_media_type("", *manifest) : std::string();
        if (media_type.empty()) media_type = oci::kOctetStream;
      }
      co_return ManifestAnswer{digest, media_type, bytes->size(), bytes, Outcome::Hit};
    }
    if (head) {
      auto proved = co_await access_->prove_manifest(source, view, digest, deadline);
      if (!proved) co_return proved.error();
      if (proved->size && !proved->media_type.empty()) {
        co_return ManifestAnswer{digest, proved->media_type, *proved->size, nullptr, Outcome::Forwarded};
      }
    }
  }
  oci::Reference reference = digest;
  co_return co_await fetch(source, std::move(view), std::move(reference), deadline);
}

std::optional<std::uint64_t> ManifestCache::stored_size(const oci::Digest& digest) const {
  if (SharedBytes hot = hot_->find(digest)) return hot->size();
  return context_.store.stored_size(digest);
}

// What is stored for a tag. What was seen last, if that has come by its digest meanwhile: clients that ask HEAD for the
// tag and GET for the digest never GET the tag.
std::optional<store::TagTarget> ManifestCache::stored_target(const std::optional<store::TagRecord>& record) const {
  if (!record) return std::nullopt;
  store::TagTarget target = record->seen;
  std::optional<std::uint64_t> size = stored_size(target.digest);
  if (!size && record->stored) {
    target = *record->stored;
    size = stored_size(target.digest);
  }
  if (!size) return std::nullopt;
  target.size = *size;
  return target;
}

// Null if it is not stored, or its file turns out to be unusable.
io::Awaitable<std::shared_ptr<const std::string>> ManifestCache::stored_bytes(std::string upstream,
                                                                              oci::Digest digest) {
  if (SharedBytes hot = hot_->find(digest)) {
    if (!context_.store.stored_size(digest)) {  // it found no room; there may be some now
      io::Executor executor = co_await io::net::this_coro::executor;
      persist(executor, std::move(upstream), digest, hot);
    }
    co_return hot;
  }
  std::optional<std::uint64_t> size = context_.store.stored_size(digest);
  if (!size || *size > kLargestManifest) co_return nullptr;
  auto bytes = co_await context_.store.read_all(digest, shared_deadline());
  if (!bytes) co_return nullptr;
  auto shared = std::make_shared<const std::string>(std::move(*bytes));
  hot_->put(digest, shared);
  if (!context_.store.stored_size(digest)) hot_->forget(digest);  // evicted while it was read
  co_return shared;
}

// ---- by tag

io::Awaitable<Result<ManifestAnswer>> ManifestCache::by_tag(const Source& source, upstream::View view, std::string tag,
                                                            bool head, io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  std::optional<store::TagRecord> record = context_.store.tag(key, tag);
  std::optional<store::TagTarget> stored = stored_target(record);
  const bool is_known = stored && stored->digest == record->seen.digest && source.permits(view);
  if (is_known && is_fresh(source.freshness, *record, context_.clock.now())) {
    Answer fresh = co_await answer_stored(source.upstream->name(), *stored, Outcome::Hit, head);
    if (fresh) co_return fresh;
  }
  if (!stored) {
    if (!head) {
      oci::Reference reference = oci::Tag{tag};
      Answer fetched = co_await fetch(source, view, std::move(reference), deadline);
      if (!fetched && fetched.error().code == Errc::NotFound) context_.store.forget_tag(key, tag);
      co_return fetched;
    }
    Answer seen = co_await revalidate(source, std::move(view), tag, head, false, deadline);
    if (!seen && seen.error().code == Errc::NotFound) context_.store.forget_tag(key, tag);
    co_return seen;
  }

  // Whoever can be served stale waits for `freshness.timeout`, and not at all while nobody has had an answer.
  Breaker& breaker = *source.breaker;
  const bool has_stale = source.permits(view) && decide(source.freshness, *record, Errc::Timeout,
                                                        context_.clock.now()) == OnFailure::ServeStale;
  if (has_stale && breaker.is_open()) {
    Error silent{Errc::Timeout, source.upstream->name() + " does not answer"};
    co_return co_await after_failure(source, std::move(view), std::move(tag), std::move(silent), head);
  }
  const io::Deadline begun = io::SteadyClock::now();
  Answer answer = co_await revalidate(source, view, tag, head, has_stale, deadline);
  if (answer) co_return answer;
  Error error = answer.error();
  if (has_stale && breaker.was_in_vain(error, io::SteadyClock::now() - begun)) {
    auto again = [this, &source, view, tag] { return try_check(source, view, tag); };
    io::Executor executor = co_await io::net::this_coro::executor;
    breaker.open(executor, std::move(again));
  }
  co_return co_await after_failure(source, std::move(view), std::move(tag), std::move(error), head);
}

// Asks the upstream what the tag has now, by HEAD, and answers with that.
io::Awaitable<Result<ManifestAnswer>> ManifestCache::revalidate(const Source& source, upstream::View view,
                                                                std::string tag, bool head, bool has_stale,
                                                                io::Deadline deadline) {
  auto seen = co_await check(source, view, tag, has_stale, deadline);
  if (!seen) co_return seen.error();
  Answer answer = co_await answer_as_seen(source, std::move(view), std::move(tag), *seen, head, deadline);
  if (answer && seen->stale) answer->outcome = Outcome::Stale;
  co_return answer;
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::answer_as_seen(const Source& source, upstream::View view,
                                                                    std::string tag, upstream::ManifestHead seen,
                                                                    bool head, io::Deadline deadline) {
  const store::RepositoryKey key = source.key(view);
  if (!is_complete(seen)) {
    oci::Reference reference = oci::Tag{tag};
    co_return co_await fetch(source, std::move(view), std::move(reference), deadline);
  }
  std::optional<store::TagRecord> record = context_.store.tag(key, tag);
  std::optional<store::TagTarget> stored = stored_target(record);
  if (stored && stored->digest == *seen.digest) {
    Answer unchanged = co_await answer_stored(source.upstream->name(), *stored, Outcome::Hit, head);
    if (unchanged) co_return unchanged;
  }
  if (head) co_return ManifestAnswer{*seen.digest, seen.media_type, *seen.size, nullptr, Outcome::Forwarded};
  // The tag has moved. By digest, so that what is fetched is what was seen, whatever the tag does meanwhile.
  Answer moved = co_await by_digest(source, view, *seen.digest, false, deadline);
  if (moved) {
    record_tag(source, key, tag, target_of(*moved), true, seen.stale);
    co_return moved;
  }
  // A digest that is not there, or is another's, was a wrong hint; what the tag is, only its own answer says.
  if (moved.error().code != Errc::NotFound && moved.error().code != Errc::BadGateway) co_return moved;
  oci::Reference reference = oci::Tag{tag};
  co_return co_await fetch(source, std::move(view), std::move(reference), deadline);
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::after_failure(const Source& source, upstream::View view,
                                                                   std::string tag, Error error, bool head) {
  const store::RepositoryKey key = source.key(view);
  std::optional<store::TagRecord> record = context_.store.tag(key, tag);
  std::optional<store::TagTarget> stored = stored_target(record);
  if (!stored || !source.permits(view)) co_return error;
  switch (decide(source.freshness, *record, error.code, context_.clock.now())) {
    case OnFailure::Forget:
      context_.store.forget_tag(key, tag);
      co_return error;
    case OnFailure::Refuse:
      co_return error;
    case OnFailure::ServeStale:
      break;
  }
  log::warning("stale", {{"upstream", source.upstream->name()},
                         {"repository", key.repository},
                         {"tag", tag},
                         {"digest", stored->digest.to_string()},
                         {"error", error.message}});
  Answer stale = co_await answer_stored(source.upstream->name(), *stored, Outcome::Stale, head);
  if (!stale) co_return error;
  co_return stale;
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::answer_stored(std::string upstream, store::TagTarget target,
                                                                   Outcome outcome, bool head) {
  ManifestAnswer answer{target.digest, target.media_type, target.size, nullptr, outcome};
  if (!head) {
    answer.bytes = co_await stored_bytes(std::move(upstream), target.digest);
    if (!answer.bytes) co_return Error{Errc::NotFound, target.digest.to_string() + " is not stored any more"};
  }
  co_return answer;
}

// ---- upstream

// Those who can be served stale share checks that end with their patience: nobody joins one that others have given up.
io::Awaitable<Result<upstream::ManifestHead>> ManifestCache::check(const Source& source, upstream::View view,
                                                                   std::string tag, bool has_stale,
                                                                   io::Deadline deadline) {
  io::SteadyClock::duration limit = kSharedLimit;
  if (has_stale) limit = std::min<io::SteadyClock::duration>(limit, source.freshness.timeout);
  CheckKey key(source.upstream->name(), view, tag, has_stale);
  auto ask = [this, &source, view, tag, limit] { return check_alone(source, view, tag, limit); };
  co_return co_await checks_.run(std::move(key), std::move(ask), deadline);
}

io::Awaitable<Result<upstream::ManifestHead>> ManifestCache::check_alone(const Source& source, upstream::View view,
                                                                         std::string tag,
                                                                         io::SteadyClock::duration limit) {
  oci::Reference reference = oci::Tag{tag};
  auto head = co_await source.upstream->head_manifest(view, std::move(reference), io::SteadyClock::now() + limit);
  if (!head) co_return head.error();
  const store::RepositoryKey key = source.key(view);
  // What came with the bytes, or was read in them, is better than what a HEAD says.
  if (head->digest && stored_size(*head->digest)) {
    std::optional<store::Link> known = context_.store.link(key, *head->digest);
    if (known && !known->media_type.empty()) head->media_type = known->media_type;
  }
  if (is_complete(*head)) {
    store::Link link{.digest = *head->digest, .as_manifest = true, .media_type = head->media_type};
    context_.store.add_links(key, {link});
    store::TagTarget seen{*head->digest, head->media_type, *head->size};
    record_tag(source, key, tag, seen, false, head->stale);
  }
  co_return *head;
}

// For the breaker: joins no check, since that may be the one that hangs.
io::Awaitable<Result<void>> ManifestCache::try_check(const Source& source, upstream::View view, std::string tag) {
  auto seen = co_await check_alone(source, std::move(view), std::move(tag), kSharedLimit);
  if (!seen) co_return seen.error();
  co_return ok();
}

// Remembers what the upstream has now; `stored`: and that we have it too; `stale`: it has not checked that itself.
void ManifestCache::record_tag(const Source& source, const store::RepositoryKey& key, const std::string& tag,
                               const store::TagTarget& seen, bool stored, bool stale) {
  std::optional<store::TagRecord> before = context_.store.tag(key, tag);
  if (before && before->seen.digest != seen.digest) {
    log::info("tag_moved", {{"upstream", source.upstream->name()},
                            {"repository", key.repository},
                            {"tag", tag},
                            {"old", before->seen.digest.to_string()},
                            {"new", seen.digest.to_string()}});
  }
  store::TagRecord record{.seen = seen, .checked = stale && before ? before->checked : context_.clock.now()};
  if (stored) {
    record.stored = seen;
  } else {
    record.stored = stored_target(before);
  }
  context_.store.set_tag(key, tag, record);
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::fetch(const Source& source, upstream::View view,
                                                           oci::Reference reference, io::Deadline deadline) {
  Key key(source.upstream->name(), view, oci::to_string(reference));
  auto get = [this, &source, view, reference] { return fetch_alone(source, view, reference); };
  bool joined = false;
  Answer answer = co_await fetches_.run(std::move(key), std::move(get), deadline, &joined);
  if (answer && joined && answer->outcome != Outcome::Stale) answer->outcome = Outcome::Collapsed;
  co_return answer;
}

io::Awaitable<Result<ManifestAnswer>> ManifestCache::fetch_alone(const Source& source, upstream::View view,
                                                                 oci::Reference reference) {
  const store::RepositoryKey key = source.key(view);
  auto expected = std::get_if<oci::Digest>(&reference);
  if (expected) {  // another's fetch may have ended between the caller's look and its call
    std::optional<store::Link> link = context_.store.link(key, *expected);
    std::shared_ptr<const std::string> hot = hot_->find(*expected);
    if (hot && link && link->as_manifest && !link->media_type.empty() && source.permits(view)) {
      co_return ManifestAnswer{*expected, link->media_type, hot->size(), hot, Outcome::Hit};
    }
  }
  auto body = co_await source.upstream->get_manifest(view, reference, shared_deadline());
  if (!body) co_return body.error();
  oci::Digest digest = oci::Digest::of(expected ? expected->algorithm() : HashAlgorithm::Sha256, body->bytes);
  if (expected && digest != *expected) {
    co_return Error{Errc::BadGateway, source.upstream->name() + ": what it sent is not " + expected->to_string()};
  }
  Result<oci::Manifest> manifest = oci::parse_manifest(body->bytes);
  if (!manifest && manifest.error().code == Errc::NotFound) co_return manifest.error();
  // By digest it is what was asked for; by tag it may be a portal's page.
  bool is_plausible = manifest || expected || oci::is_manifest(body->media_type) || body->media_type.ends_with("+json");
  if (!is_plausible) {
    co_return Error{Errc::BadGateway, source.upstream->name() + ": no manifest: " + manifest.error().message};
  }
  std::string media_type = manifest ? oci::effective_media_type(body->media_type, *manifest) : body->media_type;
  if (media_type.empty()) media_type = oci::kOctetStream;

  auto bytes = std::make_shared<const std::string>(std::move(body->bytes));
  hot_->put(digest, bytes);
  context_.store.add_links(key, links_of(digest, media_type, bytes->size(), manifest, source.permissions == nullptr));
  ManifestAnswer answer{digest, media_type, bytes->size(), bytes, body->stale ? Outcome::Stale : Outcome::Stored};
  if (auto tag = std::get_if<oci::Tag>(&reference))
    record_tag(source, key, tag->name, target_of(answer), true, body->stale);
  io::Executor executor = co_await io::net::this_coro::executor;
  persist(executor, source.upstream->name(), digest, bytes);
  co_return answer;
}

// Behind the answer: a client need not wait for the disk, nor fail with it.
void ManifestCache::persist(io::Executor executor, std::string upstream, oci::Digest digest,
                            std::shared_ptr<const std::string> bytes) {
  {
    std::lock_guard lock(persisting_mutex_);
    if (!persisting_.insert(digest).second) return;
  }
  context_.tasks.spawn(executor, "persist manifest", put(std::move(upstream), digest, std::move(bytes)));
}

io::Awaitable<> ManifestCache::put(std::string upstream, oci::Digest digest, std::shared_ptr<const std::string> bytes) {
  Result<void> stored = co_await context_.store.put(upstream, digest, bytes);
  if (!stored) {
    // Without room it is tried again at each use, and would be said as often.
    const log::Level level = stored.error().code == Errc::NoRoom ? log::Level::Debug : log::Level::Error;
    log::write(level, "manifest_not_stored", {{"digest", digest.to_string()}, {"error", stored.error().message}});
  }
  std::lock_guard lock(persisting_mutex_);
  persisting_.erase(digest);
  if (persisting_.empty()) settled_.wake_all();
}

io::Awaitable<> ManifestCache::settle(io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(persisting_mutex_);
  while (!persisting_.empty()) {
    std::shared_ptr<io::WaitList::Waiter> waiter = settled_.enter(executor);
    lock.unlock();
    bool woken = co_await io::wait(std::move(waiter), deadline);
    if (!woken) co_return;
    lock.lock();
  }
}

}  // namespace entrepot::cache
