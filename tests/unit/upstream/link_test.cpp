#include "upstream/link.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

const http::Url& page() {
  static const http::Url url = *http::Url::parse("https://reg.example/v2/a/tags/list?n=2");
  return url;
}

TEST(Link, NextIsResolvedAgainstThePage) {
  struct Case {
    std::vector<std::string> lines;
    const char* target;  // "": none
  };
  const Case cases[] = {
      {{R"(</v2/a/tags/list?n=2&last=b>; rel="next")"}, "/v2/a/tags/list?n=2&last=b"},
      {{R"(<https://reg.example/v2/a/tags/list?last=b>; rel=next)"}, "/v2/a/tags/list?last=b"},
      {{R"(<?n=2&last=b>;title=x; REL="Next")"}, "/v2/a/tags/list?n=2&last=b"},
      {{R"(</first>; rel="first", </second>; rel="next")"}, "/second"},
      {{R"(</first>; rel="prev")", R"(</second>; rel="next")"}, "/second"},
      {{R"(<https://other.example/v2/a/tags/list?last=b>; rel="next")"}, "/v2/a/tags/list?last=b"},
      {{R"(<http://reg.example/v2/a/tags/list?last=b>; rel="next")"}, "/v2/a/tags/list?last=b"},
      {{R"(<https://reg.example:8443/v2/a/tags/list>; rel="next")"}, "/v2/a/tags/list"},
      {{R"(<ftp://reg.example/v2/a/tags/list>; rel="next")"}, ""},
      {{R"(</v2/a>; rel="last")"}, ""},
      {{R"(</v2/a)"}, ""},
      {{"next"}, ""},
      {{}, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.lines.empty() ? "" : c.lines.front());
    std::optional<http::Url> next = next_link(c.lines, page());
    EXPECT_EQ(next ? next->target : "", c.target);
  }
}

TEST(Link, ATargetHasAPathAndAQuery) {
  EXPECT_EQ(path_of(page()), "/v2/a/tags/list");
  EXPECT_EQ(query_of(page()), "n=2");
  EXPECT_EQ(query_of(*http::Url::parse("https://reg.example/a")), "");
}

TEST(Link, AQueryParameterIsDecoded) {
  EXPECT_EQ(query_parameter("n=2&last=a%3Ab", "last"), "a:b");
  EXPECT_EQ(query_parameter("last=", "last"), "");
  EXPECT_EQ(query_parameter("blast=x", "last"), std::nullopt);
  EXPECT_EQ(query_parameter("", "last"), std::nullopt);
}

}  // namespace
}  // namespace entrepot::upstream
