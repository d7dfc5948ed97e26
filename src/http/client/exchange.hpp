// What an Exchange holds: the connection until the body has ended, and where the connection goes then.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "entrepot/http/client.hpp"
#include "http/client/body_reader.hpp"
#include "http/client/connection.hpp"
#include "http/client/head.hpp"
#include "http/client/idle_connections.hpp"

namespace entrepot::http {

class Exchange::Impl {
 public:
  Impl(std::unique_ptr<client::Connection> connection, client::Head head, std::string origin,
       std::shared_ptr<client::IdleConnections> idle, io::SteadyClock::duration stall, io::Deadline deadline,
       std::function<void(std::size_t)> on_read);
  ~Impl();

  const client::Head& head() const { return head_; }
  AddressKind peer_kind() const { return peer_kind_; }
  io::Deadline deadline() const { return deadline_; }

  // Fails after a stall, and at `deadline`.
  io::Awaitable<Result<std::size_t>> read(std::span<std::byte> bytes, io::Deadline deadline);

  void expect_cut(bool expected);

 private:
  // Once the body has ended: the connection is kept for the next request if it can carry one.
  void release_connection();

  const client::Head head_;
  const AddressKind peer_kind_;
  const std::string origin_;
  const std::shared_ptr<client::IdleConnections> idle_;
  const io::SteadyClock::duration stall_;
  const io::Deadline deadline_;  // of the request
  const std::function<void(std::size_t)> on_read_;
  std::unique_ptr<client::Connection> connection_;  // null once the body has ended, or failed
  client::BodyReader body_;                         // of the connection
  std::optional<Error> failure_{};
};

}  // namespace entrepot::http
