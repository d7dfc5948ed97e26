#include "entrepot/upstream/registry_client.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "entrepot/http/range.hpp"
#include "entrepot/oci/media_type.hpp"
#include "upstream/blob_answer.hpp"
#include "upstream/error_map.hpp"
#include "upstream/link.hpp"
#include "upstream/tags_page.hpp"
#include "upstream/transport.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kMaxManifest = 4 * config::kMiB;
constexpr std::size_t kMaxReferrers = 4 * config::kMiB;
constexpr std::size_t kMaxTags = 8 * config::kMiB;  // of one that ignores `n`: some 200,000 tags

Call make_call(std::string_view method, View view, std::string path, std::string_view accept, io::Deadline deadline) {
  Call call{.method = std::string(method),
            .view = std::move(view),
            .path = std::move(path),
            .headers = {},
            .deadline = deadline};
  if (!accept.empty()) call.headers.add("Accept", accept);
  return call;
}

Call manifest_call(std::string_view method, View view, const oci::Reference& reference, io::Deadline deadline) {
  return make_call(method, std::move(view), "manifests/" + oci::to_string(reference), oci::accepted_manifests(),
                   deadline);
}

Call blob_call(std::string_view method, View view, const oci::Digest& digest, const BlobRange& range,
               io::Deadline deadline) {
  Call call = make_call(method, std::move(view), "blobs/" + digest.to_string(), {}, deadline);
  call.kind = RateLimit::Of::Blobs;
  std::string header = range_header(range);
  if (!header.empty()) call.headers.add("Range", header);
  return call;
}

std::string media_type_of(const http::Exchange& exchange) {
  return oci::without_parameters(exchange.header("Content-Type"));
}

std::optional<oci::Digest> digest_of(const http::Exchange& exchange) {
  Result<oci::Digest> digest = oci::Digest::parse(exchange.header("Docker-Content-Digest"));
  if (!digest) return std::nullopt;
  return *digest;
}

// The upstream has it, but its digest cannot be checked against its bytes, and no current client takes it.
Error schema1_error() { return {Errc::NotFound, "the manifest is of schema 1, which is not served"}; }

// Whether a registry that refuses a HEAD with this may well answer a GET: public.ecr.aws has 401, storages whose signed
// URLs are for GET only have 403.
bool refuses_head(unsigned status) {
  return status == 400 || status == 401 || status == 403 || status == 405 || status == 501;
}

// `next` has been through a client's hands: only what a query may hold (RFC 3986, 3.4).
bool is_query(std::string_view text) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/?%";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || kAllowed.find(c) != std::string_view::npos;
  });
}

// Whether two URLs name the same list of a registry, however they encode its digest.
bool same_path(const http::Url& a, const http::Url& b) {
  Result<std::string> path_a = http::percent_decode(path_of(a));
  Result<std::string> path_b = http::percent_decode(path_of(b));
  return path_a && path_b && *path_a == *path_b;
}

// What a cache that is our upstream says of a tag that it could not check.
bool is_stale(const http::Exchange& exchange) {
  for (const std::string& warning : exchange.header_values("Warning")) {
    if (warning.starts_with("110 ")) return true;
  }
  return false;
}

// Source: OCI distribution-spec, "Listing Referrers": a comma-separated list.
bool filtered_by_artifact_type(const http::Exchange& exchange) {
  for (const std::string& line : exchange.header_values("OCI-Filters-Applied")) {
    if (line.find("artifactType") != std::string::npos) return true;
  }
  return false;
}

class ExchangeBody final : public BlobBody {
 public:
  ExchangeBody(std::unique_ptr<http::Exchange> exchange, BlobExtent extent)
      : exchange_(std::move(exchange)), extent_(extent) {}

  std::uint64_t first() const override { return extent_.first; }
  std::optional<std::uint64_t> last() const override { return extent_.last; }
  std::optional<std::uint64_t> total() const override { return extent_.total; }
  io::Awaitable<Result<std::size_t>> read(std::span<std::byte> buffer) override { return exchange_->read(buffer); }
  void expect_cut(bool expected) override { exchange_->expect_cut(expected); }

 private:
  std::unique_ptr<http::Exchange> exchange_;
  BlobExtent extent_;
};

Result<BlobExtent> extent_of(const http::Exchange& exchange, const BlobRange& asked) {
  BlobHeader header{.status = exchange.status(),
                    .content_length = exchange.content_length(),
                    .content_range = exchange.header("Content-Range")};
  return extent_of(header, asked);
}

class RegistryClient final : public Upstream {
 public:
  RegistryClient(const config::Upstream& config, const Context& context)
      : name_(config.name), transport_(config, context) {}

  const std::string& name() const override { return name_; }

  io::Awaitable<Result<void>> ping(View view, io::Deadline deadline) override;
  io::Awaitable<Result<ManifestHead>> head_manifest(View view, oci::Reference reference,
                                                    io::Deadline deadline) override;
  io::Awaitable<Result<ManifestBody>> get_manifest(View view, oci::Reference reference, io::Deadline deadline) override;
  io::Awaitable<Result<std::optional<std::uint64_t>>> stat_blob(View view, oci::Digest digest,
                                                                io::Deadline deadline) override;
  io::Awaitable<Result<std::unique_ptr<BlobBody>>> get_blob(View view, oci::Digest digest, BlobRange range,
                                                            io::Deadline deadline) override;
  io::Awaitable<Result<TagsPage>> tags(View view, std::uint64_t n, std::string last, io::Deadline deadline) override;
  io::Awaitable<Result<ReferrersPage>> referrers(View view, oci::Digest digest, std::string artifact_type,
                                                 std::string next, io::Deadline deadline) override;

 private:
  io::Awaitable<Result<std::optional<std::uint64_t>>> stat_by_first_byte(View view, oci::Digest digest,
                                                                         io::Deadline deadline);

  const std::string name_;
  Transport transport_;
};

io::Awaitable<Result<void>> RegistryClient::ping(View view, io::Deadline deadline) {
  view.repository.clear();
  Call call = make_call("GET", std::move(view), {}, {}, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() != 200) co_return co_await transport_.error_of(std::move(*answer));
  co_return ok();
}

io::Awaitable<Result<ManifestHead>> RegistryClient::head_manifest(View view, oci::Reference reference,
                                                                  io::Deadline deadline) {
  Call call = manifest_call("HEAD", std::move(view), reference, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() == 405 || answer->status() == 501) co_return ManifestHead{};  // no HEAD here: a GET will tell
  if (answer->status() != 200) co_return co_await transport_.error_of(std::move(*answer));
  const http::Exchange& exchange = *answer->exchange;
  ManifestHead head{
      .digest = digest_of(exchange), .media_type = media_type_of(exchange), .size = {}, .stale = is_stale(exchange)};
  if (oci::is_schema1(head.media_type)) co_return named(name_, schema1_error());
  if (oci::says_nothing(head.media_type)) head.media_type.clear();
  head.size = exchange.content_length();
  if (head.size == 0u) head.size.reset();  // no manifest is empty: a proxy on the way has lost the length
  co_return head;
}

io::Awaitable<Result<ManifestBody>> RegistryClient::get_manifest(View view, oci::Reference reference,
                                                                 io::Deadline deadline) {
  Call call = manifest_call("GET", std::move(view), reference, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() != 200) co_return co_await transport_.error_of(std::move(*answer));
  ManifestBody manifest{
      .bytes = {}, .media_type = media_type_of(*answer->exchange), .stale = is_stale(*answer->exchange)};
  if (oci::is_schema1(manifest.media_type)) co_return named(name_, schema1_error());
  Result<std::string> body = co_await answer->exchange->read_all(kMaxManifest);
  if (!body) co_return named(name_, body.error());
  manifest.bytes = std::move(*body);
  co_return manifest;
}

io::Awaitable<Result<std::optional<std::uint64_t>>> RegistryClient::stat_blob(View view, oci::Digest digest,
                                                                              io::Deadline deadline) {
  Call call = blob_call("HEAD", view, digest, BlobRange{}, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  const bool is_proof = !view.client || digest_of(*answer->exchange) == digest;
  if (answer->status() == 200 && is_proof) {
    // A length of 0 is that of the empty blob, or one that a proxy on the way has lost.
    std::optional<std::uint64_t> length = answer->exchange->content_length();
    if (length && (*length > 0 || digest == oci::Digest::of(digest.algorithm(), ""))) co_return length;
  } else if (answer->status() != 200 && !refuses_head(answer->status())) {
    co_return co_await transport_.error_of(std::move(*answer));
  }
  answer->exchange.reset();
  co_return co_await stat_by_first_byte(std::move(view), digest, deadline);
}

io::Awaitable<Result<std::optional<std::uint64_t>>> RegistryClient::stat_by_first_byte(View view, oci::Digest digest,
                                                                                       io::Deadline deadline) {
  const BlobRange first_byte{.first = 0, .last = 0};
  const bool needs_proof = view.client != nullptr;
  Call call = blob_call("GET", std::move(view), digest, first_byte, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() == 416) {  // an empty blob has no first byte
    auto content = http::parse_content_range(answer->exchange->header("Content-Range"));
    if (content && content->total == 0u) co_return std::optional<std::uint64_t>(0);
  }
  if (answer->status() != 200 && answer->status() != 206) co_return co_await transport_.error_of(std::move(*answer));
  Result<BlobExtent> extent = extent_of(*answer->exchange, first_byte);
  if (!extent) co_return named(name_, extent.error());
  if (needs_proof && answer->status() != 206 && digest_of(*answer->exchange) != digest) {
    Error error{Errc::BadGateway, "nothing in the answer shows that it is the blob"};
    co_return named(name_, std::move(error));
  }
  co_return extent->total;
}

io::Awaitable<Result<std::unique_ptr<BlobBody>>> RegistryClient::get_blob(View view, oci::Digest digest,
                                                                          BlobRange range, io::Deadline deadline) {
  Call call = blob_call("GET", std::move(view), digest, range, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() != 200 && answer->status() != 206) co_return co_await transport_.error_of(std::move(*answer));
  Result<BlobExtent> extent = extent_of(*answer->exchange, range);
  if (!extent) co_return named(name_, extent.error());
  std::unique_ptr<BlobBody> body = std::make_unique<ExchangeBody>(std::move(answer->exchange), *extent);
  co_return body;
}

io::Awaitable<Result<TagsPage>> RegistryClient::tags(View view, std::uint64_t n, std::string last,
                                                     io::Deadline deadline) {
  n = std::min(n, kMaxTagsPage);
  std::string path = "tags/list?n=" + std::to_string(n);
  if (!last.empty()) path += "&last=" + http::percent_encode(last);
  Call call = make_call("GET", std::move(view), std::move(path), "application/json", deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() != 200) co_return co_await transport_.error_of(std::move(*answer));
  Result<std::string> body = co_await answer->exchange->read_all(kMaxTags);
  if (!body) co_return named(name_, body.error());
  Result<std::vector<std::string>> list = parse_tags(*body);
  if (!list) co_return named(name_, list.error());
  std::optional<http::Url> link = next_link(answer->exchange->header_values("Link"), answer->url);
  std::optional<std::string_view> next_query;
  if (link) next_query = query_of(*link);
  co_return make_tags_page(std::move(*list), next_query, n, last);
}

io::Awaitable<Result<ReferrersPage>> RegistryClient::referrers(View view, oci::Digest digest, std::string artifact_type,
                                                               std::string next, io::Deadline deadline) {
  if (!is_query(next)) co_return Error{Errc::Invalid, "the page's name is malformed"};
  std::string path = "referrers/" + digest.to_string();
  if (!next.empty()) {
    path += "?" + next;
  } else if (!artifact_type.empty()) {
    path += "?artifactType=" + http::percent_encode(artifact_type);
  }
  Call call = make_call("GET", std::move(view), std::move(path), oci::kOciIndex, deadline);
  Result<Answer> answer = co_await transport_.send(std::move(call));
  if (!answer) co_return answer.error();
  if (answer->status() != 200) co_return co_await transport_.error_of(std::move(*answer));
  Result<std::string> body = co_await answer->exchange->read_all(kMaxReferrers);
  if (!body) co_return named(name_, body.error());
  if (!nlohmann::json::parse(*body, nullptr, /*allow_exceptions=*/false).is_object()) {
    co_return named(name_, Error{Errc::BadGateway, "the answer is not a list of referrers"});
  }
  ReferrersPage page{
      .body = std::move(*body), .artifact_type_filtered = filtered_by_artifact_type(*answer->exchange), .next = {}};
  std::optional<http::Url> link = next_link(answer->exchange->header_values("Link"), answer->url);
  if (link && same_path(*link, answer->url)) page.next = query_of(*link);
  co_return page;
}

}  // namespace

std::unique_ptr<Upstream> make_registry_client(const config::Upstream& config, const Context& context) {
  return std::make_unique<RegistryClient>(config, context);
}

}  // namespace entrepot::upstream
