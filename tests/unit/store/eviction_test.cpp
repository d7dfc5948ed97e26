// What goes, what stays, and what is left of either.

#include <nlohmann/json.hpp>

#include "store/sqlite.hpp"
#include "unit/store/other_writer.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLarge = 3 * kMiB;

const RepositoryKey kAlpine{"docker.io", "library/alpine"};
const RepositoryKey kDebian{"docker.io", "library/debian"};
const RepositoryKey kOther{"ghcr.io", "someone/alpine"};

std::string large(char fill) { return std::string(kLarge, fill); }

class Eviction : public StoreTest {
 protected:
  // Stored, and shown in these repositories.
  void add(const std::string& bytes, const std::vector<RepositoryKey>& repositories, bool as_manifest = false) {
    for (const RepositoryKey& repository : repositories) {
      store_->add_links(repository, {{digest_of(bytes), !as_manifest, as_manifest, "", bytes.size()}});
    }
    ASSERT_TRUE(put(bytes));
  }
  bool stored(const std::string& bytes) const {
    bool known = store_->stored_size(digest_of(bytes)).has_value();
    EXPECT_EQ(known, std::filesystem::exists(blob_path(digest_of(bytes))));
    return known;
  }
  void set_ttl(Duration ttl, Lifetime::Since since = Lifetime::Since::LastUse) {
    store_->set_lifetimes({{ttl, since}, {}});
  }
  void expire() { run(store_->expire()); }
  void touch(const std::string& bytes, const RepositoryKey& repository = kAlpine) {
    store_->touch(repository, digest_of(bytes));
  }

  // The number of rows, as the file has them.
  int rows(const std::string& table) {
    flush();
    return sql_number("SELECT count(*) FROM " + table);
  }
  int sql_number(const std::string& query) const;
};

int Eviction::sql_number(const std::string& query) const {
  Result<Database> database = Database::open(path("index.db"));
  if (!database) throw std::runtime_error(database.error().message);
  Result<Statement> statement = Statement::prepare(*database, query);
  if (!statement || !statement->step()) throw std::runtime_error(query);
  return static_cast<int>(statement->number(0));
}

// A manifest that lists these.
std::string manifest_of(const std::vector<std::string>& layers) {
  nlohmann::json manifest{{"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.manifest.v1+json"}};
  auto descriptor = [](const std::string& type, const std::string& bytes) {
    return nlohmann::json{
        {"mediaType", type}, {"digest", digest_of(bytes).to_string()}, {"size", static_cast<int>(bytes.size())}};
  };
  manifest["config"] = descriptor("application/vnd.oci.image.config.v1+json", "config");
  manifest["layers"] = nlohmann::json::array();
  for (const std::string& layer : layers) {
    manifest["layers"].push_back(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer));
  }
  return manifest.dump();
}

std::string index_of(const std::string& manifest) {
  nlohmann::json child{{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                       {"digest", digest_of(manifest).to_string()},
                       {"size", static_cast<int>(manifest.size())}};
  return nlohmann::json{{"schemaVersion", 2},
                        {"mediaType", "application/vnd.oci.image.index.v1+json"},
                        {"manifests", nlohmann::json::array({child})}}
      .dump();
}

// ---- time

TEST_F(Eviction, WhatIsNotUsedGoesAndWhatIsUsedStays) {
  open();
  set_ttl(1h);
  add("used", {kAlpine});
  add("unused", {kAlpine});
  for (int i = 0; i < 3; ++i) {
    clock_.advance(50min);
    touch("used");
    expire();
  }
  EXPECT_TRUE(stored("used"));
  EXPECT_TRUE(store_->link(kAlpine, digest_of("used")));
  EXPECT_FALSE(stored("unused"));
  EXPECT_FALSE(store_->link(kAlpine, digest_of("unused")));
  EXPECT_EQ(*read(digest_of("used")), "used");
  EXPECT_FALSE(read(digest_of("unused")));
}

TEST_F(Eviction, WhatWasEvictedIsStoredAnew) {
  open();
  set_ttl(1h);
  add("hello", {kAlpine});
  clock_.advance(2h);
  expire();
  EXPECT_FALSE(stored("hello"));
  add("hello", {kAlpine});
  expire();
  EXPECT_TRUE(stored("hello"));
  reopen();
  EXPECT_EQ(*read(digest_of("hello")), "hello");
}

TEST_F(Eviction, WithoutATtlNothingEnds) {
  open();
  add("hello", {kAlpine});
  clock_.advance(std::chrono::hours(24 * 365));
  expire();
  EXPECT_TRUE(stored("hello"));
}

TEST_F(Eviction, WhatSeveralRepositoriesShareGoesWhenNoneNeedsIt) {
  open();
  set_ttl(1h);
  add("shared", {kAlpine, kDebian, kOther});
  clock_.advance(50min);
  touch("shared", kOther);
  clock_.advance(50min);
  expire();
  EXPECT_TRUE(stored("shared"));
  EXPECT_FALSE(store_->link(kAlpine, digest_of("shared")));
  EXPECT_TRUE(store_->link(kOther, digest_of("shared")));
  clock_.advance(50min);
  expire();
  EXPECT_FALSE(stored("shared"));
}

TEST_F(Eviction, EachUpstreamHasItsOwnTtl) {
  open();
  store_->set_lifetimes({{1h, Lifetime::Since::LastUse}, {{"ghcr.io", {10h, Lifetime::Since::LastUse}}}});
  add("hub", {kAlpine});
  add("ghcr", {kOther});
  clock_.advance(5h);
  expire();
  EXPECT_FALSE(stored("hub"));
  EXPECT_TRUE(stored("ghcr"));
}

TEST_F(Eviction, ATtlSinceTheFetchEndsWhateverTheUse) {
  open();
  set_ttl(1h, Lifetime::Since::Fetch);
  add("hello", {kAlpine});
  clock_.advance(50min);
  touch("hello");
  store_->add_links(kAlpine, {{digest_of("hello"), true, false}});
  expire();
  EXPECT_TRUE(stored("hello"));
  clock_.advance(20min);
  touch("hello");
  expire();
  EXPECT_FALSE(stored("hello"));
}

TEST_F(Eviction, AChangedTtlAppliesToWhatIsThere) {
  open();
  set_ttl(100h);
  add("hello", {kAlpine});
  clock_.advance(50h);
  expire();
  EXPECT_TRUE(stored("hello"));
  set_ttl(10h);
  expire();
  EXPECT_FALSE(stored("hello"));
}

TEST_F(Eviction, AManifestsUseIsOneOfAllThatItListsDownToTheLayers) {
  open();
  set_ttl(1h);
  std::string manifest = manifest_of({"base", "top"});
  std::string index = index_of(manifest);
  for (const std::string& blob : {std::string("base"), std::string("top"), std::string("config")}) add(blob, {kAlpine});
  add("base", {kDebian});
  add(manifest, {kAlpine}, true);
  add(index, {kAlpine}, true);
  add("other", {kAlpine});
  for (int i = 0; i < 4; ++i) {
    clock_.advance(40min);
    touch(index);
    expire();
  }
  for (const std::string& kept : {std::string("base"), std::string("top"), std::string("config"), manifest, index}) {
    EXPECT_TRUE(stored(kept)) << kept;
  }
  EXPECT_FALSE(stored("other"));
  EXPECT_FALSE(store_->link(kDebian, digest_of("base")));  // another repository's use is none here
}

TEST_F(Eviction, LastUsesSurviveARestart) {
  open();
  std::string manifest = manifest_of({"layer"});
  add("layer", {kAlpine});
  add("unused", {kAlpine});
  add(manifest, {kAlpine}, true);
  clock_.advance(50min);
  touch(manifest);
  reopen();
  set_ttl(1h);
  clock_.advance(20min);
  expire();
  EXPECT_TRUE(stored(manifest));
  EXPECT_TRUE(stored("layer"));
  EXPECT_FALSE(stored("unused"));
}

TEST_F(Eviction, TagsAndRepositoriesEndToo) {
  open();
  set_ttl(1h);
  TagTarget target{digest_of("m"), "application/json", 1};
  add("m", {kAlpine, kDebian}, true);
  store_->set_tag(kAlpine, "used", {target, target, clock_.now()});
  store_->set_tag(kAlpine, "unused", {target, target, clock_.now()});
  store_->set_tag(kDebian, "unused", {target, target, clock_.now()});
  EXPECT_EQ(store_->repositories("").size(), 2u);
  clock_.advance(50min);
  touch("m");
  store_->touch_tag(kAlpine, "used");
  clock_.advance(20min);
  expire();
  EXPECT_EQ(store_->tags(kAlpine, "", 10), std::vector<std::string>{"used"});
  EXPECT_FALSE(store_->tag(kAlpine, "unused"));
  EXPECT_FALSE(store_->tag(kDebian, "unused"));
  EXPECT_EQ(store_->repositories(""), std::vector<RepositoryKey>{kAlpine});
}

TEST_F(Eviction, NothingIsLeftOfWhatHasGone) {
  open();
  set_ttl(1h);
  oci::Digest long_digest = oci::Digest::of(HashAlgorithm::Sha512, "long");
  for (int round = 0; round < 3; ++round) {
    TagTarget target{digest_of("m"), "application/json", 1};
    TagTarget moved{digest_of("never fetched"), "application/json", 1};
    add("m", {kAlpine, kOther}, true);
    add("blob", {kAlpine});
    store_->add_links(kOther, {{long_digest, true, false}});
    store_->set_tag(kAlpine, "latest", {moved, target, clock_.now()});
    EXPECT_GT(rows("blobs"), 0);
    if (round == 1) reopen();
    set_ttl(1h);
    clock_.advance(2h);
    expire();
    for (const char* table : {"blobs", "links", "tags", "repositories"}) EXPECT_EQ(rows(table), 0) << table;
    EXPECT_TRUE(store_->repositories("").empty());
  }
  reopen();
  EXPECT_FALSE(store_->stored_size(digest_of("m")));
}

TEST_F(Eviction, NumbersThatWereGivenAgainMeanTheNewOnes) {
  open();
  set_ttl(1h);
  for (int i = 0; i < 100; ++i) {
    store_->add_links({"docker.io", std::to_string(i)}, {{digest_of(std::to_string(i)), true, false, "", i + 1u}});
  }
  clock_.advance(50min);
  for (int i = 0; i < 100; i += 3) touch(std::to_string(i), {"docker.io", std::to_string(i)});
  clock_.advance(20min);
  expire();
  for (int i = 1000; i < 1100; ++i) {
    store_->add_links({"docker.io", std::to_string(i)}, {{digest_of(std::to_string(i)), true, false, "", i + 1u}});
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1100; ++i) {
      auto link = store_->link({"docker.io", std::to_string(i)}, digest_of(std::to_string(i)));
      bool expected = i < 100 ? i % 3 == 0 : i >= 1000;
      ASSERT_EQ(link.has_value(), expected) << i;
      EXPECT_TRUE(!link || link->size == i + 1u);
    }
    reopen();
  }
}

TEST_F(Eviction, ObjectsThatNoUpstreamHasShownYetStayForTheGeneralTtl) {
  open();
  add("hello", {kAlpine});
  close();
  std::filesystem::remove(path("index.db"));
  open();
  store_->set_lifetimes({{2h, Lifetime::Since::LastUse}, {{"docker.io", {1h, Lifetime::Since::LastUse}}}});
  clock_.advance(90min);
  expire();
  EXPECT_TRUE(stored("hello"));
  clock_.advance(40min);
  expire();
  EXPECT_FALSE(stored("hello"));
}

TEST_F(Eviction, AClockThatIsSetBackEndsNothing) {
  open();
  set_ttl(1h);
  add("hello", {kAlpine});
  clock_.advance(-10h);
  expire();
  EXPECT_TRUE(stored("hello"));
}

// ---- room

TEST_F(Eviction, WhatWasNotUsedForTheLongestTimeMakesRoom) {
  options_.max_size = 12 * kMiB;
  open();
  for (char name : {'a', 'b', 'c'}) {
    add(large(name), {kAlpine});
    clock_.advance(1min);
  }
  touch(large('a'));
  ASSERT_TRUE(put(large('d')));
  EXPECT_TRUE(stored(large('a')));
  EXPECT_FALSE(stored(large('b')));
  EXPECT_TRUE(stored(large('c')));
  EXPECT_TRUE(stored(large('d')));
  EXPECT_LE(store_->used_bytes(), options_.max_size);
  // That it was shown is not forgotten with its bytes.
  EXPECT_TRUE(store_->link(kAlpine, digest_of(large('b'))));
}

TEST_F(Eviction, AManifestsUseKeepsItsLayersFromMakingRoom) {
  options_.max_size = 12 * kMiB;
  open();
  std::string manifest = manifest_of({large('a')});
  for (char name : {'a', 'b', 'c'}) {
    add(large(name), {kAlpine});
    clock_.advance(1min);
  }
  add(manifest, {kAlpine}, true);
  ASSERT_TRUE(put(large('d')));
  EXPECT_FALSE(stored(large('b')));
  EXPECT_TRUE(stored(large('a')));
}

TEST_F(Eviction, ParkedFillsMakeRoomBeforeStoredObjects) {
  options_.max_size = 12 * kMiB;
  open();
  add(large('a'), {kAlpine});
  auto parked = begin_fill(large('p'));
  ASSERT_TRUE(write(*parked, large('p'), 0, 1000));
  run(store_->park_fill(*parked));
  parked.reset();
  add(large('b'), {kAlpine});
  add(large('c'), {kAlpine});
  EXPECT_FALSE(store_->parked("docker.io", digest_of(large('p'))));
  for (char name : {'a', 'b', 'c'}) EXPECT_TRUE(stored(large(name)));
}

TEST_F(Eviction, WhatIsBeingReadStaysWhileSomethingElseCanGo) {
  options_.max_size = 12 * kMiB;
  open();
  for (char name : {'a', 'b', 'c'}) {
    add(large(name), {kAlpine});
    clock_.advance(1min);
  }
  auto reading = run(store_->open_blob(digest_of(large('a'))));
  ASSERT_TRUE(reading);
  ASSERT_TRUE(put(large('d')));
  EXPECT_TRUE(stored(large('a')));
  EXPECT_FALSE(stored(large('b')));
}

TEST_F(Eviction, WhereAllIsBeingReadThereIsNoRoom) {
  options_.max_size = 12 * kMiB;
  open();
  std::vector<std::shared_ptr<const StoredFile>> readers;
  for (char name : {'a', 'b', 'c'}) {
    add(large(name), {kAlpine});
    readers.push_back(*run(store_->open_blob(digest_of(large(name)))));
  }
  Result<void> none = put(large('d'));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::NoRoom);
  readers.clear();
  EXPECT_TRUE(put(large('d')));
}

TEST_F(Eviction, TheRoomOfWhatIsBeingReadCountsUntilItIsClosed) {
  open();
  set_ttl(1h);
  add(large('a'), {kAlpine});
  std::uint64_t before = store_->used_bytes();
  auto reading = *run(store_->open_blob(digest_of(large('a'))));
  clock_.advance(2h);
  expire();
  EXPECT_FALSE(stored(large('a')));
  EXPECT_GE(store_->used_bytes() + kMiB, before);
  std::string part(1000, '\0');
  EXPECT_EQ(::pread(reading->fd(), part.data(), part.size(), kLarge - 1000), 1000);
  EXPECT_EQ(part, std::string(1000, 'a'));
  reading.reset();
  EXPECT_TRUE(uses_at_most(before + kMiB - kLarge));
}

TEST_F(Eviction, TheRoomOfAFillThatIsBeingReadCountsUntilItIsClosed) {
  open();
  set_ttl(1h);
  store_->add_links(kAlpine, {{digest_of(large('a')), true, false}});
  auto file = begin_fill(large('a'));
  ASSERT_TRUE(write(*file, large('a')));
  ASSERT_TRUE(run(store_->commit_fill(*file, kLarge)));
  clock_.advance(2h);
  expire();
  EXPECT_FALSE(stored(large('a')));
  EXPECT_GE(store_->used_bytes(), kLarge);
  file.reset();
  EXPECT_TRUE(uses_at_most(kMiB));
}

TEST_F(Eviction, RoomIsMadeAheadOfTheNeed) {
  options_.max_size = 100 * kMiB;
  open();
  run(store_->trim());
  EXPECT_FALSE(run(store_->wait_until_short(io::SteadyClock::now())));
  for (int i = 0; i < 32; ++i) {
    add(large(static_cast<char>('A' + i)), {kAlpine});
    clock_.advance(1min);
  }
  EXPECT_TRUE(run(store_->wait_until_short(io::SteadyClock::now())));
  std::uint64_t before = store_->used_bytes();
  run(store_->trim());
  EXPECT_LT(store_->used_bytes(), before);
  EXPECT_LE(store_->used_bytes(), options_.max_size * 9 / 10);
  EXPECT_GT(store_->used_bytes(), options_.max_size * 8 / 10);
  EXPECT_FALSE(stored(large('A')));
  EXPECT_TRUE(stored(large(static_cast<char>('A' + 31))));
  EXPECT_FALSE(run(store_->wait_until_short(io::SteadyClock::now())));
}

TEST_F(Eviction, ManySmallObjectsMakeRoomInManySteps) {
  options_.fsync = false;
  options_.max_size = 16 * kMiB;
  open();
  for (int i = 0; i < 1200; ++i) {
    std::string bytes(12'000, 'x');
    bytes.replace(0, 4, std::to_string(1000 + i));
    add(bytes, {kAlpine});
  }
  run(store_->trim());
  ASSERT_TRUE(put(std::string(3 * kMiB, 'l')));  // which takes more than two hundred of them
  EXPECT_LE(store_->used_bytes(), options_.max_size);
  run(store_->trim());
  EXPECT_LE(store_->used_bytes(), options_.max_size * 9 / 10);
}

TEST_F(Eviction, ASmallerCapAppliesToWhatIsThere) {
  open();
  for (char name : {'a', 'b', 'c'}) {
    add(large(name), {kAlpine});
    clock_.advance(1min);
  }
  options_.max_size = 5 * kMiB;
  reopen();
  run(store_->trim());
  EXPECT_FALSE(stored(large('a')));
  EXPECT_FALSE(stored(large('b')));
  EXPECT_TRUE(stored(large('c')));
}

TEST_F(Eviction, FreeBytesOfTheFileSystemAreMade) {
  options_.min_free = 100 * kMiB;
  open();
  add(large('a'), {kAlpine});
  add(large('b'), {kAlpine});
  disk_.set_free_bytes(99 * kMiB);
  run(store_->trim());  // as long as too little is free, and the test's disk says so whatever goes
  EXPECT_FALSE(stored(large('a')));
  EXPECT_FALSE(stored(large('b')));
}

// ---- what can go wrong

TEST_F(Eviction, AListenerLearnsWhatHasGone) {
  open();
  set_ttl(1h);
  std::vector<oci::Digest> gone;
  store_->on_removed([&](const oci::Digest& digest) { gone.push_back(digest); });
  add("hello", {kAlpine});
  clock_.advance(2h);
  expire();
  EXPECT_EQ(gone, std::vector<oci::Digest>{digest_of("hello")});
}

TEST_F(Eviction, AFileThatCannotBeRemovedStaysUntilItCan) {
  open();
  set_ttl(1h);
  add("hello", {kAlpine});
  clock_.advance(2h);
  flush();
  disk_.fail(1);
  expire();
  EXPECT_TRUE(disk_.failed());
  EXPECT_TRUE(stored("hello"));
  EXPECT_FALSE(store_->link(kAlpine, digest_of("hello")));
  clock_.advance(2h);
  expire();
  EXPECT_FALSE(stored("hello"));
  EXPECT_EQ(rows("blobs"), 0);
}

TEST_F(Eviction, WhereNothingCanBeRemovedThereIsNoRoomAndAllIsServed) {
  options_.max_size = 12 * kMiB;
  open();
  for (char name : {'a', 'b', 'c'}) add(large(name), {kAlpine});
  flush();
  for (char name : {'a', 'b', 'c'}) {  // a folder that is not empty cannot be removed as a file can
    std::filesystem::path file = blob_path(digest_of(large(name)));
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    set_content(file / "x", "x");
  }
  Result<void> none = put(large('d'));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::NoRoom);
  for (char name : {'a', 'b', 'c'}) EXPECT_TRUE(store_->stored_size(digest_of(large(name))));
}

TEST_F(Eviction, NothingGoesForWhatDoesNotFitEvenSo) {
  options_.max_size = 12 * kMiB;
  open();
  add(large('a'), {kAlpine});
  auto running = begin_fill(std::string(7 * kMiB, 'r'));
  Result<void> none = put(std::string(5 * kMiB, 'n'));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::NoRoom);
  EXPECT_TRUE(stored(large('a')));
}

TEST_F(Eviction, AManifestsUseCountsAlsoBetweenTwoLooksForTheOldest) {
  options_.max_size = 14 * kMiB;
  open();
  std::string manifest = manifest_of({large('b')});
  for (char name : {'a', 'b', 'c', 'd'}) {
    add(large(name), {kAlpine});
    clock_.advance(1min);
  }
  add(manifest, {kAlpine}, true);
  store_->add_links(kAlpine, {{digest_of(large('b')), true, false}});
  ASSERT_TRUE(put(large('e')));  // looks for the oldest, of which only one goes
  EXPECT_FALSE(stored(large('a')));
  clock_.advance(1min);
  touch(manifest);
  ASSERT_TRUE(put(large('f')));
  EXPECT_TRUE(stored(large('b')));
  EXPECT_FALSE(stored(large('c')));
}

TEST_F(Eviction, ManyLinksEndAPartAtATime) {
  options_.fsync = false;
  open();
  set_ttl(1h);
  std::vector<Link> links;
  for (int i = 0; i < 1000; ++i) links.push_back({digest_of(std::to_string(i)), i % 2 == 0, i % 2 != 0, "", 1});
  store_->add_links(kAlpine, links);
  store_->add_links(kOther, links);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(put(std::to_string(i)));
  clock_.advance(50min);
  store_->touch(kOther, digest_of("7"));
  clock_.advance(20min);
  expire();
  EXPECT_EQ(rows("links"), 1);
  EXPECT_EQ(rows("blobs"), 1);
  EXPECT_EQ(store_->repositories(""), std::vector<RepositoryKey>{kOther});
}

TEST_F(Eviction, WhereTheIndexCannotBeWrittenTheFileGoesAndItsRowsLater) {
  open();
  set_ttl(1h);
  add("hello", {kAlpine});
  flush();
  clock_.advance(2h);
  {
    OtherWriter writer(path("index.db"));
    expire();
    EXPECT_FALSE(stored("hello"));
    EXPECT_FALSE(run(store_->flush()));
  }
  for (const char* table : {"blobs", "links", "repositories"}) EXPECT_EQ(rows(table), 0) << table;
}

TEST_F(Eviction, AFillMayTakeThePlaceOfOneThatIsLeaving) {
  open();
  set_ttl(1h);
  add(large('a'), {kAlpine});
  clock_.advance(2h);
  flush();
  disk_.fail(2);  // its folder's sync, so that it stays marked
  expire();
  EXPECT_TRUE(disk_.failed());
  EXPECT_FALSE(stored(large('a')));
  add(large('a'), {kAlpine});
  EXPECT_TRUE(stored(large('a')));
  EXPECT_EQ(store_->stats().by_ttl.objects, 1U);
  EXPECT_TRUE(uses_at_most(kLarge + kMiB));
  reopen();
  EXPECT_TRUE(*read(digest_of(large('a'))) == large('a'));
}

TEST_F(Eviction, ObjectsComeAndGoUnderManyThreads) {
  options_.fsync = false;
  options_.max_size = 2 * kMiB;
  open();
  set_ttl(1h);
  constexpr int kObjects = 60;
  auto bytes_of = [](int i) { return std::string(100'000, static_cast<char>('A' + i)); };
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      io::net::io_context context(1);
      for (int i = 0; i < 150; ++i) {
        std::string bytes = bytes_of((i * 7 + thread * 13) % kObjects);
        oci::Digest digest = digest_of(bytes);
        store_->add_links(kAlpine, {{digest, true, false}});
        (void)test::run_coro(context, store_->put("docker.io", digest, std::make_shared<const std::string>(bytes)));
        Result<std::string> found = test::run_coro(context, store_->read_all(digest));
        EXPECT_TRUE(!found || *found == bytes);
        if (found) ++right;
        store_->touch(kAlpine, digest);
        if (i % 20 == 0) {
          clock_.advance(30min);
          test::run_coro(context, store_->expire());
          test::run_coro(context, store_->trim());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(right, 100);
  EXPECT_LE(store_->used_bytes(), options_.max_size);
  reopen();
  for (int i = 0; i < kObjects; ++i) {
    EXPECT_TRUE(!stored(bytes_of(i)) || *read(digest_of(bytes_of(i))) == bytes_of(i));
  }
}

}  // namespace

}  // namespace entrepot::store
