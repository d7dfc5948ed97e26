// A repository as somebody sees it.
#pragma once

#include <compare>
#include <memory>
#include <string>

namespace entrepot::upstream {

// The account that a client shows where the upstream is asked in its name (`access: passthrough`). Constant.
struct ClientAccount {
  ClientAccount(std::string user, std::string password);

  const std::string username;
  const std::string secret;
  const std::string fingerprint;  // tells accounts apart, and does not give them away
};

// With no client the upstream is asked with the account that the configuration has for it, or anonymously. Two clients
// with the same account see the same.
struct View {
  std::string repository;
  std::shared_ptr<const ClientAccount> client{};  // shared by all that is asked in its name

  std::string_view fingerprint() const { return client ? std::string_view(client->fingerprint) : std::string_view(); }

  friend std::strong_ordering operator<=>(const View& a, const View& b) {
    const std::strong_ordering order = a.repository <=> b.repository;
    return order != 0 ? order : a.fingerprint() <=> b.fingerprint();
  }
  friend bool operator==(const View& a, const View& b) { return (a <=> b) == 0; }
};

}  // namespace entrepot::upstream
