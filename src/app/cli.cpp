#include "app/cli.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <iterator>

#include "app/app.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/config/load.hpp"
#include "entrepot/config/reload.hpp"

namespace entrepot::app {

namespace {

constexpr int kFailure = 1;
constexpr int kBadUsage = 2;

// No file: the built-in configuration.
config::Loaded load_config(const std::string& file) {
  config::Environment environment = config::process_environment();
  bool is_root = ::geteuid() == 0;
  if (file.empty()) return config::parse("", environment, is_root);
  return config::load(file, environment, is_root);
}

// Likewise, for a daemon: the files that it names have to be there.
config::Loaded load_to_serve(const std::string& file) {
  config::Loaded loaded = load_config(file);
  if (loaded.unreadable.empty()) return loaded;
  std::vector<config::Fault> all;
  std::ranges::merge(loaded.faults, loaded.unreadable, std::back_inserter(all), {}, &config::Fault::line,
                     &config::Fault::line);
  return {.faults = std::move(all)};
}

void print(const std::vector<config::Fault>& faults, const std::string& file, std::string_view kind = "") {
  for (const config::Fault& fault : faults) std::cerr << kind << config::to_string(fault, file) << '\n';
}

int check(const std::string& file) {
  const config::Loaded loaded = load_config(file);
  print(loaded.faults, file);
  if (loaded.config) {
    for (const std::string& warning : config::warnings(*loaded.config)) std::cerr << "warning: " << warning << '\n';
  }
  // They may be there only where the daemon runs.
  print(loaded.unreadable, file, "warning: ");
  if (!loaded.config) return kBadUsage;
  std::cout << file << ": ok\n";
  return 0;
}

// SIGTERM, SIGINT and SIGHUP wait for sigwait() in this thread, and in no thread that is started after this call do
// anything else.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
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

void take_on(const config::Config& config) {
  log::configure(config.log_level, config.log_format);
  for (const std::string& warning : config::warnings(config)) log::warning("config", {{"warning", warning}});
}

std::string joined(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list.append(list.empty() ? "" : " ").append(word);
  return list;
}

// Reads the configuration again. Where it has faults, all stays as it is.
void reload(const std::string& file, config::Config& running, App& app) {
  const config::Loaded wanted = load_to_serve(file);
  for (const config::Fault& fault : wanted.faults) {
    log::error("reload_refused", {{"error", config::to_string(fault, file)}});
  }
  if (!wanted.config) return;
  config::Reload reloaded = config::reload(running, *wanted.config);
  running = std::move(reloaded.config);
  take_on(running);
  app.reload(running);
  const log::Level level = reloaded.at_start.empty() ? log::Level::Info : log::Level::Warning;
  log::write(level, "reloaded", {{"applied", joined(reloaded.applied)}, {"at_next_start", joined(reloaded.at_start)}});
}

int serve(const std::string& file) {
  const sigset_t signals = block_signals();
  config::Loaded loaded = load_to_serve(file);
  print(loaded.faults, file);
  if (!loaded.config) return kBadUsage;
  config::Config& config = *loaded.config;
  log::Background background;
  take_on(config);

  raise_descriptor_limit();
  SystemClock clock;
  std::optional<App> app;
  try {
    app.emplace(config, clock, store::real_disk());
  } catch (const Misconfigured& fault) {
    print({{0, fault.key, fault.what()}}, file);
    return kBadUsage;
  }
  app->start();
  int signal = 0;
  for (;;) {
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    reload(file, config, *app);
  }
  log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  app->stop();
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
  check_command->add_option("--config", file, "Configuration file (YAML)")->required()->check(not_empty);
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
