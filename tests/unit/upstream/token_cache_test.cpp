#include "upstream/token_cache.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

// A token endpoint: the n-th request gives "token-n".
struct Fetch {
  int* requests;
  std::chrono::seconds lifetime;

  io::Awaitable<Result<Token>> operator()() {
    ++*requests;
    co_await io::sleep_for(1ms);
    co_return Token{.value = "token-" + std::to_string(*requests), .lifetime = lifetime};
  }
};

struct FailingFetch {
  int* requests;

  io::Awaitable<Result<Token>> operator()() {
    ++*requests;
    co_return Error{Errc::Denied, "no"};
  }
};

class TokenCacheTest : public ::testing::Test {
 protected:
  std::string get(const TokenKey& key = {}, std::chrono::seconds lifetime = 300s) {
    auto token = test::run_coro(context_, cache_.get(key, Fetch{&requests_, lifetime}, io::kNoDeadline));
    return token ? *token : "error";
  }

  io::net::io_context context_{1};
  io::Tasks tasks_;
  test::ManualClock clock_;
  int requests_ = 0;
  TokenCache cache_{tasks_, clock_};
};

TEST_F(TokenCacheTest, ATokenIsUsedAgain) {
  EXPECT_EQ(get(), "token-1");
  EXPECT_EQ(get(), "token-1");
}

TEST_F(TokenCacheTest, EveryPartOfTheKeyCounts) {
  get({.realm = "r", .service = "s", .scope = "a", .account = ""});
  get({.realm = "x", .service = "s", .scope = "a", .account = ""});
  get({.realm = "r", .service = "x", .scope = "a", .account = ""});
  get({.realm = "r", .service = "s", .scope = "x", .account = ""});
  get({.realm = "r", .service = "s", .scope = "a", .account = "x"});
  EXPECT_EQ(requests_, 5);
}

TEST_F(TokenCacheTest, IsRenewedBeforeItExpires) {
  struct Case {
    std::chrono::seconds lifetime;
    std::chrono::seconds useful;
  };
  for (const Case& c : {Case{60s, 50s}, Case{100s, 90s}, Case{300s, 270s}}) {
    TokenKey key{.realm = std::to_string(c.lifetime.count()), .service = {}, .scope = {}, .account = {}};
    std::string first = get(key, c.lifetime);
    clock_.advance(c.useful - 1s);
    EXPECT_EQ(get(key, c.lifetime), first);
    clock_.advance(1s);
    EXPECT_NE(get(key, c.lifetime), first);
  }
}

TEST_F(TokenCacheTest, DroppingATokenThatWasReplacedKeepsTheNewOne) {
  get();
  cache_.drop({}, "token-1");
  EXPECT_EQ(get(), "token-2");
  cache_.drop({}, "token-1");
  EXPECT_EQ(get(), "token-2");
}

TEST_F(TokenCacheTest, WithAnAccountGoAllOfItsTokens) {
  const TokenKey app{.realm = {}, .service = {}, .scope = "app", .account = "ann"};
  const TokenKey web{.realm = {}, .service = {}, .scope = "web", .account = "ann"};
  const TokenKey bobs{.realm = {}, .service = {}, .scope = "app", .account = "bob"};
  for (const TokenKey& key : {app, web, bobs}) get(key);
  cache_.drop_all_of("ann");
  EXPECT_EQ(get(bobs), "token-3");
  EXPECT_EQ(get(app), "token-4");
  EXPECT_EQ(get(web), "token-5");
}

TEST_F(TokenCacheTest, AnErrorIsNotRemembered) {
  auto failed = test::run_coro(context_, cache_.get(TokenKey{}, FailingFetch{&requests_}, io::kNoDeadline));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::Denied);
  EXPECT_EQ(get(), "token-2");
}

}  // namespace
}  // namespace entrepot::upstream
