#include "entrepot/io/shared_call.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "support/run_coro.hpp"

namespace entrepot::io {
namespace {

class SharedCallsTest : public testing::Test {
 protected:
  // Starts a caller as a task of its own; its answer goes to answers_.
  void call(int key, Deadline deadline = kNoDeadline) {
    tasks_.spawn(context_.get_executor(), "caller", caller(key, deadline));
  }

  Awaitable<> caller(int key, Deadline deadline) {
    auto work = [this] { return answer(); };
    auto result = co_await calls_.run(key, work, deadline);
    answers_.push_back(result);
  }

  Awaitable<Result<int>> answer() {
    int turn = ++worked_;
    co_await sleep_for(std::chrono::milliseconds(20));
    if (failing_) co_return Error{Errc::BadGateway, "no"};
    co_return turn;
  }

  net::io_context context_{1};
  Tasks tasks_;
  SharedCalls<int, int> calls_{tasks_};
  std::vector<Result<int>> answers_;
  int worked_ = 0;
  bool failing_ = false;
};

TEST_F(SharedCallsTest, WorksOnceForAllWhoWaitForTheSame) {
  for (int i = 0; i < 10; ++i) call(1);
  context_.run();
  EXPECT_EQ(worked_, 1);
  ASSERT_EQ(answers_.size(), 10u);
  for (const auto& answer : answers_) EXPECT_EQ(*answer, 1);
}

TEST_F(SharedCallsTest, WorksForEachKey) {
  call(1);
  call(2);
  context_.run();
  EXPECT_EQ(worked_, 2);
}

TEST_F(SharedCallsTest, RemembersNothing) {
  call(1);
  context_.run();
  context_.restart();
  call(1);
  context_.run();
  EXPECT_EQ(worked_, 2);
  EXPECT_EQ(*answers_.back(), 2);
}

TEST_F(SharedCallsTest, GivesItsErrorToAll) {
  failing_ = true;
  call(1);
  call(1);
  context_.run();
  ASSERT_EQ(answers_.size(), 2u);
  for (const auto& answer : answers_) EXPECT_EQ(answer.error().code, Errc::BadGateway);
}

TEST_F(SharedCallsTest, WorkGoesOnWhenTheCallerThatStartedItGivesUp) {
  call(1, SteadyClock::now() + std::chrono::milliseconds(1));
  call(1);
  context_.run();
  EXPECT_EQ(worked_, 1);
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[0].error().code, Errc::Timeout);
  EXPECT_EQ(*answers_[1], 1);
}

}  // namespace
}  // namespace entrepot::io
