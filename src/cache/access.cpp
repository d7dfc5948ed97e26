#include "cache/access.hpp"

namespace entrepot::cache {

namespace {

// A link keeps no size that a header says: where it is wrong, it would stand in the way of the right one.
io::Awaitable<Result<std::optional<std::uint64_t>>> stat_and_link(store::Store& store, const Source& source,
                                                                  upstream::View view, oci::Digest digest) {
  auto size = co_await source.upstream->stat_blob(view, digest, shared_deadline());
  if (!size) co_return size.error();
  store::Link link{.digest = digest, .as_blob = true};
  store.add_links(source.key(view), {link});
  co_return *size;
}

io::Awaitable<Result<upstream::ManifestHead>> head_and_link(store::Store& store, const Source& source,
                                                            upstream::View view, oci::Digest digest) {
  oci::Reference reference = digest;
  auto head = co_await source.upstream->head_manifest(view, reference, shared_deadline());
  if (!head) co_return head.error();
  if (!head->digest && !head->size) co_return *head;           // HEAD is not supported there, which shows nothing
  if (view.client && head->digest != digest) co_return *head;  // nor does what anybody could answer
  store::Link link{.digest = digest, .as_manifest = true, .media_type = head->media_type};
  store.add_links(source.key(view), {link});
  co_return *head;
}

}  // namespace

io::Awaitable<Result<std::optional<std::uint64_t>>> Access::prove_blob(const Source& source, upstream::View view,
                                                                       oci::Digest digest, io::Deadline deadline) {
  Key key(source.upstream->name(), view, digest);
  auto ask = [store = &context_.store, from = &source, view, digest] {
    return stat_and_link(*store, *from, view, digest);
  };
  co_return co_await blobs_.run(std::move(key), std::move(ask), deadline);
}

io::Awaitable<Result<upstream::ManifestHead>> Access::prove_manifest(const Source& source, upstream::View view,
                                                                     oci::Digest digest, io::Deadline deadline) {
  Key key(source.upstream->name(), view, digest);
  auto ask = [store = &context_.store, from = &source, view, digest] {
    return head_and_link(*store, *from, view, digest);
  };
  co_return co_await manifests_.run(std::move(key), std::move(ask), deadline);
}

}  // namespace entrepot::cache
