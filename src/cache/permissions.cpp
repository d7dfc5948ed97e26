#include "entrepot/cache/permissions.hpp"

#include "entrepot/oci/manifest.hpp"
#include "entrepot/oci/media_type.hpp"

namespace entrepot::cache {

namespace {

using upstream::View;

// Whether it comes from the registry, which has let this client see it: a sign-in page in front of it is a 200 too.
// What a cache that is our upstream could not check shows nothing either.
bool shows(const upstream::ManifestHead& head, const oci::Reference& reference) {
  const auto* asked = std::get_if<oci::Digest>(&reference);
  return head.digest && oci::is_manifest(head.media_type) && !head.stale &&
         (asked == nullptr || *asked == *head.digest);
}

bool shows(const upstream::ManifestBody& body, const oci::Reference& reference) {
  const auto* asked = std::get_if<oci::Digest>(&reference);
  if (body.stale) return false;
  if (asked != nullptr) return oci::Digest::of(asked->algorithm(), body.bytes) == *asked;
  return oci::parse_manifest(body.bytes).has_value();
}

class NotingUpstream final : public upstream::Upstream {
 public:
  NotingUpstream(std::unique_ptr<upstream::Upstream> upstream, std::shared_ptr<Permissions> permissions)
      : upstream_(std::move(upstream)), permissions_(std::move(permissions)) {}

  const std::string& name() const override { return upstream_->name(); }

  io::Awaitable<Result<void>> ping(View view, io::Deadline deadline) override {
    view.repository.clear();
    const io::Deadline begun = io::SteadyClock::now();
    auto answer = co_await upstream_->ping(view, deadline);
    note(view, begun, answer, true);
    co_return answer;
  }

  io::Awaitable<Result<upstream::ManifestHead>> head_manifest(View view, oci::Reference reference,
                                                              io::Deadline deadline) override {
    const io::Deadline begun = io::SteadyClock::now();
    auto answer = co_await upstream_->head_manifest(view, reference, deadline);
    note(view, begun, answer, answer && shows(*answer, reference));
    co_return answer;
  }

  io::Awaitable<Result<upstream::ManifestBody>> get_manifest(View view, oci::Reference reference,
                                                             io::Deadline deadline) override {
    const io::Deadline begun = io::SteadyClock::now();
    auto answer = co_await upstream_->get_manifest(view, reference, deadline);
    note(view, begun, answer, answer && shows(*answer, reference));
    co_return answer;
  }

  io::Awaitable<Result<std::optional<std::uint64_t>>> stat_blob(View view, oci::Digest digest,
                                                                io::Deadline deadline) override {
    const io::Deadline begun = io::SteadyClock::now();
    auto answer = co_await upstream_->stat_blob(view, digest, deadline);
    note(view, begun, answer, true);
    co_return answer;
  }

  io::Awaitable<Result<std::unique_ptr<upstream::BlobBody>>> get_blob(View view, oci::Digest digest,
                                                                      upstream::BlobRange range,
                                                                      io::Deadline deadline) override {
    auto answer = co_await upstream_->get_blob(view, digest, range, deadline);
    note(view, io::Deadline(), answer, false);  // its bytes will tell (FillTable)
    co_return answer;
  }

  // Lists prove nothing: some registries show them, or an empty one, to anybody.
  io::Awaitable<Result<upstream::TagsPage>> tags(View view, std::uint64_t n, std::string last,
                                                 io::Deadline deadline) override {
    auto answer = co_await upstream_->tags(view, n, std::move(last), deadline);
    note(view, io::Deadline(), answer, false);
    co_return answer;
  }

  io::Awaitable<Result<upstream::ReferrersPage>> referrers(View view, oci::Digest digest, std::string artifact_type,
                                                           std::string next, io::Deadline deadline) override {
    auto answer = co_await upstream_->referrers(view, digest, std::move(artifact_type), std::move(next), deadline);
    note(view, io::Deadline(), answer, false);
    co_return answer;
  }

 private:
  template <class T>
  void note(const View& view, io::Deadline begun, const Result<T>& answer, bool shows) {
    const io::Deadline now = io::SteadyClock::now();
    if (answer && shows) permissions_->grant(view, begun, now);
    if (answer || answer.error().code != Errc::Denied) return;
    permissions_->revoke(answer.error().of_account ? View{"", view.client} : view, now);
  }

  const std::unique_ptr<upstream::Upstream> upstream_;
  const std::shared_ptr<Permissions> permissions_;  // shared with the source
};

}  // namespace

bool Permissions::has(const View& view, io::Deadline now) const {
  const Key key(view.fingerprint(), view.repository);
  std::lock_guard lock(mutex_);
  auto found = entries_.find(key);
  return found != entries_.end() && now < found->second.until;
}

void Permissions::grant(const View& view, io::Deadline begun, io::Deadline now) {
  const Key key(view.fingerprint(), view.repository);
  const Key account(view.fingerprint(), "");
  std::lock_guard lock(mutex_);
  for (const Key& refusable : {key, account}) {
    auto found = entries_.find(refusable);
    if (found != entries_.end() && found->second.refused >= begun) return;
  }
  make_room(now);
  entries_[key].until = now + ttl_;
}

void Permissions::revoke(const View& view, io::Deadline now) {
  const std::string fingerprint(view.fingerprint());
  std::lock_guard lock(mutex_);
  make_room(now);
  entries_.insert_or_assign(Key(fingerprint, view.repository), Entry{.refused = now});
  if (!view.repository.empty()) return;
  for (auto entry = entries_.lower_bound(Key(fingerprint, "")); entry != entries_.end(); ++entry) {
    if (entry->first.first != fingerprint) break;
    entry->second = Entry{.refused = now};
  }
}

// For one more: what is over goes first.
void Permissions::make_room(io::Deadline now) {
  if (entries_.size() < kMost) return;
  std::erase_if(entries_, [now](const auto& entry) { return now >= entry.second.until; });
  if (entries_.size() >= kMost) entries_.clear();
}

std::unique_ptr<upstream::Upstream> noting(std::unique_ptr<upstream::Upstream> upstream,
                                           std::shared_ptr<Permissions> permissions) {
  return std::make_unique<NotingUpstream>(std::move(upstream), std::move(permissions));
}

}  // namespace entrepot::cache
