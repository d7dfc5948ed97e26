#include "entrepot/io/threads.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>

#include "entrepot/io/blocking.hpp"
#include "entrepot/io/tasks.hpp"
#include "support/run_coro.hpp"

namespace entrepot::io {
namespace {

TEST(Threads, EachRunsItsOwnExecutor) {
  Threads threads(3);
  threads.start();
  for (std::size_t i = 0; i < 3; ++i) {
    std::promise<std::size_t> ran_on;
    net::post(threads.executor(i), [&] { ran_on.set_value(Threads::current()); });
    EXPECT_EQ(ran_on.get_future().get(), i);
  }
}

Awaitable<> hold(std::shared_ptr<int> held, std::shared_ptr<std::promise<void>> started) {
  started->set_value();
  co_await sleep_for(std::chrono::hours(1));
  *held = 1;
}

TEST(Threads, AbandonDestroysWhatIsSuspended) {
  auto held = std::make_shared<int>(0);
  auto started = std::make_shared<std::promise<void>>();
  Threads threads(2);
  Tasks tasks;
  threads.start();
  tasks.spawn(threads.executor(1), "hold", hold(held, started));
  started->get_future().wait();
  EXPECT_EQ(held.use_count(), 2);
  threads.stop();
  threads.join();
  threads.abandon();
  EXPECT_EQ(held.use_count(), 1);
}

Awaitable<std::pair<std::thread::id, std::thread::id>> where_it_runs(Pool& pool) {
  auto work = [] { return std::this_thread::get_id(); };
  std::thread::id worked_on = co_await run_blocking(pool, work);
  co_return std::pair(worked_on, std::this_thread::get_id());
}

TEST(RunBlocking, WorksOnThePoolAndResumesOnTheCallersThread) {
  Pool pool(1);
  auto [worked_on, resumed_on] = test::run_coro(where_it_runs(pool));
  EXPECT_NE(worked_on, std::this_thread::get_id());
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

Awaitable<> set(bool* done) {
  *done = true;
  co_return;
}

TEST(Tasks, RunAfterSpawnHasReturnedAndAreCounted) {
  net::io_context context(1);
  Tasks tasks;
  bool done = false;
  tasks.spawn(context.get_executor(), "set", set(&done));
  EXPECT_FALSE(done);
  EXPECT_EQ(tasks.running(), 1u);
  context.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(tasks.running(), 0u);
}

}  // namespace
}  // namespace entrepot::io
