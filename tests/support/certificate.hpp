// A self-signed certificate for 127.0.0.1 and localhost, made when a test starts.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>

#include "temp_dir.hpp"

namespace entrepot::test {

class Certificate {
 public:
  Certificate();  // throws std::runtime_error if OpenSSL cannot make one

  const std::filesystem::path& certificate_file() const { return certificate_; }  // PEM; serves as the CA too
  const std::filesystem::path& key_file() const { return key_; }                  // PEM
  SSL_CTX* server_context() const { return server_.get(); }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  TempDir dir_;
  std::filesystem::path certificate_ = dir_.path() / "certificate.pem";
  std::filesystem::path key_ = dir_.path() / "key.pem";
  std::unique_ptr<SSL_CTX, FreeContext> server_;
};

}  // namespace entrepot::test
