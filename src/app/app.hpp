// The daemon: builds every part in order, owns it, and stops all in reverse.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "entrepot/base/clock.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/store/disk.hpp"

namespace entrepot::app {

// The configuration is valid, and a file that it names is not: a certificate that is none, a password file that is
// empty.
struct Misconfigured : std::runtime_error {
  Misconfigured(std::string in, const std::string& message) : std::runtime_error(message), key(std::move(in)) {}

  std::string key;  // "upstreams.ghcr.io"
};

class App {
 public:
  // Opens the store and binds the listeners; nothing is served yet. Throws Misconfigured; or another
  // std::runtime_error, with what went wrong with which path or address, if the daemon cannot run. `clock` and `disk`
  // must outlive it.
  App(const config::Config& config, const Clock& clock, store::Disk& disk);
  ~App();  // stop(), if that was not called

  // Starts the threads; when it returns, requests are answered.
  void start();

  // Takes on what config::reload() calls live, and reads the listeners' certificates again; faults of theirs are
  // logged, and the old ones stay. `config` is what reload() made of the one that runs. Blocks for a file or two. Not
  // while another thread is in it or in stop().
  void reload(const config::Config& config);

  // Stops accepting, lets responses in progress finish for up to `shutdown_grace`, then ends everything. Returns when
  // no thread runs any more. Fills in progress stay on disk, to be continued.
  void stop();

  std::uint16_t port(std::size_t listener) const;  // the port that config.listeners[listener] really has
  std::uint16_t admin_port() const;                // 0 without an admin listener

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::app
