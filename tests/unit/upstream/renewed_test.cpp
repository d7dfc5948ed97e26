#include "upstream/renewed.hpp"

#include "unit/upstream/provider_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

// A source whose answers are numbered, each good for `life`; with `error` it fails.
struct Source {
  Duration life = 1h;
  bool fails = false;
  bool throws = false;
  int asked = 0;
};

struct Fetch {
  Source* source;

  io::Awaitable<Result<Lease<std::string>>> operator()() const {
    ++source->asked;
    if (source->throws) throw std::runtime_error("a bug");
    if (source->fails) co_return Error{Errc::BadGateway, "no answer " + std::to_string(source->asked)};
    co_return Lease<std::string>{"session " + std::to_string(source->asked), source->life};
  }
};

class RenewedTest : public ProviderTest {
 protected:
  std::string get() {
    std::string got = get_alone();
    settle();
    return got;
  }
  std::string get_alone() {
    Result<std::string> got = test::run_coro(io_, renewed_.get(Fetch{&source_}, io::kNoDeadline));
    return got ? *got : got.error().message;
  }
  // What is renewed behind the caller.
  void settle() {
    io_.restart();
    while (tasks_.running() > 0) io_.run_one();
  }

  Source source_;
  Renewed<std::string> renewed_{"an upstream", "session", context_};
};

TEST_F(RenewedTest, IsAskedForOnce) {
  EXPECT_EQ(get(), "session 1");
  clock_.advance(44min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(RenewedTest, IsRenewedInItsLastQuarterBehindWhoeverWantsIt) {
  EXPECT_EQ(get(), "session 1");
  clock_.advance(46min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 2);
  EXPECT_EQ(get(), "session 2");
  EXPECT_EQ(source_.asked, 2);
}

TEST_F(RenewedTest, TwelveHoursAreRenewedAQuarterOfAnHourBefore) {
  source_.life = 12h;
  EXPECT_EQ(get(), "session 1");
  clock_.advance(11h + 44min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 1);
  clock_.advance(1min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(get(), "session 2");
}

TEST_F(RenewedTest, WhatHasRunOutIsWaitedFor) {
  EXPECT_EQ(get(), "session 1");
  clock_.advance(1h);
  EXPECT_EQ(get(), "session 2");
}

TEST_F(RenewedTest, ARenewalThatFailsIsTriedAgainAndNotNoticedUntilTheEnd) {
  EXPECT_EQ(get(), "session 1");
  source_.fails = true;
  clock_.advance(50min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 2);
  clock_.advance(5s);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 3);
  clock_.advance(10min);
  EXPECT_EQ(get(), "no answer 4");
  source_.fails = false;
  clock_.advance(5s);
  EXPECT_EQ(get(), "session 5");
}

TEST_F(RenewedTest, AClockThatStepsBackDuringARenewalDoesNotEndRenewals) {
  EXPECT_EQ(get(), "session 1");
  clock_.advance(46min);
  EXPECT_EQ(get_alone(), "session 1");
  clock_.advance(-30min);
  settle();
  EXPECT_EQ(source_.asked, 1);
  clock_.advance(30min);
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 2);
}

TEST_F(RenewedTest, ASourceThatThrowsOnceIsAskedAgain) {
  EXPECT_EQ(get(), "session 1");
  clock_.advance(46min);
  source_.throws = true;
  testing::internal::CaptureStderr();
  EXPECT_EQ(get(), "session 1");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("task_failed"), std::string::npos);
  source_.throws = false;
  EXPECT_EQ(get(), "session 1");
  EXPECT_EQ(source_.asked, 3);
  EXPECT_EQ(get(), "session 3");
}

TEST_F(RenewedTest, AnErrorIsTheAnswerForFiveSeconds) {
  source_.fails = true;
  EXPECT_EQ(get(), "no answer 1");
  clock_.advance(4s);
  EXPECT_EQ(get(), "no answer 1");
  clock_.advance(1s);
  EXPECT_EQ(get(), "no answer 2");
}

TEST_F(RenewedTest, WhatWasRefusedIsReplacedButNotWithinFiveSeconds) {
  EXPECT_EQ(get(), "session 1");
  renewed_.refused("session 1");
  EXPECT_EQ(get(), "session 1");
  clock_.advance(5s);
  EXPECT_EQ(get(), "session 2");
  renewed_.refused("session 1");  // which is another's news
  clock_.advance(5s);
  EXPECT_EQ(get(), "session 2");
}

}  // namespace
}  // namespace entrepot::upstream
