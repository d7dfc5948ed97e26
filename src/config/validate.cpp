#include "config/validate.hpp"

#include <map>

#include "config/nearest.hpp"
#include "entrepot/base/text.hpp"
#include "entrepot/base/wildcard.hpp"
#include "entrepot/config/find_upstream.hpp"

namespace entrepot::config {
namespace {

bool is_v6(const std::string& host) { return host.find(':') != std::string::npos; }

std::string to_text(const Address& address) { return host_and_port(address.host, address.port); }

// Whether the host stands for every IPv4 address. An IPv6 socket takes IPv4 clients too.
bool covers_v4(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

// Whether both cannot be listened on.
bool overlap(const Address& a, const Address& b) {
  if (a.port == 0 || a.port != b.port) return false;
  const auto covers = [](const std::string& host, const std::string& other) {
    return is_v6(other) ? host == "::" : covers_v4(host);
  };
  return a.host == b.host || covers(a.host, b.host) || covers(b.host, a.host);
}

void check_addresses(const Config& config, Document& document) {
  struct Place {
    std::string key;
    Address address;
  };
  std::vector<Place> places;
  // A fault is the later one's: rather that of an address in the file than of a default.
  const bool admin_last = document.given("admin.address");
  if (config.admin && !admin_last) places.push_back({"admin.address", *config.admin});
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    places.push_back({"listeners[" + std::to_string(i) + "].address", config.listeners[i].address});
  }
  if (config.admin && admin_last) places.push_back({"admin.address", *config.admin});
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (document.faulty(places[i].key) || document.faulty(places[j].key)) continue;
      if (!overlap(places[i].address, places[j].address)) continue;
      document.fault(places[i].key, to_text(places[i].address) + " is in use by " + places[j].key + " (" +
                                        to_text(places[j].address) + ")");
      break;
    }
  }
}

// Each name, alias and prefix leads to one upstream. A fault is the later one's, so the order is: names, the aliases
// that are built in, those of the file, prefixes.
void check_collisions(const Config& config, Document& document) {
  std::map<std::string, std::string> owners;  // "docker-hub" -> "a prefix of docker.io"
  const auto claim = [&](const std::string& word, const std::string& key, const std::string& owner) {
    if (document.faulty(key)) return;
    const auto [place, is_new] = owners.emplace(word, owner);
    if (!is_new) document.fault(key, quote(word) + " is taken: it is " + place->second);
  };
  const auto claim_all = [&](const Upstream& upstream, const std::vector<std::string>& words, const std::string& list,
                             const std::string& kind) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      claim(words[i], "upstreams." + upstream.name + "." + list + "[" + std::to_string(i) + "]",
            kind + " of " + upstream.name);
    }
  };
  for (const auto& [name, upstream] : config.upstreams) claim(name, "upstreams." + name, "the upstream " + name);
  for (const bool in_file : {false, true}) {
    for (const auto& [name, upstream] : config.upstreams) {
      if (document.given("upstreams." + name + ".aliases") != in_file) continue;
      claim_all(upstream, upstream.aliases, "aliases", "an alias");
    }
  }
  for (const auto& [name, upstream] : config.upstreams) claim_all(upstream, upstream.prefixes, "prefixes", "a prefix");
}

// What is wrong with a name or alias that leads to no upstream.
std::string not_configured(const Config& config, const std::string& name) {
  if (is_wildcard(name)) return "a wildcard stands for many; name one of them";
  std::vector<std::string_view> known;
  std::string list;
  for (const auto& [known_name, upstream] : config.upstreams) {
    known.push_back(known_name);
    list.append(list.empty() ? "" : ", ").append(known_name);
  }
  const auto meant = nearest(name, known);
  return quote(name) + " is no configured upstream; " +
         (meant ? "did you mean " + quote(*meant) + "?" : "configured are: " + list);
}

// The upstream's name in place of one of its aliases. False if there is no such upstream.
bool resolve(const Config& config, std::string& name) {
  if (is_wildcard(name)) return false;
  if (find_upstream(config.upstreams, name) != nullptr) return true;
  for (const auto& [upstream_name, upstream] : config.upstreams) {
    for (const std::string& alias : upstream.aliases) {
      if (alias != name) continue;
      name = upstream_name;
      return true;
    }
  }
  return false;
}

void resolve_references(Config& config, Document& document) {
  if (config.upstreams.empty()) return document.fault("upstreams", "expected at least one upstream");
  if (!resolve(config, config.default_upstream)) {
    if (document.given("default_upstream")) {
      document.fault("default_upstream", not_configured(config, config.default_upstream));
    } else {
      config.default_upstream.clear();  // the list of upstreams replaces the one that has it
    }
  }
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    auto& upstream = config.listeners[i].upstream;
    if (upstream && !resolve(config, *upstream)) {
      document.fault("listeners[" + std::to_string(i) + "].upstream", not_configured(config, *upstream));
    }
  }
}

// A listener for one upstream must be safe for its clients' accounts; of those for all upstreams one, at which the
// others refuse such an upstream's requests.
void check_passthrough(const Config& config, Document& document) {
  for (const auto& [name, upstream] : config.upstreams) {
    if (!upstream.passthrough) continue;
    bool any = false;
    bool own = false;
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
      const Listener& listener = config.listeners[i];
      if (listener.upstream && find_upstream(config.upstreams, *listener.upstream) != &upstream) continue;
      const bool open = listener.is_clear_text();
      any = any || !open;
      if (!listener.upstream || !open) continue;
      own = true;
      document.fault("listeners[" + std::to_string(i) + "]",
                     name + " has access: passthrough, and clients would send their passwords here over clear text: " +
                         "give it tls, or a loopback address");
    }
    if (any || own) continue;
    document.fault("upstreams." + name + ".access",
                   "passthrough needs a listener with tls, or at a loopback address: clients send their passwords");
  }
}

}  // namespace

void validate(Config& config, Document& document) {
  check_addresses(config, document);
  check_collisions(config, document);
  // Without the list of upstreams nothing can be said of what refers to it.
  if (document.faulty("upstreams")) return;
  resolve_references(config, document);
  if (!document.faulty("listeners")) check_passthrough(config, document);
}

}  // namespace entrepot::config
