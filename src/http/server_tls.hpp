// What a TLS listener presents to its clients, and asks of them.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>

#include "entrepot/base/result.hpp"
#include "entrepot/http/server.hpp"

namespace entrepot::http {

// The files of one listener, which can be read again while it listens. TLS 1.2 and later. Thread-safe.
class ServerTls {
 public:
  explicit ServerTls(TlsFiles files) : files_(std::move(files)) {}

  // For the connections that begin from now on. Reads files. Errc::Invalid with the name of the file that cannot be
  // read or does not fit; then all stays as it was.
  Result<void> load();

  // Null before the first load().
  std::shared_ptr<boost::asio::ssl::context> context() const;

 private:
  const TlsFiles files_;
  mutable std::mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // guarded by mutex_
};

}  // namespace entrepot::http
