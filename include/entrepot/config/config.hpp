// The configuration as values: a default and a comment for each key. docs/configuration.md explains them to users.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/log.hpp"

namespace entrepot::config {

using namespace std::chrono_literals;

inline constexpr std::uint64_t kMiB = 1024 * 1024;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

struct Address {
  std::string host;        // an IP literal, without brackets; "0.0.0.0" and "::" listen everywhere
  std::uint16_t port = 0;  // 0: a free one, named in the log
  bool is_loopback() const { return host.starts_with("127.") || host == "::1"; }
  friend bool operator==(const Address&, const Address&) = default;
};

struct ListenerTls {
  std::filesystem::path certificate;                 // PEM, the chain
  std::filesystem::path key;                         // PEM
  std::optional<std::filesystem::path> client_ca{};  // PEM: clients have to show a certificate of one of these
  friend bool operator==(const ListenerTls&, const ListenerTls&) = default;
};

struct Listener {
  Address address{"0.0.0.0", 5000};
  std::optional<std::string> upstream;  // every request goes to this upstream (its name, aliases resolved)
  std::optional<ListenerTls> tls;

  // Whether it serves only those that can show who they are.
  bool authenticates() const { return tls && tls->client_ca; }

  // Whether what clients send can be read on its way.
  bool is_clear_text() const { return !tls && !address.is_loopback(); }
  friend bool operator==(const Listener&, const Listener&) = default;
};

struct Storage {
  std::filesystem::path path;
  std::uint64_t max_size = 200 * kGiB;  // bytes under path; 0: no cap
  std::uint64_t min_free = 1 * kGiB;    // bytes to leave free on the file system
  bool fsync = true;
  friend bool operator==(const Storage&, const Storage&) = default;
};

struct Freshness {
  enum class Check { Always, After };
  enum class OnMissing { Forget, Keep };
  enum class OnDenied { Refuse, Keep };

  Check check = Check::Always;  // ask upstream on every pull of a tag, or only `interval` after the last check
  Duration interval = 0s;
  Duration timeout = 5s;           // of the whole check, token included, where something stale can be served
  Duration stale_if_error = 720h;  // how long past its last successful check a tag is served while upstream fails
  Duration negative_ttl = 1s;      // how long an upstream is believed that it lacks a digest
  OnMissing on_missing = OnMissing::Forget;
  OnDenied on_denied = OnDenied::Refuse;
  friend bool operator==(const Freshness&, const Freshness&) = default;
};

struct Eviction {
  enum class Since { LastUse, Fetch };

  Duration ttl = 720h;  // 0: for ever
  Since ttl_since = Since::LastUse;
  Duration interval = 60s;  // how often it looks
  friend bool operator==(const Eviction&, const Eviction&) = default;
};

struct Timeouts {
  Duration connect = 5s;
  Duration first_byte = 15s;
  Duration stall = 30s;
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

// How blobs come from an upstream. Its keys stand in the upstream itself.
struct Fetching {
  unsigned connections_per_blob = 4;             // requests at once for a large blob; 1: in order, by one
  std::uint64_t parallel_min_size = 128 * kMiB;  // bytes of a blob that is large
  unsigned max_connections = 32;                 // requests for blobs at once; each blob's first is not held back
  bool prefetch_layers = false;                  // an image's other layers too, once a client fetches one
  std::uint64_t stripe = 16 * kMiB;              // bytes that one of several requests asks for; no key: tests have less
  friend bool operator==(const Fetching&, const Fetching&) = default;
};

// An account by name.
struct BasicCredentials {
  std::string username;
  std::string password;                                  // from the file itself, or
  std::optional<std::filesystem::path> password_file{};  // whatever it holds now; a final newline is not part of it
  friend bool operator==(const BasicCredentials&, const BasicCredentials&) = default;
};

// The account that a Docker client's configuration has for the upstream: in the text, else in the file.
struct DockerCredentials {
  std::string text{};                           // JSON from DOCKER_AUTH_CONFIG, where no file is named; "": none
  std::optional<std::filesystem::path> file{};  // has to be there if there is no text; read again when it changes
  friend bool operator==(const DockerCredentials&, const DockerCredentials&) = default;
};

// What `docker-credential-<name> get` answers.
struct HelperCredentials {
  std::string helper;  // <name>, found on PATH; or a program's absolute path
  friend bool operator==(const HelperCredentials&, const HelperCredentials&) = default;
};

// AWS's own environment variables, and HOME, as they are when the file is read: those that are set.
using AwsVariables = std::map<std::string, std::string>;

// What Amazon ECR gives to whom AWS's credential chain finds.
struct EcrCredentials {
  std::string region{};    // of the registry; "": its host name says it
  std::string profile{};   // in AWS's files, before all else; "": what the chain comes to first
  std::string role_arn{};  // a role that is then assumed; "": none
  AwsVariables environment{};
  friend bool operator==(const EcrCredentials&, const EcrCredentials&) = default;
};

// An access token of a Google account.
struct GoogleCredentials {
  std::optional<std::filesystem::path> key_file{};         // JSON; none: the account is the machine's own
  std::string account = "default";                         // of the machine's: "default", or its email address
  std::string metadata_host = "metadata.google.internal";  // who has the machine's, with a port where it has one
  friend bool operator==(const GoogleCredentials&, const GoogleCredentials&) = default;
};

// How somebody proves to Microsoft Entra who they are. By the identity that the machine has been given:
struct EntraManagedIdentity {
  std::string url;       // of the service of the machine that has its tokens
  std::string header{};  // what that wants in X-IDENTITY-HEADER (App Service, Container Apps); "": it is IMDS
  friend bool operator==(const EntraManagedIdentity&, const EntraManagedIdentity&) = default;
};

// By an application's secret.
struct EntraSecret {
  std::string secret;                           // from the file itself or the environment, or
  std::optional<std::filesystem::path> file{};  // whatever it holds now; a final newline is not part of it
  friend bool operator==(const EntraSecret&, const EntraSecret&) = default;
};

// By another issuer's token, such as that of a Kubernetes service account.
struct EntraFederation {
  std::filesystem::path token_file;  // read each time
  friend bool operator==(const EntraFederation&, const EntraFederation&) = default;
};

// An identity of Microsoft Entra, which the registry takes for an account of its own.
struct AcrCredentials {
  std::variant<EntraManagedIdentity, EntraSecret, EntraFederation> proof;
  std::string tenant{};     // not "" with a secret or a federation
  std::string client_id{};  // likewise; of a managed identity: which of several
  std::string authority{};  // the URL of Entra; not "" with a secret or a federation
  friend bool operator==(const AcrCredentials&, const AcrCredentials&) = default;
};

struct Credentials {
  std::variant<BasicCredentials, DockerCredentials, HelperCredentials, EcrCredentials, GoogleCredentials,
               AcrCredentials>
      account;
  std::vector<std::string> realms{};  // further hosts that may get the account
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// `access: passthrough`: each client's own account decides what it may see.
struct Passthrough {
  Duration ttl = 5min;                // how long it is remembered that the upstream has shown a client a repository
  std::vector<std::string> realms{};  // further hosts that may get clients' accounts
  friend bool operator==(const Passthrough&, const Passthrough&) = default;
};

// PEM; read at start.
struct ClientCertificate {
  std::filesystem::path certificate;  // with its chain
  std::filesystem::path key;
  friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

// An HTTP proxy on the way to upstreams.
struct Proxy {
  std::string host;  // a name, or an IP literal without brackets
  std::uint16_t port = 80;
  std::string username{};  // "": none
  std::string password{};
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

struct Proxies {
  std::optional<Proxy> http{};   // on the way to http:// URLs; none: directly
  std::optional<Proxy> https{};  // likewise, https://
  std::string no_proxy{};        // the hosts that are reached directly, in the form of the environment's NO_PROXY
  friend bool operator==(const Proxies&, const Proxies&) = default;
};

// `from`, an ECMAScript regular expression, matches the whole name of a repository; `to` may hold $1 and the like.
struct Rewrite {
  std::string from;
  std::string to;
  friend bool operator==(const Rewrite&, const Rewrite&) = default;
};

struct Upstream {
  std::string name;
  std::vector<std::string> urls;                          // tried in order; default: https://<name>
  std::vector<std::string> aliases;                       // further values of ?ns= and further prefixes
  std::vector<std::string> prefixes;                      // path prefixes besides the name and the aliases
  std::vector<Rewrite> rewrite;                           // of repositories' names, the first that matches; then:
  std::vector<std::string> allow;                         // which may be pulled, by patterns with *; empty: all
  std::vector<std::string> deny;                          // and which of these may not
  std::optional<Credentials> credentials;                 // none: anonymous
  std::optional<Passthrough> passthrough{};               // none: what was shown once everybody may see
  std::optional<std::filesystem::path> ca;                // PEM, in addition to the system's
  std::optional<ClientCertificate> client_certificate{};  // shown to the hosts of the URLs alone
  Proxies proxies{};                                      // the upstream's own proxy, or what the environment says
  Fetching fetching;
  Eviction eviction;    // the general one with the upstream's own keys over it
  Freshness freshness;  // likewise
  Timeouts timeouts;    // likewise
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

// By name, or wildcard (base/wildcard.hpp).
using Upstreams = std::map<std::string, Upstream, std::less<>>;

struct Config {
  std::vector<Listener> listeners{Listener{}};
  std::optional<Address> admin = Address{"127.0.0.1", 5001};
  unsigned threads = 0;  // io threads; 0: one for each core
  Storage storage;
  Eviction eviction;                           // of what belongs to no configured upstream
  std::string default_upstream = "docker.io";  // "": none, every request has to name one
  Upstreams upstreams;
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
  Duration shutdown_grace = 30s;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace entrepot::config
