// What upstreams have shown, through the Store, and the index's file.

#include <sqlite3.h>

#include "store/index.hpp"
#include "unit/store/other_writer.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

const RepositoryKey kAlpine{"docker.io", "library/alpine"};
const RepositoryKey kOther{"ghcr.io", "library/alpine"};

class StoreIndex : public StoreTest {
 protected:
  void sql(const std::string& text) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path("index.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  std::vector<std::string> aside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.path)) {
      std::string name = entry.path().filename().string();
      if (name.starts_with("index.db.corrupt-")) names.push_back(name);
    }
    return names;
  }
};

TEST_F(StoreIndex, LinksAreJoined) {
  open();
  oci::Digest digest = digest_of("object");
  EXPECT_FALSE(store_->link(kAlpine, digest));
  store_->add_links(kAlpine, {{digest, true, false, "", 7}});
  store_->add_links(kAlpine, {{digest, false, true, "application/json", {}}});
  for (int round = 0; round < 2; ++round) {
    std::optional<Link> link = store_->link(kAlpine, digest);
    ASSERT_TRUE(link);
    EXPECT_TRUE(link->as_blob);
    EXPECT_TRUE(link->as_manifest);
    EXPECT_EQ(link->media_type, "application/json");
    EXPECT_EQ(link->size, 7u);
    EXPECT_FALSE(store_->link(kOther, digest));
    reopen();
  }
  store_->add_links(kAlpine, {{digest, true, false, "application/xml", 8}});
  EXPECT_EQ(store_->link(kAlpine, digest)->media_type, "application/xml");
  EXPECT_EQ(store_->link(kAlpine, digest)->size, 8u);
}

TEST_F(StoreIndex, TagsRememberWhatWasSeenAndWhatIsStored) {
  open();
  TagRecord record{
      {digest_of("new"), "application/json", 10}, TagTarget{digest_of("old"), "application/xml", 9}, clock_.now()};
  store_->set_tag(kAlpine, "latest", record);
  store_->set_tag(kAlpine, "edge", {{digest_of("new"), "application/json", 10}, {}, clock_.now()});
  reopen();
  std::optional<TagRecord> tag = store_->tag(kAlpine, "latest");
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->seen, record.seen);
  EXPECT_EQ(tag->stored, record.stored);
  EXPECT_EQ(tag->checked, record.checked);
  EXPECT_EQ(store_->tag(kAlpine, "edge")->stored, std::nullopt);
  EXPECT_FALSE(store_->tag(kOther, "latest"));
  store_->forget_tag(kAlpine, "latest");
  store_->forget_tag(kAlpine, "never");
  EXPECT_FALSE(store_->tag(kAlpine, "latest"));
  reopen();
  EXPECT_FALSE(store_->tag(kAlpine, "latest"));
  EXPECT_TRUE(store_->tag(kAlpine, "edge"));
}

TEST_F(StoreIndex, TagsAreListedInByteOrderWhereSomethingIsStored) {
  open();
  TagTarget target{digest_of("m"), "application/json", 1};
  for (const char* name : {"b", "B", "a", "_", "c"}) store_->set_tag(kAlpine, name, {target, target, clock_.now()});
  store_->set_tag(kAlpine, "seen-only", {target, {}, clock_.now()});
  EXPECT_TRUE(store_->tags(kAlpine, "", 100).empty());
  TagTarget stored{digest_of("stored"), "application/json", 6};
  ASSERT_TRUE(put("stored"));
  for (const char* name : {"b", "B", "a", "_", "c"}) store_->set_tag(kAlpine, name, {target, stored, clock_.now()});
  EXPECT_EQ(store_->tags(kAlpine, "", 100), (std::vector<std::string>{"B", "_", "a", "b", "c"}));
  EXPECT_EQ(store_->tags(kAlpine, "_", 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(store_->tags(kAlpine, "c", 5).empty());
  EXPECT_TRUE(store_->tags(kOther, "", 5).empty());
}

TEST_F(StoreIndex, RepositoriesWithAStoredManifestAreListed) {
  open();
  ASSERT_TRUE(put("manifest"));
  ASSERT_TRUE(put("blob"));
  const RepositoryKey only_blob{"docker.io", "a/blob"};
  const RepositoryKey not_stored{"docker.io", "a/manifest"};
  const RepositoryKey first{"docker.io", "library/aaa"};
  store_->add_links(only_blob, {{digest_of("blob"), true, false}});
  store_->add_links(not_stored, {{digest_of("elsewhere"), false, true}});
  store_->add_links(kOther, {{digest_of("manifest"), false, true}});
  store_->add_links(kAlpine, {{digest_of("manifest"), false, true}});
  store_->add_links(first, {{digest_of("manifest"), false, true}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->repositories(""), (std::vector<RepositoryKey>{first, kAlpine, kOther}));
    EXPECT_EQ(store_->repositories("ghcr.io"), (std::vector<RepositoryKey>{kOther}));
    reopen();
  }
}

TEST_F(StoreIndex, LastUsesAreWrittenOut) {
  open();
  store_->add_links(kAlpine, {{digest_of("hello"), true, false}});
  ASSERT_TRUE(put("hello"));
  clock_.advance(std::chrono::hours(5));
  store_->touch(kAlpine, digest_of("hello"));
  store_->touch(kAlpine, digest_of("never shown"));
  store_->touch(kOther, digest_of("hello"));
  flush();
  close();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  sql("CREATE TEMP TABLE t(x CHECK(x)); INSERT INTO t SELECT last_use = " + std::to_string(seconds) + " FROM links");
}

TEST_F(StoreIndex, ACorruptFileIsSetAsideAndRebuiltFromTheBlobs) {
  for (const std::string& garbage :
       {std::string("this is no database, whatever its name may say; not at all, and it is long enough to tell"),
        std::string(100'000, 'x')}) {
    open();
    ASSERT_TRUE(put("right"));
    ASSERT_TRUE(put("wrong"));
    store_->add_links(kAlpine, {{digest_of("right"), true, false}});
    close();
    set_content(path("index.db"), garbage);
    set_content(blob_path(digest_of("wrong")), "WRONG");
    std::size_t before = aside().size();
    clock_.advance(std::chrono::seconds(1));
    open();
    EXPECT_EQ(aside().size(), before + 1);
    EXPECT_EQ(store_->stored_size(digest_of("right")), 5u);
    EXPECT_FALSE(store_->link(kAlpine, digest_of("right")));
    EXPECT_EQ(*read(digest_of("right")), "right");
    EXPECT_FALSE(read(digest_of("wrong")));
    EXPECT_FALSE(store_->stored_size(digest_of("wrong")));
    EXPECT_FALSE(std::filesystem::exists(blob_path(digest_of("wrong"))));
    reopen();
    EXPECT_EQ(*read(digest_of("right")), "right");
    close();
  }
}

TEST_F(StoreIndex, DamageInTheMiddleOfTheFileIsNoticed) {
  options_.fsync = false;
  open();
  std::vector<Link> links;
  for (int i = 0; i < 20'000; ++i) links.push_back({digest_of(std::to_string(i)), true, false, "", 1});
  store_->add_links(kAlpine, links);
  ASSERT_TRUE(put("right"));
  close();
  std::string file = content(path("index.db"));
  ASSERT_GT(file.size(), 400'000u);
  file.replace(200'000, 50'000, std::string(50'000, '\xa5'));
  set_content(path("index.db"), file);
  open();
  EXPECT_EQ(aside().size(), 1u);
  EXPECT_EQ(*read(digest_of("right")), "right");
}

TEST_F(StoreIndex, AnotherSchemaAndContradictionsAreSetAside) {
  for (const char* change : {"PRAGMA user_version = 99", "DELETE FROM blobs WHERE id = 0", "DROP TABLE links",
                             "UPDATE tags SET seen = 12345", "UPDATE blobs SET digest = x'00'"}) {
    open();
    ASSERT_TRUE(put("right"));
    ASSERT_TRUE(put("more"));
    store_->set_tag(kAlpine, "latest", {{digest_of("right"), "application/json", 1}, {}, clock_.now()});
    close();
    sql(change);
    std::size_t before = aside().size();
    clock_.advance(std::chrono::seconds(1));
    open();
    EXPECT_EQ(aside().size(), before + 1) << change;
    EXPECT_EQ(*read(digest_of("right")), "right") << change;
    close();
  }
}

TEST_F(StoreIndex, WithoutAFileTheBlobsAreKnownAgain) {
  open();
  ASSERT_TRUE(put("right"));
  close();
  std::filesystem::remove(path("index.db"));
  open();
  EXPECT_TRUE(aside().empty());
  EXPECT_EQ(store_->stored_size(digest_of("right")), 5u);
}

TEST_F(StoreIndex, AfterALostBootWithoutFsyncEveryBlobIsHashedFirst) {
  options_.fsync = false;
  open();
  ASSERT_TRUE(put("right"));
  ASSERT_TRUE(put("wrong"));
  store_->add_links(kAlpine, {{digest_of("right"), true, false}});
  close();
  set_content(blob_path(digest_of("wrong")), "WRONG");
  sql("UPDATE meta SET value = 'an-earlier-boot' WHERE key = 'unsynced_boot'");
  sql("DELETE FROM blobs WHERE id = (SELECT max(id) FROM blobs)");  // a row that the power cut took
  options_.fsync = true;
  open();
  EXPECT_EQ(*read(digest_of("right")), "right");
  EXPECT_TRUE(store_->link(kAlpine, digest_of("right")));
  EXPECT_EQ(store_->stored_size(digest_of("wrong")), 5u);
  EXPECT_FALSE(read(digest_of("wrong")));
}

TEST_F(StoreIndex, InTheSameBootNothingIsHashed) {
  options_.fsync = false;
  open();
  ASSERT_TRUE(put("right"));
  close();
  set_content(blob_path(digest_of("right")), "RIGHT");
  open();
  EXPECT_EQ(*read(digest_of("right")), "RIGHT");
}

TEST_F(StoreIndex, ConcurrentOpensShareTheHashing) {
  open();
  ASSERT_TRUE(put("right"));
  close();
  std::filesystem::remove(path("index.db"));
  open();
  std::vector<std::shared_ptr<const StoredFile>> files;
  auto open_one = [](Store& store, std::vector<std::shared_ptr<const StoredFile>>& opened) -> io::Awaitable<> {
    Result<std::shared_ptr<const StoredFile>> file = co_await store.open_blob(digest_of("right"));
    if (file) opened.push_back(*file);
  };
  for (int i = 0; i < 5; ++i) {
    io::net::co_spawn(context_.get_executor(), open_one(*store_, files), [](std::exception_ptr) {});
  }
  context_.restart();
  while (files.size() < 5 && context_.run_one_for(std::chrono::seconds(10)) != 0) {
  }
  ASSERT_EQ(files.size(), 5u);
  for (const auto& file : files) EXPECT_EQ(file.get(), files[0].get());
}

TEST_F(StoreIndex, AWriteThatFailsIsMadeUpForLater) {
  open();
  auto writer = std::make_unique<OtherWriter>(path("index.db"));
  store_->add_links(kAlpine, {{digest_of("hello"), true, false, "application/json", 5}});
  ASSERT_TRUE(put("hello"));  // stored, if not in the index's file
  EXPECT_EQ(*read(digest_of("hello")), "hello");
  EXPECT_EQ(only_fill(".state").empty(), false);
  EXPECT_FALSE(run(store_->flush()));
  writer.reset();
  EXPECT_TRUE(run(store_->flush()));
  reopen();
  EXPECT_EQ(*read(digest_of("hello")), "hello");
  EXPECT_EQ(store_->link(kAlpine, digest_of("hello"))->media_type, "application/json");
  EXPECT_EQ(files_in("fills"), 0u);
}

TEST_F(StoreIndex, AFlushMayBeAbandonedWhileItWaits) {
  open();
  auto writer = std::make_unique<OtherWriter>(path("index.db"));
  store_->add_links(kAlpine, {{digest_of("hello"), true, false, "application/json", 5}});
  bool resumed = false;
  {
    io::net::io_context thread(1);
    io::net::co_spawn(thread, store_->flush(), [&](const std::exception_ptr&, const auto&) { resumed = true; });
    thread.poll();
    store_->forget_waiters();
  }
  writer.reset();
  reopen();
  EXPECT_FALSE(resumed);
  EXPECT_TRUE(store_->link(kAlpine, digest_of("hello")));
}

TEST_F(StoreIndex, RepositoriesAndTagsMayBeUsedFromManyThreads) {
  options_.fsync = false;
  open();
  ASSERT_TRUE(put("m"));
  TagTarget target{digest_of("m"), "application/json", 1};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 200; ++i) {
        std::string name = std::to_string(i);
        store_->add_links({"docker.io", name}, {{digest_of(name), thread % 2 == 0, true, "application/json", 1}});
        store_->set_tag({"docker.io", name}, std::to_string(thread), {target, target, clock_.now()});
        store_->touch({"docker.io", name}, digest_of(name));
        store_->repositories("");
        store_->tags({"docker.io", name}, "", 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  flush();
  reopen();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(store_->tags({"docker.io", std::to_string(i)}, "", 10).size(), 4u);
    EXPECT_TRUE(store_->link({"docker.io", std::to_string(i)}, digest_of(std::to_string(i)))->as_blob);
  }
}

}  // namespace

}  // namespace entrepot::store
