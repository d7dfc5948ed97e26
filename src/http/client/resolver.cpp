#include "http/client/resolver.hpp"

#include <netdb.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <optional>

namespace entrepot::http::client {

namespace {

namespace net = io::net;

net::ip::address address_of(const addrinfo& entry) {
  net::ip::tcp::endpoint endpoint;
  endpoint.resize(entry.ai_addrlen);
  std::memcpy(endpoint.data(), entry.ai_addr, entry.ai_addrlen);
  return endpoint.address();
}

Result<Addresses> get_addresses(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failure != 0) return Error{Errc::BadGateway, host + ": " + ::gai_strerror(failure)};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  Addresses addresses;
  for (addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) addresses.push_back(address_of(*entry));
  }
  if (addresses.empty()) return Error{Errc::BadGateway, host + ": no address"};
  return addresses;
}

}  // namespace

struct Resolver::Lookup {
  io::WaitList waiting;
  std::optional<Result<Addresses>> result{};
};

void Resolver::look_up(const std::string& host, const std::shared_ptr<Lookups>& lookups) {
  Result<Addresses> result = get_addresses(host);
  std::lock_guard lock(lookups->mutex);
  auto entry = lookups->running.extract(host);
  entry.mapped()->result.emplace(std::move(result));
  entry.mapped()->waiting.wake_all();
}

io::Awaitable<Result<Addresses>> Resolver::resolve(std::string host, io::Deadline deadline) {
  boost::system::error_code no_literal;
  net::ip::address literal = net::ip::make_address(host, no_literal);
  if (!no_literal) co_return Addresses(1, literal);

  io::Executor executor = co_await net::this_coro::executor;
  std::shared_ptr<Lookups> lookups = lookups_;
  std::unique_lock lock(lookups->mutex);
  auto [entry, is_new] = lookups->running.try_emplace(host);
  if (is_new) {
    entry->second = std::make_shared<Lookup>();
    net::post(pool_, [host, lookups] { look_up(host, lookups); });
  }
  std::shared_ptr<Lookup> lookup = entry->second;
  while (!lookup->result) {
    std::shared_ptr<io::WaitList::Waiter> waiter = lookup->waiting.enter(executor);
    lock.unlock();
    bool woken = co_await io::wait(std::move(waiter), deadline);
    lock.lock();
    if (!woken && !lookup->result) co_return Error{Errc::Timeout, host + ": no answer from the name server in time"};
  }
  co_return *lookup->result;
}

}  // namespace entrepot::http::client
