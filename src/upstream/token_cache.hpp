// Tokens that are still good, and one request at a time for each that is not there: a node that pulls twenty layers
// asks for one token.
//
// Thread-safe. Must outlive the token requests that it starts (they run as io::Tasks).
#pragma once

#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"
#include "entrepot/io/shared_call.hpp"
#include "upstream/token.hpp"

namespace entrepot::upstream {

// What makes two tokens interchangeable.
struct TokenKey {
  std::string realm;
  std::string service;
  std::string scope;
  std::string account;  // whose: the owner or the fingerprint of the credentials that were sent along; "" for an
                        // anonymous token

  friend auto operator<=>(const TokenKey&, const TokenKey&) = default;
};

class TokenCache {
 public:
  TokenCache(io::Tasks& tasks, const Clock& clock) : clock_(clock), fetches_(tasks) {}

  // The value of a token that has a while to live. `fetch` is a functor that returns Awaitable<Result<Token>>; it is
  // copied into a task that goes on when its caller gives up. Its errors are given to all who wait, and not remembered.
  template <class Fetch>
  io::Awaitable<Result<std::string>> get(TokenKey key, Fetch fetch, io::Deadline deadline) {
    std::optional<std::string> held = find(key);
    if (held) co_return std::move(*held);
    FetchAndKeep<Fetch> work{this, key, std::move(fetch)};
    co_return co_await fetches_.run(std::move(key), std::move(work), deadline);
  }

  // Forgets a token that a registry has refused, unless another has replaced it meanwhile.
  void drop(const TokenKey& key, const std::string& value);

  // Forgets all tokens of an account that is refused.
  void drop_all_of(const std::string& account);

 private:
  template <class Fetch>
  struct FetchAndKeep {
    TokenCache* cache;
    TokenKey key;
    Fetch fetch;

    io::Awaitable<Result<std::string>> operator()() {
      std::optional<std::string> held = cache->find(key);  // another call may have ended just before this one began
      if (held) co_return std::move(*held);
      Time asked = cache->clock_.now();
      Result<Token> token = co_await fetch();
      if (!token) co_return token.error();
      cache->keep(key, *token, asked);
      co_return token->value;
    }
  };

  struct Held {
    std::string value;
    Time renew_at;
  };

  std::optional<std::string> find(const TokenKey& key) const;
  void keep(const TokenKey& key, const Token& token, Time asked);

  const Clock& clock_;
  io::SharedCalls<TokenKey, std::string> fetches_;
  mutable std::mutex mutex_;
  std::map<TokenKey, Held> held_;  // guarded by mutex_
};

}  // namespace entrepot::upstream
