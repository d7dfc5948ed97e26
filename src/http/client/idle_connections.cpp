#include "http/client/idle_connections.hpp"

namespace entrepot::http::client {

namespace {

// Servers and load balancers close idle connections after a minute or more.
constexpr auto kLongestIdle = std::chrono::seconds(60);
constexpr std::size_t kMostPerOrigin = 16;

}  // namespace

std::unique_ptr<Connection> IdleConnections::take(const std::string& origin, const AddressRule& rule) {
  drop_expired();
  auto entry = idle_.find(origin);
  if (entry == idle_.end()) return nullptr;
  std::deque<Idle>& connections = entry->second;
  for (std::size_t i = connections.size(); i-- > 0;) {
    if (!rule.allows(connections[i].connection->peer_kind())) continue;
    std::unique_ptr<Connection> connection = std::move(connections[i].connection);
    connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    if (connection->is_quiet()) return connection;
  }
  return nullptr;
}

void IdleConnections::put(const std::string& origin, std::unique_ptr<Connection> connection) {
  if (closed_) return;
  drop_expired();
  std::deque<Idle>& connections = idle_[origin];
  if (connections.size() == kMostPerOrigin) connections.pop_front();
  connection->buffer().shrink_to_fit();
  connections.push_back(Idle{std::move(connection), io::SteadyClock::now()});
}

void IdleConnections::close() {
  closed_ = true;
  idle_.clear();
}

void IdleConnections::drop_expired() {
  auto oldest = io::SteadyClock::now() - kLongestIdle;
  for (auto& [origin, connections] : idle_) {
    std::erase_if(connections, [oldest](const Idle& idle) { return idle.since < oldest; });
  }
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace entrepot::http::client
