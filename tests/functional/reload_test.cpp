// A daemon that is given another configuration while it runs.
#include <fstream>

#include "entrepot/config/reload.hpp"
#include "functional/daemon_test.hpp"
#include "support/certificate.hpp"

namespace entrepot::test {
namespace {

class ReloadTest : public DaemonTest {
 protected:
  ReloadTest() {
    config_.eviction = {.ttl = 720h, .interval = 24h};
    for (auto& [name, upstream] : config_.upstreams) upstream.eviction = config_.eviction;
    hub_.push("library/app", "1", make_image({layer_}));
  }

  // That many objects are stored, and none is about to be: its state goes last.
  bool files_become(std::size_t count) const {
    return becomes_true([&] { return files() == count && std::filesystem::is_empty(config_.storage.path / "fills"); });
  }

  Object layer_ = make_blob(3'000'000);
  std::string manifest_ = manifest_path("library/app", "1");
  std::string blob_ = blob_path("library/app", layer_.digest);
};

TEST_F(ReloadTest, AnotherTtlIsThatOfWhatIsThere) {
  start();
  EXPECT_EQ(get(manifest_).status, 200);
  EXPECT_EQ(get(blob_).body, layer_.text());
  EXPECT_TRUE(files_become(2));
  clock_.advance(2h);
  config::Config wanted = config_;
  wanted.eviction = {.ttl = 1h, .interval = 20ms};
  for (auto& [name, upstream] : wanted.upstreams) upstream.eviction = wanted.eviction;
  app_->reload(config::reload(config_, wanted).config);
  EXPECT_TRUE(files_become(0));
}

TEST_F(ReloadTest, ASmallerCapIsThatOfWhatIsThere) {
  config_.storage.max_size = 100 * config::kMiB;
  config_.eviction.interval = 20ms;  // what is just being stored goes at a later look
  start();
  EXPECT_EQ(get(blob_).body, layer_.text());
  EXPECT_TRUE(files_become(1));
  config::Config wanted = config_;
  wanted.storage.max_size = 2 * config::kMiB;
  app_->reload(config::reload(config_, wanted).config);
  EXPECT_TRUE(files_become(0));
  EXPECT_EQ(get(blob_).header("Cache-Status"), kBypass);
}

TEST_F(ReloadTest, CertificatesAreReadAgainAndWrongOnesAreNotTakenOn) {
  Certificate first;
  Certificate second;
  std::filesystem::path certificate = dir_.path() / "tls.crt";
  std::filesystem::path key = dir_.path() / "tls.key";
  auto use = [&](const Certificate& from) {
    constexpr auto kOver = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(from.certificate_file(), certificate, kOver);
    std::filesystem::copy_file(from.key_file(), key, kOver);
  };
  auto shown = [&] {
    HttpConnection connection(port(1), {.tls = true});
    EXPECT_EQ(connection.request("GET", "/v2/").status, 200);
    return connection.peer_certificate();
  };
  auto text_of = [](const Certificate& from) {
    std::ifstream file(from.certificate_file());
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  use(first);
  config_.listeners[1].tls = config::ListenerTls{certificate, key};
  start();
  HttpConnection open(port(1), {.tls = true});
  EXPECT_EQ(shown(), text_of(first));

  use(second);
  EXPECT_EQ(shown(), text_of(first));
  app_->reload(config_);
  EXPECT_EQ(shown(), text_of(second));
  EXPECT_EQ(open.request("GET", "/v2/").status, 200);

  std::ofstream(certificate) << "none";
  testing::internal::CaptureStderr();
  app_->reload(config_);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(certificate.string()), std::string::npos);
  EXPECT_EQ(shown(), text_of(second));
}

}  // namespace
}  // namespace entrepot::test
