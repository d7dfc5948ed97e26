#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

// The files that are given to users.
std::filesystem::path shipped(const std::string& name) { return std::filesystem::path(ENTREPOT_CONFIG_DIR) / name; }

Config loaded(const std::filesystem::path& file) {
  const Loaded loaded = load(file, environment_of({}), true);
  for (const std::string& fault : lines_of(loaded.faults)) ADD_FAILURE() << fault;
  return loaded.config.value_or(Config{});
}

TEST(Load, TheExampleIsTheBuiltInConfiguration) {
  EXPECT_EQ(loaded(shipped("example.yaml")), built_in(environment_of({}), true));
}

TEST(Load, TheMinimalExampleIsValid) {
  const Config config = loaded(shipped("minimal.yaml"));
  EXPECT_EQ(config.storage.max_size, 100 * kGiB);
  ASSERT_EQ(config.upstreams.size(), 2u);
  const auto& account = std::get<BasicCredentials>(config.upstreams.at("docker.io").credentials->account);
  EXPECT_EQ(account, (BasicCredentials{"ci", "", "/etc/entrepot/dockerhub-token"}));
}

TEST(Load, ReadsTheWholeFile) {
  const test::TempDir dir;
  const auto file = dir.path() / "long.yaml";
  std::ofstream(file) << "#" << std::string(10'000, '-') << "\nthreads: 7\n";
  EXPECT_EQ(loaded(file).threads, 7u);
}

TEST(Load, AFileThatCannotBeReadIsOneFault) {
  const test::TempDir dir;
  const Loaded missing = load(dir.path() / "missing.yaml", environment_of({}), true);
  EXPECT_EQ(lines_of(missing.faults), std::vector<std::string>{"cannot be read: No such file or directory"});
  const Loaded folder = load(dir.path(), environment_of({}), true);
  EXPECT_EQ(lines_of(folder.faults), std::vector<std::string>{"cannot be read: Is a directory"});
}

TEST(ProcessEnvironment, IsThisProcesses) {
  ASSERT_EQ(::setenv("ENTREPOT_CONFIG_TEST", "x", 1), 0);
  EXPECT_EQ(process_environment()("ENTREPOT_CONFIG_TEST"), "x");
  ASSERT_EQ(::unsetenv("ENTREPOT_CONFIG_TEST"), 0);
  EXPECT_EQ(process_environment()("ENTREPOT_CONFIG_TEST"), std::nullopt);
}

}  // namespace
}  // namespace entrepot::config
