// What /metrics says after a scripted mix, against what the clients and the upstream have seen.
#include <map>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class MetricsTest : public DaemonTest {
 protected:
  MetricsTest() {
    config_.admin = config::Address{"127.0.0.1", 0};
    hub_.push("library/app", "1", image_);
  }

  // The value of a series by its line: `name{labels}`. 0 if there is none.
  double value(const std::string& series) {
    Reply reply = request(app_->admin_port(), "GET", "/metrics");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    std::size_t at = ("\n" + reply.body).find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(reply.body.substr(at + series.size() + 1));
  }
  // Some of it is counted just after the client has its answer.
  void expect(const std::string& series, double wanted) {
    auto end = std::chrono::steady_clock::now() + kPatience;
    while (value(series) != wanted && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(value(series), wanted) << series;
  }

  static std::string requests(const std::string& kind, unsigned status, const std::string& cache) {
    return R"(entrepot_requests_total{cache=")" + cache + R"(",kind=")" + kind + R"(",status=")" +
           std::to_string(status) + R"(",upstream="docker.io"})";
  }
  static std::string of_hub(const std::string& name) { return name + R"({upstream="docker.io"})"; }
  static std::string asked(const std::string& method, const std::string& status) {
    return R"(entrepot_upstream_requests_total{method=")" + method + R"(",status=")" + status +
           R"(",upstream="docker.io"})";
  }
  static std::string fills(const std::string& result) { return R"(entrepot_fills_total{result=")" + result + R"("})"; }

  Object layer_ = make_blob(300'000);
  Image image_ = make_image({layer_});
  std::string by_tag_ = manifest_path("library/app", "1");
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

TEST_F(MetricsTest, ShowWhatTheUpstreamGrantsOnceItHasSaid) {
  start();
  const std::string limit = of_hub("entrepot_upstream_ratelimit_limit");
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(request(app_->admin_port(), "GET", "/metrics").body.find(limit), std::string::npos);
  hub_.add({.answer = CannedAnswer{500, {{"RateLimit-Limit", "100;w=21600"}, {"RateLimit-Remaining", "76;w=21600"}}}});
  EXPECT_EQ(get(by_tag_).status, 200);
  expect(limit, 100);
  expect(of_hub("entrepot_upstream_ratelimit_remaining"), 76);
}

TEST_F(MetricsTest, ShowWhetherTheUpstreamIsSilent) {
  hub_config().freshness.timeout = 100ms;
  start();
  EXPECT_EQ(get(by_tag_).status, 200);
  expect(of_hub("entrepot_upstream_silent"), 0);
  hub_.add({.black_hole = true});
  EXPECT_EQ(get(by_tag_).header("Warning"), kStaleWarning);
  expect(of_hub("entrepot_upstream_silent"), 1);
  hub_.behave();
  expect(of_hub("entrepot_upstream_silent"), 0);
}

TEST_F(MetricsTest, CountWhatClientsAskedForAndHowTheyWereAnswered) {
  start();
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  EXPECT_EQ(get(layer_path_, {{"Range", "bytes=0-99"}}).status, 206);
  EXPECT_EQ(get(blob_path("library/app", image_.manifest.digest + "0")).status, 400);
  EXPECT_EQ(get(manifest_path("library/app", "none")).status, 404);
  expect(requests("manifest", 200, "miss"), 1);
  expect(requests("manifest", 200, "hit"), 1);
  expect(requests("blob", 200, "miss"), 1);
  expect(requests("blob", 200, "hit"), 1);
  expect(requests("blob", 206, "hit"), 1);
  expect(requests("manifest", 404, "none"), 1);
  expect(R"(entrepot_sent_bytes_total{kind="blob",upstream="docker.io"})", 2 * 300'000 + 100);
  expect(R"(entrepot_request_duration_seconds_count{kind="blob",upstream="docker.io"})", 3);
  expect(R"(entrepot_first_byte_seconds_count{kind="blob",upstream="docker.io"})", 3);
  hub_.stop();
  EXPECT_EQ(get(by_tag_).header("Cache-Status"), kStale);
  expect(requests("manifest", 200, "stale"), 1);
}

TEST_F(MetricsTest, CountWhatUpstreamsWereAskedForAndSent) {
  hub_.require_tokens();
  start();
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  EXPECT_EQ(get(by_tag_).status, 200);
  std::map<std::pair<std::string, unsigned>, double> seen;
  std::uint64_t bytes = 0;
  double tokens = 0;
  for (const LoggedRequest& request : hub_.log().requests()) {
    if (request.method == "GET" && request.status == 200) bytes += request.body_bytes;
    if (request.path == "/token") {
      ++tokens;
    } else {
      ++seen[{request.method, request.status}];
    }
  }
  EXPECT_GT(seen.size(), 1u);
  for (const auto& [what, count] : seen) expect(asked(what.first, std::to_string(what.second)), count);
  expect(R"(entrepot_upstream_token_requests_total{result="granted",upstream="docker.io"})", tokens);
  EXPECT_GE(value(of_hub("entrepot_upstream_received_bytes_total")), static_cast<double>(bytes));
  expect(of_hub("entrepot_upstream_request_duration_seconds_count"),
         static_cast<double>(hub_.log().requests().size()) - tokens);
  hub_.stop();
  EXPECT_EQ(get(manifest_path("library/app", "2")).status, 502);
  expect(asked("GET", "error"), 1);
}

TEST_F(MetricsTest, CountFillsByTheirEnd) {
  hub_.add({.method = "GET", .path = layer_path_, .times = 2, .cut_after = 100'000});
  start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  expect(fills("completed"), 1);
  expect("entrepot_fill_resumes_total", 2);
  expect("entrepot_fills_running", 0);

  Object parked = make_blob(300'000, 2);
  std::string path = blob_path("library/app", parked.digest);
  hub_.push_blob("library/app", parked);
  hub_.add({.method = "GET", .path = path, .cut_after = 0});
  hub_.add({.method = "GET", .path = path, .times = 1, .cut_after = 100'000});
  EXPECT_EQ(get(path).ending, Ending::Short);
  expect(fills("parked"), 1);
  expect("entrepot_fills_parked", 1);
  hub_.behave();
  EXPECT_EQ(get(path).body, parked.text());
  expect("entrepot_fills_continued_total", 1);
  expect(fills("completed"), 2);
  expect("entrepot_fills_parked", 0);

  Object wrong = make_blob(300'000, 3);
  hub_.push_blob("library/app", wrong);
  hub_.add({.path = blob_path("library/app", wrong.digest), .corrupt_at = 7});
  EXPECT_EQ(get(blob_path("library/app", wrong.digest)).ending, Ending::Short);
  expect(fills("wrong"), 1);

  hub_.add({.answer = CannedAnswer{403}});
  EXPECT_EQ(get(blob_path("library/app", make_blob(10, 4).digest)).status, 403);
  expect(fills("refused"), 1);
}

TEST_F(MetricsTest, SayWhatTheStoreHoldsAndWhatHasGone) {
  config_.eviction = {.ttl = 1h, .interval = 20ms};
  for (auto& [name, upstream] : config_.upstreams) upstream.eviction = config_.eviction;
  config_.storage.max_size = 64 * 1024 * 1024;
  start();
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  expect("entrepot_store_objects", 2);
  expect(fills("completed"), 1);
  EXPECT_GT(value("entrepot_store_used_bytes"), 300'000);
  expect("entrepot_store_max_bytes", 64 * 1024 * 1024);
  clock_.advance(2h);
  expect(R"(entrepot_evicted_objects_total{cause="ttl"})", 2);
  expect(R"(entrepot_evicted_bytes_total{cause="ttl"})", static_cast<double>(300'000 + image_.manifest.size()));
  expect(R"(entrepot_evicted_objects_total{cause="size"})", 0);
  expect("entrepot_store_objects", 0);
}

TEST_F(MetricsTest, SayWhatRunsAndHowItIs) {
  start();
  HttpConnection one(port());
  EXPECT_EQ(one.request("GET", "/v2/").status, 200);
  expect("entrepot_open_connections", 1);
  expect(of_hub("entrepot_upstream_open_connections"), 0);
  auto download = open(layer_path_);
  EXPECT_EQ(download->reply.status, 200);
  expect(of_hub("entrepot_upstream_open_connections"), 1);
  Reply reply = request(app_->admin_port(), "GET", "/metrics");
  EXPECT_NE(reply.body.find("entrepot_build_info{version=\""), std::string::npos);
  EXPECT_NE(reply.body.find("# TYPE entrepot_event_loop_lag_seconds histogram"), std::string::npos);
  EXPECT_GT(value("entrepot_process_cpu_seconds_total"), 0);
  EXPECT_GT(value("entrepot_process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value("entrepot_process_open_fds"), 3);
  EXPECT_GT(value("entrepot_process_max_fds"), value("entrepot_process_open_fds"));
  expect("entrepot_process_start_time_seconds", 1'700'000'000);  // the test's clock
  EXPECT_EQ(get("/metrics").status, 404);
}

}  // namespace
}  // namespace entrepot::test
