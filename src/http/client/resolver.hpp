// Names to addresses with getaddrinfo, on a pool. A name server that hangs costs its callers their deadline and the
// pool one thread for each name, whatever the number of callers: those who want the same name at the same time share
// one call. Nothing is remembered. Thread-safe.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/wait_list.hpp"

namespace entrepot::http::client {

using Addresses = std::vector<io::net::ip::address>;

class Resolver {
 public:
  explicit Resolver(io::Pool& pool) : pool_(pool), lookups_(std::make_shared<Lookups>()) {}

  // In the order in which they should be tried, at least one. An IP literal is its own address. Errc::BadGateway if
  // there is no such name, Errc::Timeout at `deadline`.
  io::Awaitable<Result<Addresses>> resolve(std::string host, io::Deadline deadline);

 private:
  struct Lookup;
  struct Lookups {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<Lookup>> running{};  // guarded by mutex, as is what they hold
  };

  // Runs on the pool, and may end after everyone who waited, and the resolver itself, is gone.
  static void look_up(const std::string& host, const std::shared_ptr<Lookups>& lookups);

  io::Pool& pool_;
  std::shared_ptr<Lookups> lookups_;
};

}  // namespace entrepot::http::client
