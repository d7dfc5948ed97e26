// Work that blocks (files, SQLite, name resolution), done on a pool while the caller's io thread goes on.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <type_traits>
#include <utility>

#include "entrepot/io/async.hpp"

namespace entrepot::io {

using Pool = net::thread_pool;

// Runs `work()` on a thread of `pool`; the caller resumes on its own thread with what it returned. `work` must not
// throw and must return a value; it must own what it uses, or the awaiting coroutine must (it stays suspended
// meanwhile).
//
// Call it with a named functor, not with a lambda that captures inside the co_await expression: GCC 12 destroys such
// captures twice (PR100611), see docs/style.md.
//
// The coroutine stays where it is and the work travels: co_await post(pool, token) would resume on the handler's own
// executor all the same (chriskohlhoff/asio#856).
template <class F, class R = std::invoke_result_t<F&>>
Awaitable<R> run_blocking(Pool& pool, F work) {
  auto start = [](auto handler, Pool* target, F job) {
    auto guard = net::make_work_guard(handler);
    net::post(*target, [handler = std::move(handler), guard = std::move(guard), job = std::move(job)]() mutable {
      auto executor = guard.get_executor();
      // The guard travels on: the context may be gone once it has run the handler.
      net::post(executor, [handler = std::move(handler), guard = std::move(guard), result = job()]() mutable {
        std::move(handler)(std::move(result));
      });
    });
  };
  co_return co_await net::async_initiate<const net::use_awaitable_t<Executor>, void(R)>(start, use_awaitable, &pool,
                                                                                        std::move(work));
}

}  // namespace entrepot::io
