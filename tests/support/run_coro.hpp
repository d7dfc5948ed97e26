// Runs a coroutine to its end on a test's own thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "entrepot/io/async.hpp"

namespace entrepot::test {

// Rethrows what the coroutine throws; throws if it takes longer than `limit`.
inline void run_coro(io::net::io_context& context, io::Awaitable<> coroutine,
                     std::chrono::seconds limit = std::chrono::seconds(20)) {
  std::exception_ptr failure;
  bool done = false;
  io::net::co_spawn(context.get_executor(), std::move(coroutine), [&](std::exception_ptr thrown) {
    failure = thrown;
    done = true;
  });
  context.restart();
  auto end = std::chrono::steady_clock::now() + limit;
  while (!done && std::chrono::steady_clock::now() < end) context.run_one_until(end);
  if (!done) throw std::runtime_error("the coroutine did not end in time");
  if (failure) std::rethrow_exception(failure);
}

template <class T>
io::Awaitable<> keep_result(io::Awaitable<T> coroutine, std::optional<T>& result) {
  result.emplace(co_await std::move(coroutine));
}

// Likewise, and returns what the coroutine returns.
template <class T>
T run_coro(io::net::io_context& context, io::Awaitable<T> coroutine,
           std::chrono::seconds limit = std::chrono::seconds(20)) {
  std::optional<T> result;
  run_coro(context, keep_result(std::move(coroutine), result), limit);
  return std::move(*result);
}

// On a context that is never destroyed: another thread may still be inside the post that has ended the coroutine.
template <class T>
T run_coro(io::Awaitable<T> coroutine, std::chrono::seconds limit = std::chrono::seconds(20)) {
  static auto& context = *new io::net::io_context(1);
  return run_coro(context, std::move(coroutine), limit);
}

}  // namespace entrepot::test
