#include "entrepot/cache/sources.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/run_coro.hpp"

namespace entrepot::cache {
namespace {

class SourcesTest : public ::testing::Test {
 protected:
  SourcesTest() {
    for (const char* name : {"ghcr.io", "*.example.com"}) upstreams_[name].name = name;
  }

  Sources make() {
    return Sources(
        upstreams_,
        [this](const config::Upstream& upstream) {
          made_.push_back(upstream.name);
          if (upstream.name == "bad.example.com") throw std::runtime_error("no such file");
          return Source{};
        },
        tasks_, pool_);
  }

  Result<const Source*> get(Sources& sources, const std::string& name) {
    return test::run_coro(io_, sources.get(name, io::kNoDeadline));
  }

  config::Upstreams upstreams_;
  std::vector<std::string> made_;
  io::net::io_context io_{1};
  io::Tasks tasks_;
  io::Pool pool_{1};
};

TEST_F(SourcesTest, ThoseByNameAreMadeAtOnceAndThoseUnderWildcardsWhenTheyAreAskedFor) {
  Sources sources = make();
  EXPECT_EQ(made_, std::vector<std::string>{"ghcr.io"});
  EXPECT_NE(sources.find("ghcr.io"), nullptr);
  EXPECT_EQ(sources.find("a.example.com"), nullptr);
  const Source* first = *get(sources, "a.example.com");
  EXPECT_EQ(*get(sources, "a.example.com"), first);
  EXPECT_EQ(sources.find("a.example.com"), first);
  EXPECT_EQ(made_, (std::vector<std::string>{"ghcr.io", "a.example.com"}));
}

TEST_F(SourcesTest, OneThatCannotBeMadeIsAnErrorAndIsTriedAgain) {
  Sources sources = make();
  for (int i = 0; i < 2; ++i) {
    Result<const Source*> bad = get(sources, "bad.example.com");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Errc::BadGateway);
    EXPECT_EQ(bad.error().message, "bad.example.com: no such file");
  }
  EXPECT_EQ(made_.size(), 3u);
}

TEST_F(SourcesTest, AreNoMoreThanSoMany) {
  Sources sources = make();
  EXPECT_FALSE(get(sources, "bad.example.com"));  // counts: it has metrics of its own
  for (std::size_t i = 1; i < Sources::kMostUnderWildcards; ++i) {
    ASSERT_TRUE(get(sources, std::to_string(i) + ".example.com"));
  }
  Result<const Source*> one_more = get(sources, "one-more.example.com");
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, Errc::Unavailable);
  EXPECT_TRUE(get(sources, "1.example.com"));
}

}  // namespace
}  // namespace entrepot::cache
