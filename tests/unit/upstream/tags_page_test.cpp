#include "upstream/tags_page.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using Tags = std::vector<std::string>;

TEST(TagsPage, ReadsAList) {
  EXPECT_EQ(*parse_tags(R"({"name":"a","tags":["b","a"]})"), (Tags{"b", "a"}));
  EXPECT_EQ(*parse_tags(R"({"name":"a","tags":null})"), Tags{});
  EXPECT_EQ(*parse_tags(R"({"name":"a"})"), Tags{});
  for (const char* body : {"", "[]", R"({"tags":{}})", R"({"tags":[1]})", "<html>"}) {
    SCOPED_TRACE(body);
    EXPECT_FALSE(parse_tags(body));
  }
}

TEST(TagsPage, IsWhatWasAskedFor) {
  struct Case {
    const char* what;
    Tags tags;
    std::optional<std::string_view> link;
    std::uint64_t n;
    const char* last;
    Tags expected;
    const char* next;
  };
  const Case cases[] = {
      {"the end", {"a", "b"}, std::nullopt, 2, "", {"a", "b"}, ""},
      {"a link that names last", {"a", "b"}, "n=2&last=b", 2, "", {"a", "b"}, "b"},
      {"a link that does not", {"a", "b"}, "next_page=xyz", 2, "", {"a", "b"}, "b"},
      {"an order of its own is kept", {"b", "a"}, "last=a", 2, "", {"b", "a"}, "a"},
      {"fewer than n with a link", {"a"}, "last=a", 2, "", {"a"}, "a"},
      {"n was ignored", {"c", "a", "b"}, std::nullopt, 2, "", {"a", "b"}, "b"},
      {"n was ignored, with a link", {"c", "a", "b"}, "last=c", 2, "", {"a", "b"}, "b"},
      {"n and last were ignored", {"c", "a", "b", "d"}, std::nullopt, 2, "a", {"b", "c"}, "c"},
      {"last was ignored", {"a", "b", "c"}, std::nullopt, 5, "b", {"c"}, ""},
      {"last was ignored and is the end", {"a", "b"}, std::nullopt, 5, "b", {}, ""},
      {"last was included", {"b", "c"}, "last=c", 2, "b", {"c"}, "c"},
      {"a link to the same page", {}, "last=b", 2, "b", {}, ""},
      {"nothing", {}, std::nullopt, 2, "", {}, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    TagsPage page = make_tags_page(c.tags, c.link, c.n, c.last);
    EXPECT_EQ(page.tags, c.expected);
    EXPECT_EQ(page.next, c.next);
  }
}

}  // namespace
}  // namespace entrepot::upstream
