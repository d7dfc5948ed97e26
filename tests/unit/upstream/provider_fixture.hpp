// What a credential provider works with, and files and programs for it to find.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temp_dir.hpp"
#include "upstream/credentials.hpp"

namespace entrepot::upstream {

class ProviderTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::filesystem::path file = dir_.path() / name;
    std::ofstream(file) << text;
    return file;
  }

  // As Kubernetes and careful people do it: nobody sees half of it.
  std::filesystem::path replace(const std::string& name, const std::string& text) {
    write(name + ".new", text);
    std::filesystem::rename(dir_.path() / (name + ".new"), dir_.path() / name);
    return dir_.path() / name;
  }

  // A credential helper, and every run of it a line in the file `runs`.
  std::filesystem::path write_helper(const std::string& name, const std::string& commands) {
    std::filesystem::path file =
        replace(name, "#!/bin/sh\necho run >> '" + (dir_.path() / "runs").string() + "'\n" + commands + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
  int runs() const {
    std::ifstream file(dir_.path() / "runs");
    int lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }

  Result<std::optional<Credential>> get(CredentialProvider& provider) {
    return test::run_coro(io_, provider.get(io::kNoDeadline));
  }

  // "user:secret" of what the provider gives; "" for nothing, else the error's message.
  std::string account(CredentialProvider& provider) {
    Result<std::optional<Credential>> credential = get(provider);
    if (!credential) return credential.error().message;
    return *credential ? (*credential)->username + ":" + (*credential)->secret : "";
  }

  test::TempDir dir_;
  test::ManualClock clock_;
  io::net::io_context io_{1};
  io::Threads threads_{1};
  io::Tasks tasks_;
  metrics::Registry registry_;
  Notices notices_;
  io::Pool pool_{2};  // it is joined before what its work refers to goes
  const Context context_{threads_, tasks_, pool_, pool_, clock_, registry_, notices_};
};

}  // namespace entrepot::upstream
