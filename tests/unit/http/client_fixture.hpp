// A client, and the verbs that the tests of the client speak in.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "entrepot/http/client.hpp"
#include "support/run_coro.hpp"
#include "unit/http/scripted_server.hpp"

namespace entrepot::http {

using test::Peer;
using test::ScriptedServer;

using Answer = Result<std::unique_ptr<Exchange>>;

class ClientTest : public testing::Test {
 protected:
  // Plays `bytes` to one request.
  static ScriptedServer::Script answering(std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer) { peer.answer(bytes); };
  }

  static ClientRequest request_to(const ScriptedServer& server, std::string method = "GET") {
    return request_to("http://127.0.0.1:" + std::to_string(server.port()) + "/v2/", std::move(method));
  }
  static ClientRequest request_to(const std::string& url, std::string method = "GET") {
    return ClientRequest{
        .method = std::move(method), .url = Url::parse(url).value(), .headers = {}, .addresses = {.any = true}};
  }

  Client& client() {
    if (!client_) client_ = std::make_unique<Client>(threads_, resolvers_, options_);
    return *client_;
  }

  Answer send(ClientRequest request) { return test::run_coro(context_, client().send(std::move(request))); }
  Answer get(const ScriptedServer& server) { return send(request_to(server)); }

  Result<std::string> read_all(Exchange& exchange, std::size_t limit = 1 << 20) {
    return test::run_coro(context_, exchange.read_all(limit));
  }
  Result<std::size_t> read(Exchange& exchange, std::span<std::byte> bytes) {
    return test::run_coro(context_, exchange.read(bytes));
  }

  // The body of the answer to a GET, or the error of either.
  Result<std::string> body_from(const ScriptedServer& server) {
    Answer answer = get(server);
    if (!answer) return answer.error();
    return read_all(**answer);
  }

  static void expect_error(const Error& error, Errc code, std::string_view part_of_message) {
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_NE(error.message.find(part_of_message), std::string::npos) << error.message;
  }

  io::Threads threads_{1};
  io::net::io_context context_{1};
  io::Pool resolvers_{1};
  ClientOptions options_;
  std::unique_ptr<Client> client_;
};

}  // namespace entrepot::http
