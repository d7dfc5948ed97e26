#include "http/client/connect_first.hpp"

#include <algorithm>
#include <list>
#include <optional>

namespace entrepot::http::client {

namespace {

constexpr std::chrono::milliseconds kAttemptDelay{250};  // RFC 8305, 5

struct Attempt {
  Socket socket;
  net::ip::address address;
  std::optional<boost::system::error_code> outcome{};  // none: it is on its way
};

// The connects of one call. Their handlers share it with the coroutine that waits for them, and some of them run only
// after it has gone on. All on one thread.
struct Race {
  explicit Race(io::Executor executor) : bell(executor) {}

  void close() {
    boost::system::error_code ignored;
    for (Attempt& attempt : attempts) attempt.socket.close(ignored);
  }

  io::Timer bell;                 // the coroutine sleeps by it, and a handler wakes it by cancelling
  std::list<Attempt> attempts{};  // handlers refer to those without an outcome
};

void begin_attempt(const std::shared_ptr<Race>& race, const net::ip::address& address, std::uint16_t port) {
  Attempt& attempt = race->attempts.emplace_back(Attempt{Socket(race->bell.get_executor()), address});
  attempt.socket.async_connect(net::ip::tcp::endpoint(address, port), [race, &attempt](boost::system::error_code ec) {
    attempt.outcome = ec;
    race->bell.cancel();
  });
}

bool stands(const Attempt& attempt) { return attempt.outcome && !attempt.outcome->failed(); }

// Forgets the attempts that have failed, and says what one of them has failed of.
std::optional<boost::system::error_code> drop_failed(std::list<Attempt>& attempts) {
  std::optional<boost::system::error_code> failure;
  for (auto attempt = attempts.begin(); attempt != attempts.end();) {
    const bool failed = attempt->outcome && !stands(*attempt);
    if (failed) failure = attempt->outcome;
    attempt = failed ? attempts.erase(attempt) : std::next(attempt);
  }
  return failure;
}

}  // namespace

Addresses in_turn(const Addresses& addresses) {
  Addresses of_first_kind;
  Addresses others;
  for (const net::ip::address& address : addresses) {
    (address.is_v4() == addresses.front().is_v4() ? of_first_kind : others).push_back(address);
  }
  Addresses order;
  for (std::size_t i = 0; i < std::max(of_first_kind.size(), others.size()); ++i) {
    if (i < of_first_kind.size()) order.push_back(of_first_kind[i]);
    if (i < others.size()) order.push_back(others[i]);
  }
  return order;
}

io::Awaitable<Result<Connected>> connect_first(Addresses& addresses, std::uint16_t port, const std::string& peer,
                                               io::Deadline deadline) {
  const auto race = std::make_shared<Race>(co_await io::this_executor());
  std::size_t begun = 0;  // of addresses
  io::Deadline next = io::SteadyClock::now();
  while (io::SteadyClock::now() < deadline) {
    if (begun < addresses.size() && io::SteadyClock::now() >= next) {
      begin_attempt(race, addresses[begun++], port);
      next = io::SteadyClock::now() + kAttemptDelay;
    }
    race->bell.expires_at(begun < addresses.size() ? std::min(next, deadline) : deadline);
    co_await race->bell.async_wait(io::as_result);

    auto winner = std::ranges::find_if(race->attempts, stands);
    if (winner != race->attempts.end()) {
      Connected connected{std::move(winner->socket), winner->address};
      addresses.erase(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(begun));
      for (const Attempt& attempt : race->attempts) {
        if (!attempt.outcome) addresses.push_back(attempt.address);
      }
      race->close();
      co_return connected;
    }
    const auto failure = drop_failed(race->attempts);
    if (failure) next = io::SteadyClock::now();
    if (failure && race->attempts.empty() && begun == addresses.size()) {
      co_return Error{Errc::BadGateway, peer + ": connecting: " + failure->message()};
    }
  }
  race->close();
  co_return Error{Errc::Timeout, peer + ": connecting: no answer in time"};
}

}  // namespace entrepot::http::client
