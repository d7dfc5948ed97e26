// A client that several io threads use, and what is left of it when they stop.
#include <atomic>
#include <future>
#include <thread>

#include "entrepot/io/tasks.hpp"
#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ClientRequest request_to(std::uint16_t port) {
  return ClientRequest{.method = "GET",
                       .url = Url::parse("http://localhost:" + std::to_string(port) + "/").value(),
                       .headers = {},
                       .addresses = {.any = true}};
}

io::Awaitable<> fetch(Client& client, std::uint16_t port, int times, std::atomic<int>& fetched) {
  for (int i = 0; i < times; ++i) {
    auto exchange = co_await client.send(request_to(port));
    if (!exchange) continue;
    auto body = co_await (*exchange)->read_all(100);
    if (body && *body == "ok") ++fetched;
  }
}

void wait_until_idle(const io::Tasks& tasks) {
  while (tasks.running() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(ClientThreads, EachThreadKeepsConnectionsOfItsOwn) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 16;
  constexpr int kTimes = 10;
  ScriptedServer::Script keep_answering = [](Peer& peer) {
    while (!peer.read_request().empty()) peer.send(kOk);
  };
  ScriptedServer server(std::vector<ScriptedServer::Script>(kTasks, keep_answering));
  std::atomic<int> fetched{0};
  io::Threads threads(kThreads);
  io::Pool resolvers(2);
  io::Tasks tasks;
  Client client(threads, resolvers, ClientOptions{});
  for (int i = 0; i < kTasks; ++i) {
    tasks.spawn(threads.executor(static_cast<std::size_t>(i % kThreads)), "fetch",
                fetch(client, server.port(), kTimes, fetched));
  }
  threads.start();
  wait_until_idle(tasks);
  EXPECT_EQ(fetched, kTasks * kTimes);
  EXPECT_LE(server.connections(), static_cast<std::size_t>(kTasks));
  threads.stop();
  threads.join();
  resolvers.join();
}

io::Awaitable<> read_on(Client& client, std::uint16_t port, std::promise<void>& begun) {
  auto exchange = co_await client.send(request_to(port));
  std::byte bytes[16];
  if (exchange) co_await (*exchange)->read(bytes);
  begun.set_value();
  if (exchange) co_await (*exchange)->read(bytes);
}

TEST(ClientThreads, AnExchangeThatAStoppedThreadLeavesGoesWithTheThreadAfterTheClient) {
  std::atomic<bool> closed{false};
  {
    ScriptedServer server({[&closed](Peer& peer) {
      peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      closed = peer.wait_for_close();
    }});
    std::promise<void> begun;
    io::Threads threads(1);
    io::Pool resolvers(1);
    io::Tasks tasks;
    auto client = std::make_unique<Client>(threads, resolvers, ClientOptions{});
    tasks.spawn(threads.executor(0), "read", read_on(*client, server.port(), begun));
    threads.start();
    begun.get_future().wait();
    threads.stop();
    threads.join();
    resolvers.join();
    client.reset();
    EXPECT_FALSE(closed);
  }
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace entrepot::http
