// The whole write path, ended at each of its calls by kill -9 or a power cut, and what a start makes of what is left:
// what was reported as stored is there, and nothing is served that is not whole.

#include <sys/wait.h>

#include "store/fill_state.hpp"
#include "support/forgetful_disk.hpp"
#include "unit/store/store_fixture.hpp"

namespace entrepot::store {

namespace {

using test::FaultyDisk;
using test::ForgetfulDisk;

constexpr std::uint64_t kMiB = 1024 * 1024;
const std::string kSmall = "small";
const std::string kLarge(2 * kMiB + 100, 'x');

enum class End { Killed, PowerCut, PowerCutWithNamesWritten };

std::unique_ptr<FaultyDisk> disk_for(End end, const std::filesystem::path& folder) {
  if (end == End::Killed) return std::make_unique<FaultyDisk>();
  bool kept = end == End::PowerCutWithNamesWritten;
  return std::make_unique<ForgetfulDisk>(folder, kept ? ForgetfulDisk::Names::Kept : ForgetfulDisk::Names::Lost);
}

// A store in a process of its own, which ends here in any case.
class Life {
 public:
  Life(const Options& options, FaultyDisk& disk, int crash_at, int reports)
      : disk_(disk), crash_at_(crash_at), reports_(reports) {
    auto opened = Store::open(options, pool_, disk, clock_);
    if (!opened) ::_exit(1);
    store_ = std::move(*opened);
  }

  // Reports 's' once the small object is stored, 'f' once the fill is.
  [[noreturn]] void store_both() {
    disk_.crash(crash_at_);
    put_small();
    report('s');
    fill_large();
    report('f');
    disk_.crash_now();
  }

  // Has both, and reports 'e' once they are evicted.
  [[noreturn]] void evict_both() {
    for (const std::string& bytes : {kSmall, kLarge}) store_->add_links(kRepository, {{digest_of(bytes), true, false}});
    put_small();
    fill_large();
    store_->set_lifetimes({{std::chrono::hours(1), Lifetime::Since::LastUse}, {}});
    clock_.advance(std::chrono::hours(2));
    disk_.crash(crash_at_);
    test::run_coro(context_, store_->expire());
    require(test::run_coro(context_, store_->flush()));
    report('e');
    disk_.crash_now();
  }

 private:
  inline static const RepositoryKey kRepository{"docker.io", "library/alpine"};

  template <class T>
  static void require(const Result<T>& result) {
    if (!result) ::_exit(1);
  }
  void put_small() {
    auto small = std::make_shared<const std::string>(kSmall);
    require(test::run_coro(context_, store_->put("docker.io", digest_of(kSmall), small)));
  }
  void fill_large() {
    auto file = test::run_coro(context_, store_->open_fill("docker.io", digest_of(kLarge), kLarge.size()));
    require(file);
    auto bytes = std::as_bytes(std::span(kLarge));
    require((*file)->write(0, bytes.first(kMiB + 50)));
    require((*file)->sync());
    require((*file)->write(kMiB + 50, bytes.subspan(kMiB + 50)));
    require(test::run_coro(context_, store_->commit_fill(**file, kLarge.size())));
  }
  void report(char what) const {
    if (::write(reports_, &what, 1) != 1) ::_exit(1);
  }

  FaultyDisk& disk_;
  const int crash_at_;
  const int reports_;
  io::net::io_context context_{1};  // outlives the pool, whose threads still hold work on it for a moment
  io::Pool pool_{1};
  test::ManualClock clock_;
  std::unique_ptr<Store> store_;
};

// The reports of a life that ends at its `call`-th call, or when all is done.
std::string live_until(int call, End end, const Options& options, void (Life::*life)()) {
  std::unique_ptr<FaultyDisk> disk = disk_for(end, options.path);
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  pid_t child = ::fork();
  if (child == 0) (Life(options, *disk, call, ends[1]).*life)();
  ::close(ends[1]);
  std::string reports;
  char buffer[8];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    reports.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == FaultyDisk::kCrashed) << status;
  return reports;
}

// The fills that are left say that they were written in a boot that is over.
void end_boot(const Options& options) {
  for (const auto& entry : std::filesystem::directory_iterator(options.path / "fills")) {
    if (entry.path().extension() != ".state") continue;
    std::ofstream(entry.path(), std::ios::binary | std::ios::app) << "\n" << boot_line("an-earlier-boot");
  }
}

// A store opened on what is left. Its threads end with it: ThreadSanitizer wants none where a process forks.
class Survivor {
 public:
  explicit Survivor(const Options& options) : blobs_(options.path / "blobs/sha256") {
    auto opened = Store::open(options, pool_, real_disk(), clock_);
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
  }
  ~Survivor() {
    store_.reset();
    pool_.join();
  }

  void expect_whole_or_nothing(const std::string& bytes, bool stored) {
    oci::Digest digest = digest_of(bytes);
    bool exists = std::filesystem::exists(blobs_ / digest.hex().substr(0, 2) / digest.hex());
    EXPECT_EQ(exists, store_->stored_size(digest).has_value());
    Result<std::string> found = test::run_coro(context_, store_->read_all(digest));
    EXPECT_TRUE(found || !stored);
    EXPECT_TRUE(!found || *found == bytes);
  }

  bool has(const std::string& bytes) const { return store_->stored_size(digest_of(bytes)).has_value(); }

  void complete(const std::string& bytes) {
    auto file = test::run_coro(context_, store_->open_fill("docker.io", digest_of(bytes), bytes.size()));
    ASSERT_TRUE(file);
    Extents present = (*file)->initial();
    while (std::optional<Extent> missing = present.first_missing(bytes.size())) {
      auto part = std::as_bytes(std::span(bytes)).subspan(missing->begin, missing->length());
      ASSERT_TRUE((*file)->write(missing->begin, part));
      present.add(missing->begin, missing->end);
    }
    std::string whole(bytes.size(), '\0');
    ASSERT_TRUE((*file)->read(0, std::as_writable_bytes(std::span(whole))));
    EXPECT_TRUE(whole == bytes);
    ASSERT_TRUE(test::run_coro(context_, store_->commit_fill(**file, bytes.size())));
  }

 private:
  const std::filesystem::path blobs_;
  test::ManualClock clock_;
  io::net::io_context context_{1};
  io::Pool pool_{1};
  std::unique_ptr<Store> store_;
};

class Crash : public ::testing::TestWithParam<End> {
 protected:
  test::TempDir folder_;
};

TEST_P(Crash, AtAnyCallNothingIsLostAndNothingBrokenIsServed) {
  std::string reports;
  for (int call = 1; reports != "sf" && !HasFailure(); ++call) {
    SCOPED_TRACE(call);
    Options options{folder_.path() / std::to_string(call), 0, 0, true};
    reports = live_until(call, GetParam(), options, &Life::store_both);
    if (GetParam() != End::Killed) end_boot(options);
    Survivor store(options);
    store.expect_whole_or_nothing(kSmall, reports.find('s') != std::string::npos);
    store.expect_whole_or_nothing(kLarge, reports.find('f') != std::string::npos);
    store.complete(kLarge);
    store.expect_whole_or_nothing(kLarge, true);
    // A small object that never came to be may be left, to be continued; nothing else.
    auto fills = std::filesystem::directory_iterator(options.path / "fills");
    EXPECT_LE(std::distance(begin(fills), end(fills)), reports.empty() ? 2 : 0);
  }
}

TEST_P(Crash, AtAnyCallOfAnEvictionWhatIsThereIsKnownAndNothingElse) {
  std::string reports;
  for (int call = 1; reports != "e" && !HasFailure(); ++call) {
    SCOPED_TRACE(call);
    Options options{folder_.path() / std::to_string(call), 0, 0, true};
    reports = live_until(call, GetParam(), options, &Life::evict_both);
    Survivor store(options);
    for (const std::string& bytes : {kSmall, kLarge}) {
      store.expect_whole_or_nothing(bytes, false);
      EXPECT_FALSE(reports == "e" && store.has(bytes));
    }
    store.complete(kLarge);
    store.expect_whole_or_nothing(kLarge, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Ends, Crash, ::testing::Values(End::Killed, End::PowerCut, End::PowerCutWithNamesWritten),
                         [](const auto& end) {
                           if (end.param == End::Killed) return "Killed";
                           return end.param == End::PowerCut ? "PowerCut" : "PowerCutWithNamesWritten";
                         });

}  // namespace

}  // namespace entrepot::store
