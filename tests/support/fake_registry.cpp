#include "fake_registry.hpp"

#include <algorithm>

namespace entrepot::test {
namespace {

constexpr std::string_view kStoragePath = "/storage/";

// /v2/<name>/<kind>/<rest>: the parts of a registry path, split at the last kind.
struct RegistryPath {
  std::string name;
  std::string kind;
  std::string rest;
};

std::optional<RegistryPath> split(const std::string& path) {
  for (const char* kind : {"manifests", "blobs", "referrers", "tags"}) {
    std::string mark = std::string("/") + kind + "/";
    std::size_t at = path.rfind(mark);
    if (at == std::string::npos || at < 4) continue;
    return RegistryPath{path.substr(4, at - 4), kind, path.substr(at + mark.size())};
  }
  return std::nullopt;
}

std::string quoted_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "\"" : ",\"") + item + "\"";
  return text;
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

}  // namespace

FakeRegistry::FakeRegistry(FakeRegistryOptions options)
    : tls_(options.certificate != nullptr),
      server_(options.host, tls_ ? options.certificate->server_context() : nullptr,
              [this](Stream& stream, const FakeRequest& request) { return serve(stream, request); }) {
  server_.start();
}

void FakeRegistry::start() { server_.start(); }

void FakeRegistry::stop() {
  script_.open_gates();
  server_.stop();
}

std::string FakeRegistry::url() const {
  return (tls_ ? "https://" : "http://") + server_.host() + ":" + std::to_string(server_.port());
}

// ---- what it holds

void FakeRegistry::push(const std::string& repository, const std::string& tag, const Image& image) {
  push_blob(repository, image.config);
  for (const Object& layer : image.layers) push_blob(repository, layer);
  push_manifest(repository, image.manifest, tag);
}

void FakeRegistry::push_blob(const std::string& repository, const Object& blob) {
  std::lock_guard lock(mutex_);
  Object stored = blob;
  stored.media_type = "application/octet-stream";
  repositories_[repository].blobs[blob.digest] = std::move(stored);
}

void FakeRegistry::push_manifest(const std::string& repository, const Object& manifest, const std::string& tag) {
  std::lock_guard lock(mutex_);
  repositories_[repository].manifests[manifest.digest] = manifest;
  if (!tag.empty()) repositories_[repository].tags[tag] = manifest.digest;
}

void FakeRegistry::remove_tag(const std::string& repository, const std::string& tag) {
  std::lock_guard lock(mutex_);
  repositories_[repository].tags.erase(tag);
}

void FakeRegistry::remove_repository(const std::string& repository) {
  std::lock_guard lock(mutex_);
  repositories_.erase(repository);
}

void FakeRegistry::set_referrers(const std::string& repository, const std::string& digest,
                                 std::vector<std::string> descriptors) {
  std::lock_guard lock(mutex_);
  repositories_[repository].referrers[digest] = std::move(descriptors);
}

// ---- how it behaves

void FakeRegistry::require_tokens(TokenPolicy policy, FakeRegistry* realm) {
  FakeRegistry* issuer = realm == nullptr ? this : realm;
  issuer->tokens_.set_policy(std::move(policy));
  std::lock_guard lock(mutex_);
  realm_ = issuer;
}

void FakeRegistry::require_basic(std::string credentials) {
  std::lock_guard lock(mutex_);
  basic_ = {std::move(credentials)};
}

void FakeRegistry::allow_basic(std::string credentials) {
  std::lock_guard lock(mutex_);
  basic_.insert(std::move(credentials));
}

void FakeRegistry::revoke_tokens() { tokens_.revoke_all(); }

void FakeRegistry::redirect_blobs_to(FakeRegistry& storage, unsigned status) {
  std::lock_guard lock(mutex_);
  redirect_ = Storage{storage.url(), status, &storage};
}

void FakeRegistry::redirect_blobs_to_itself(unsigned status) {
  std::lock_guard lock(mutex_);
  redirect_ = Storage{"", status, this};
}

void FakeRegistry::page_tags_by(std::size_t n) {
  std::lock_guard lock(mutex_);
  tags_page_ = n;
}

void FakeRegistry::page_referrers_by(std::size_t n) {
  std::lock_guard lock(mutex_);
  referrers_page_ = n;
}

void FakeRegistry::filter_referrers(bool filters) {
  std::lock_guard lock(mutex_);
  filters_referrers_ = filters;
}

// ---- what it answers

bool FakeRegistry::serve(Stream& stream, const FakeRequest& request) {
  RequestLog::Entry entry = log_.add(request);
  Rule rule = script_.take(request.method, request.path, request.query, !find_header(request.headers, "Range").empty());
  if (rule.black_hole) {
    char ignored[64];
    while (stream.read(ignored, sizeof ignored) > 0) continue;
    return false;
  }
  if (rule.hold) rule.hold->pass();
  std::this_thread::sleep_for(rule.latency);
  Answer answer = rule.answer ? answer_of(*rule.answer) : this->answer(request, rule);
  return send_answer(stream, request, answer, rule, entry);
}

Answer FakeRegistry::answer(const FakeRequest& request, const Rule& rule) {
  if (request.path == "/token") return answer_of(tokens_.answer(request));
  if (request.path.starts_with(kStoragePath)) return answer_storage(request, rule);
  return answer_registry(request, rule);
}

// A pre-signed URL: a second way of authorization is an error to S3 and its kind.
Answer FakeRegistry::answer_storage(const FakeRequest& request, const Rule& rule) {
  if (!request.header("Authorization").empty())
    return text_answer(400, "application/xml", "<Error><Message>Only one auth mechanism allowed</Message></Error>");
  std::lock_guard lock(mutex_);
  auto found = storage_.find(request.path.substr(kStoragePath.size()));
  if (found == storage_.end()) return text_answer(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>");
  Answer answer = object_answer(request, found->second, rule.ignore_range);
  std::erase_if(answer.headers, [](const auto& field) { return field.first == "Docker-Content-Digest"; });
  return answer;
}

Answer FakeRegistry::answer_registry(const FakeRequest& request, const Rule& rule) {
  std::optional<RegistryPath> path = split(request.path);
  std::string name = path ? path->name : "";
  if (std::optional<Answer> refusal = challenge(name, request)) return *refusal;
  if (request.path == "/v2/" || request.path == "/v2") return text_answer(200, "application/json", "{}");
  std::unique_lock lock(mutex_);
  auto found = repositories_.find(name);
  if (!path || found == repositories_.end()) return error_answer(404, "NAME_UNKNOWN");
  Repository repository = found->second;
  lock.unlock();
  if (path->kind == "manifests") return answer_manifest(repository, path->rest, request, rule);
  if (path->kind == "blobs") return answer_blob(repository, path->rest, request, rule);
  if (path->kind == "tags") return answer_tags(name, repository, request);
  return answer_referrers(repository, path->rest, request);
}

Answer FakeRegistry::answer_manifest(const Repository& repository, const std::string& reference,
                                     const FakeRequest& request, const Rule& rule) {
  auto tag = repository.tags.find(reference);
  auto found = repository.manifests.find(tag == repository.tags.end() ? reference : tag->second);
  if (found == repository.manifests.end()) return error_answer(404, "MANIFEST_UNKNOWN");
  return object_answer(request, found->second, rule.ignore_range);
}

Answer FakeRegistry::answer_blob(const Repository& repository, const std::string& digest, const FakeRequest& request,
                                 const Rule& rule) {
  auto found = repository.blobs.find(digest);
  if (found == repository.blobs.end()) return error_answer(404, "BLOB_UNKNOWN");
  std::unique_lock lock(mutex_);
  std::optional<Storage> redirect = redirect_;
  lock.unlock();
  if (!redirect || request.method == "HEAD") return object_answer(request, found->second, rule.ignore_range);
  redirect->registry->store(found->second);
  return {redirect->status, {{"Location", redirect->base + std::string(kStoragePath) + digest + "?signature=secret"}}};
}

Answer FakeRegistry::answer_tags(const std::string& name, const Repository& repository, const FakeRequest& request) {
  std::string last = query_value(request.query, "last").value_or("");
  std::string asked = query_value(request.query, "n").value_or("");
  std::size_t n = asked.empty() ? repository.tags.size() : std::stoul(asked);
  std::unique_lock lock(mutex_);
  if (tags_page_ > 0) n = std::min(n, tags_page_);
  lock.unlock();
  std::vector<std::string> page;
  auto next = last.empty() ? repository.tags.begin() : repository.tags.upper_bound(last);
  for (; next != repository.tags.end() && page.size() < n; ++next) page.push_back(next->first);
  Answer answer =
      text_answer(200, "application/json", R"({"name":")" + name + R"(","tags":[)" + quoted_list(page) + "]}");
  if (next != repository.tags.end() && !page.empty())
    answer.headers.emplace_back("Link", "<" + url() + "/v2/" + name + "/tags/list?n=" + std::to_string(n) +
                                            "&last=" + page.back() + R"(>; rel="next")");
  return answer;
}

Answer FakeRegistry::answer_referrers(const Repository& repository, const std::string& digest,
                                      const FakeRequest& request) {
  auto found = repository.referrers.find(digest);
  std::vector<std::string> all = found == repository.referrers.end() ? std::vector<std::string>() : found->second;
  std::unique_lock lock(mutex_);
  std::optional<std::string> type = query_value(request.query, "artifactType");
  bool filters = type && filters_referrers_;
  std::size_t page_size = referrers_page_ == 0 ? all.size() : referrers_page_;
  lock.unlock();
  if (filters)
    std::erase_if(all, [&](const auto& item) { return item.find("\"" + *type + "\"") == std::string::npos; });
  std::size_t first = std::min<std::size_t>(all.size(), std::stoul(query_value(request.query, "from").value_or("0")));
  std::size_t end = std::min(all.size(), first + page_size);
  std::vector<std::string> page(all.begin() + static_cast<std::ptrdiff_t>(first),
                                all.begin() + static_cast<std::ptrdiff_t>(end));
  std::string index = "application/vnd.oci.image.index.v1+json";
  Answer answer = text_answer(
      200, index, R"({"schemaVersion":2,"mediaType":")" + index + R"(","manifests":[)" + joined(page) + "]}");
  if (filters) answer.headers.emplace_back("OCI-Filters-Applied", "artifactType");
  if (end < all.size()) {
    std::string query = "?from=" + std::to_string(end) + (type ? "&artifactType=" + *type : "");
    answer.headers.emplace_back("Link", "<" + request.path + query + R"(>; rel="next")");
  }
  return answer;
}

std::optional<Answer> FakeRegistry::challenge(const std::string& repository, const FakeRequest& request) {
  std::unique_lock lock(mutex_);
  FakeRegistry* realm = realm_;
  const bool is_known = basic_.empty() || std::ranges::any_of(basic_, [&](const std::string& credentials) {
                          return request.header("Authorization") == basic_authorization(credentials);
                        });
  lock.unlock();
  std::string scope = repository.empty() ? "" : "repository:" + repository + ":pull";
  std::string wanted;
  if (!is_known) wanted = R"(Basic realm="fake")";
  if (realm != nullptr && !realm->tokens_.accepts(request.header("Authorization"), scope))
    wanted = "Bearer realm=\"" + realm->url() + R"(/token",service="fake",scope=")" + scope + "\"";
  if (wanted.empty()) return std::nullopt;
  Answer answer = error_answer(401, "UNAUTHORIZED");
  answer.headers.emplace_back("WWW-Authenticate", wanted);
  return answer;
}

void FakeRegistry::store(const Object& object) {
  std::lock_guard lock(mutex_);
  storage_[object.digest] = object;
}

}  // namespace entrepot::test
