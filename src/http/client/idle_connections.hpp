// The connections of one io thread that wait for their next request. Lives on that thread; shared by the client and its
// exchanges, of which some may be destroyed after the client, with the coroutines that a stopped io thread left.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "http/client/connection.hpp"

namespace entrepot::http::client {

class IdleConnections {
 public:
  // The one that was used last for this origin and whose peer the rule allows; null if there is none.
  std::unique_ptr<Connection> take(const std::string& origin, const AddressRule& rule);

  // `connection` has nothing more to say about its last request.
  void put(const std::string& origin, std::unique_ptr<Connection> connection);

  // Drops all; what is put from now on is dropped too.
  void close();

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    io::SteadyClock::time_point since;
  };

  void drop_expired();

  std::map<std::string, std::deque<Idle>> idle_;  // by origin, the oldest first
  bool closed_ = false;
};

}  // namespace entrepot::http::client
