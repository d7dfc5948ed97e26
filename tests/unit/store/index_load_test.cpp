// Many objects: what the index takes in memory for each.

#include <malloc.h>

#include <cstring>

#include "store/index_file.hpp"
#include "support/sanitizers.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

// Different for each number, and cheap.
oci::Digest numbered(std::uint64_t number) {
  std::string raw(32, '\0');
  std::uint64_t word = number * 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < raw.size(); i += sizeof word) {
    std::memcpy(raw.data() + i, &word, sizeof word);
    word = (word ^ (word >> 29)) * 0xbf58476d1ce4e5b9 + number;
  }
  return oci::Digest::from_raw(HashAlgorithm::Sha256, raw);
}

std::size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST(IndexLoad, EachObjectAndLinkTakesLittleMemory) {
  constexpr std::uint64_t kObjects = 200'000;
  test::TempDir folder;
  test::ManualClock clock;
  auto file = IndexFile::open(folder.path() / "index.db", false);
  ASSERT_TRUE(file);
  {
    Index index;
    for (std::uint64_t i = 0; i < kObjects; ++i) index.add_blob(numbered(i), i, true, clock.now());
    for (const char* name : {"library/alpine", "library/debian"}) {
      std::vector<Link> links;
      for (std::uint64_t i = 0; i < kObjects; ++i) links.push_back({numbered(i), true, false, "", i});
      index.add_links({"docker.io", name}, links, clock.now());
    }
    ASSERT_TRUE((*file)->write(index.take_changes(0)));
  }
  file->reset();
  file = IndexFile::open(folder.path() / "index.db", false);
  ASSERT_TRUE(file);
  std::size_t before = heap();
  Index index;
  ASSERT_TRUE((*file)->load(index));
  const std::size_t taken = heap() - before;
  if (!test::kAddressSanitizer && !test::kThreadSanitizer) {  // whose heap is another one
    EXPECT_GT(taken, kObjects * 48);                          // it is measured at all
    EXPECT_LT(taken, kObjects * 180);                         // an object and two links; 200 MiB for a million
  }
  EXPECT_EQ(index.find_blob(numbered(kObjects - 1))->size, kObjects - 1);
  EXPECT_EQ(index.link({"docker.io", "library/debian"}, numbered(12'345))->size, 12'345u);
  EXPECT_FALSE(index.find_blob(numbered(kObjects)));
  EXPECT_TRUE(index.take_changes(0).empty());
}

}  // namespace

}  // namespace entrepot::store
