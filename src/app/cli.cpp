#include "app/cli.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "app/app.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/config/load.hpp"

namespace entrepot::app {

namespace {

constexpr int kFailure = 1;
constexpr int kBadUsage = 2;

// The configuration, or nothing after its faults were printed. No file: the built-in one.
std::optional<config::Config> load_config(const std::string& file) {
  config::Environment environment = config::process_environment();
  bool is_root = ::geteuid() == 0;
  if (file.empty()) return config::built_in(environment, is_root);
  auto loaded = config::load(file, environment, is_root);
  if (auto faults = std::get_if<std::vector<config::Fault>>(&loaded)) {
    for (const config::Fault& fault : *faults) std::cerr << config::to_string(fault, file) << '\n';
    return std::nullopt;
  }
  return std::get<config::Config>(loaded);
}

int check(const std::string& file) {
  auto config = load_config(file);
  if (!config) return kBadUsage;
  for (const std::string& warning : config::warnings(*config)) std::cerr << "warning: " << warning << '\n';
  // They may be there only where the daemon runs.
  for (const config::Fault& fault : config::unreadable_files(*config)) {
    std::cerr << "warning: " << config::to_string(fault, file) << '\n';
  }
  std::cout << file << ": ok\n";
  return 0;
}

// SIGTERM and SIGINT wait for sigwait() in this thread, and in no thread that is started after this call do anything
// else.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// A client's connection takes up to three descriptors (its socket, a file, an upstream's socket), and the usual soft
// limit of 1024 is there for select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warning("descriptor_limit", {{"error", std::strerror(errno)}});
}

int serve(const std::string& file) {
  auto config = load_config(file);
  if (!config) return kBadUsage;
  const std::vector<config::Fault> faults = config::unreadable_files(*config);
  for (const config::Fault& fault : faults) std::cerr << config::to_string(fault, file) << '\n';
  if (!faults.empty()) return kBadUsage;
  log::configure(config->log_level, config->log_format);
  for (const std::string& warning : config::warnings(*config)) log::warning("config", {{"warning", warning}});

  raise_descriptor_limit();
  sigset_t signals = block_stop_signals();
  SystemClock clock;
  App app(*config, clock, store::real_disk());
  app.start();
  int signal = 0;
  sigwait(&signals, &signal);
  log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  app.stop();
  log::info("stopped");
  return 0;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App cli("A pull-through caching container registry");
  cli.name("entrepot");
  cli.require_subcommand(1);
  std::string file;
  auto not_empty = [](const std::string& text) { return std::string(text.empty() ? "a file's name is missing" : ""); };
  CLI::App* serve_command = cli.add_subcommand("serve", "Run the daemon");
  serve_command->add_option("--config", file, "Configuration file (YAML); without one, the built-in configuration")
      ->check(not_empty);
  CLI::App* check_command = cli.add_subcommand("check", "Check a configuration file");
  check_command->add_option("--config", file, "Configuration file (YAML)")->required();
  CLI::App* version_command = cli.add_subcommand("version", "Print the version");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kBadUsage;
  }

  try {
    if (*version_command) {
      std::cout << "entrepot " << ENTREPOT_VERSION << '\n';
      return 0;
    }
    return *check_command ? check(file) : serve(file);
  } catch (const std::exception& error) {
    log::error("failed", {{"error", error.what()}});
    return kFailure;
  }
}

}  // namespace entrepot::app
