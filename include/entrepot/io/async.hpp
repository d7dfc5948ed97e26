// The names under which the program uses Asio: one executor type, one awaitable type, one completion token.
//
// Every io thread runs an io_context of its own (threads.hpp), so that a coroutine, and whatever it owns, stays on one
// thread and needs no strand.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace entrepot::io {

namespace net = boost::asio;

using Executor = net::io_context::executor_type;

// Lazy: nothing runs until it is awaited, so `co_await f(...)` at once and never store it.
template <class T = void>
using Awaitable = net::awaitable<T, Executor>;

inline constexpr net::use_awaitable_t<Executor> use_awaitable{};

// auto [ec, n] = co_await socket.async_read_some(buffer, as_result);
inline constexpr auto as_result = net::as_tuple(use_awaitable);

using SteadyClock = std::chrono::steady_clock;
using Deadline = SteadyClock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();
using Timer = net::basic_waitable_timer<SteadyClock, net::wait_traits<SteadyClock>, Executor>;

inline Awaitable<Executor> this_executor() { co_return co_await net::this_coro::executor; }

// Resumes the caller after `delay`, on its own thread.
Awaitable<> sleep_for(SteadyClock::duration delay);

}  // namespace entrepot::io
