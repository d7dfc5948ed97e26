#include "config/nearest.hpp"

#include <gtest/gtest.h>

namespace entrepot::config {
namespace {

constexpr std::string_view kKeys[] = {"url", "aliases", "prefixes", "max_size", "min_free", "ca"};

TEST(Nearest, FindsWhatWasMeant) {
  const struct {
    const char* word;
    const char* meant;
  } cases[] = {{"urls", "url"},          {"ulr", "url"},         {"alias", "aliases"}, {"maxsize", "max_size"},
               {"max-size", "max_size"}, {"prefix", "prefixes"}, {"cas", "ca"},        {"mni_free", "min_free"}};
  for (const auto& c : cases) EXPECT_EQ(nearest(c.word, kKeys), c.meant) << c.word;
}

TEST(Nearest, IsNothingIfNoneIsNear) {
  for (const char* word : {"", "eviction", "password", "xyz", "size"}) {
    EXPECT_EQ(nearest(word, kKeys), std::nullopt) << word;
  }
  EXPECT_EQ(nearest("url", {}), std::nullopt);
}

}  // namespace
}  // namespace entrepot::config
