// A registry for the daemon to pull from: a real server with repositories in memory, that misbehaves as a test's script
// says and remembers what it was asked. It can stand as a registry, as a token endpoint, and as the storage host that
// blobs redirect to, all at once.
//
// Thread-safe, but for start() and stop(), which one thread calls.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "answer.hpp"
#include "certificate.hpp"
#include "token_service.hpp"

namespace entrepot::test {

struct FakeRegistryOptions {
  std::string host = "127.0.0.1";            // any 127.x.y.z
  const Certificate* certificate = nullptr;  // with one: HTTPS. Outlives the registry
};

class FakeRegistry {
 public:
  explicit FakeRegistry(FakeRegistryOptions options = {});  // it runs
  ~FakeRegistry() { stop(); }

  void start();  // again, on the same port
  void stop();   // the upstream is down: connections are refused and open ones cut, closed gates opened

  std::string host() const { return server_.host(); }
  std::uint16_t port() const { return server_.port(); }
  std::string url() const;  // "http://127.0.0.1:4711"

  // ---- what it holds
  void push(const std::string& repository, const std::string& tag, const Image& image);  // manifest, config, layers
  void push_blob(const std::string& repository, const Object& blob);
  void push_manifest(const std::string& repository, const Object& manifest, const std::string& tag = "");
  void remove_tag(const std::string& repository, const std::string& tag);
  void remove_repository(const std::string& repository);
  void set_referrers(const std::string& repository, const std::string& digest, std::vector<std::string> descriptors);

  // ---- how it behaves
  Script::Id add(Rule rule) { return script_.add(std::move(rule)); }
  void remove(Script::Id rule) { script_.remove(rule); }
  void behave() { script_.clear(); }  // no rules any more

  // Every request needs a Bearer token for repository:<name>:pull from `realm`, by default this registry itself.
  void require_tokens(TokenPolicy policy = {}, FakeRegistry* realm = nullptr);
  void require_basic(std::string credentials);  // "user:password" with every request
  void allow_basic(std::string credentials);    // these too
  void revoke_tokens();

  // A GET of a blob gets this status and a Location on `storage`, which refuses requests with an Authorization.
  void redirect_blobs_to(FakeRegistry& storage, unsigned status = 307);
  void redirect_blobs_to_itself(unsigned status = 302);  // with a Location that is only a path

  void page_tags_by(std::size_t n);       // at most n tags in an answer, whatever the client asks
  void page_referrers_by(std::size_t n);  // likewise
  void filter_referrers(bool filters);    // apply artifactType, and say so

  // ---- what it was asked
  RequestLog& log() { return log_; }

 private:
  struct Repository {
    std::map<std::string, std::string> tags;  // to digests
    std::map<std::string, Object> manifests;
    std::map<std::string, Object> blobs;
    std::map<std::string, std::vector<std::string>> referrers;
  };
  struct Storage {
    std::string base;  // "" or "http://host:port"
    unsigned status;
    FakeRegistry* registry;
  };

  bool serve(Stream& stream, const FakeRequest& request);
  Answer answer(const FakeRequest& request, const Rule& rule);
  Answer answer_registry(const FakeRequest& request, const Rule& rule);
  Answer answer_storage(const FakeRequest& request, const Rule& rule);
  Answer answer_manifest(const Repository& repository, const std::string& reference, const FakeRequest& request,
                         const Rule& rule);
  Answer answer_blob(const Repository& repository, const std::string& digest, const FakeRequest& request,
                     const Rule& rule);
  Answer answer_tags(const std::string& name, const Repository& repository, const FakeRequest& request);
  Answer answer_referrers(const Repository& repository, const std::string& digest, const FakeRequest& request);
  std::optional<Answer> challenge(const std::string& repository, const FakeRequest& request);
  void store(const Object& object);

  RequestLog log_;
  Script script_;
  TokenService tokens_;

  std::mutex mutex_;  // guards what follows
  std::map<std::string, Repository> repositories_;
  std::map<std::string, Object> storage_;  // blobs that other registries, or this one, redirect here
  std::optional<Storage> redirect_;
  FakeRegistry* realm_ = nullptr;  // who issues the tokens that are needed, if any
  std::set<std::string> basic_;    // credentials of which one is needed, if there are any
  std::size_t tags_page_ = 0;      // 0: as many as the client asks for
  std::size_t referrers_page_ = 0;
  bool filters_referrers_ = true;

  const bool tls_;
  FakeServer server_;  // last: its threads use all of the above
};

}  // namespace entrepot::test
