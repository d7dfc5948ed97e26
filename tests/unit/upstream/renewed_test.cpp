#include "upstream/renewed.hpp"

#include "unit/upstream/provider_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

// A source whose answers are numbered, each good for `life`; with `error` it fails.
struct Source {
  Duration life = 1h;
  bool fails = false;
  int asked = 0;
};

struct Fetch {
  Source* source;

  io::Awaitable<Result<Lease<std::string>>> operator()() const {
    ++source->asked;
    if (source->fails) co_return Error{Errc::BadGateway, "no answer " + std::to_string(source->asked)};
    co_return Lease<std::string>{"session " + std::to_string(source->asked), source->life};
  }
};

class RenewedTest : public ProviderTest {
 protected:
  std::string get() {
    Result<std::string> got = test::run_coro(io_, renewed_.get(Fetch{&source_}, io::kNoDeadline));
    // What is renewed behind the caller.
    io_.restart();
    while (tasks_.running() > 0) io_.run_one();
    return got ? *got : got.error().message;
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
