#include "config/substitute.hpp"

#include <gtest/gtest.h>

#include <map>

namespace entrepot::config {
namespace {

std::optional<std::string> lookup(const std::string& name) {
  static const std::map<std::string, std::string> variables{
      {"USER", "ci"}, {"EMPTY", ""}, {"_x9", "under"}, {"NESTED", "${USER}$$"}};
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

TEST(Substitute, ReplacesVariablesAndDollars) {
  const struct {
    const char* text;
    const char* result;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"${USER}", "ci"},
      {"a-${USER}-${_x9}-z", "a-ci-under-z"},
      {"${USER:-other}", "ci"},
      {"${NOPE:-other}", "other"},
      {"${NOPE:-}", ""},
      {"${NOPE:-a:-b}", "a:-b"},
      {"${NOPE:-a$$b}", "a$b"},
      {"${EMPTY}", ""},
      {"${EMPTY:-other}", "other"},
      {"$$", "$"},
      {"$${USER}", "${USER}"},
      {"$$$$", "$$"},
      {"pa$word$", "pa$word$"},
      {"${NESTED}", "${USER}$$"},
  };
  for (const auto& c : cases) {
    const auto result = substitute(c.text, lookup);
    ASSERT_TRUE(result) << c.text << ": " << result.error().message;
    EXPECT_EQ(*result, c.result) << c.text;
  }
}

TEST(Substitute, AnUnsetVariableWithoutDefaultIsNamed) {
  const auto result = substitute("https://${HOST}/", lookup);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("HOST is not set"), std::string::npos) << result.error().message;
}

TEST(Substitute, RefusesWhatIsMalformed) {
  for (const char* text :
       {"${", "${USER", "${}", "${1A}", "${A B}", "${A-B}", "${:-x}", "${NOPE:-${USER}}", "${NOPE:-${"}) {
    EXPECT_FALSE(substitute(text, lookup)) << text;
  }
}

TEST(Substitute, MessagesDoNotRepeatTheValue) {
  for (const char* text : {"hunter2${", "hunter2${A-hunter2}", "hunter2${NOPE}hunter2", "${NOPE:-hunter2${USER}}"}) {
    const auto result = substitute(text, lookup);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().message.find("hunter2"), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace entrepot::config
