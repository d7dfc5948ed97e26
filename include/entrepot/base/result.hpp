// Errors as values. Everything on the data path returns Result<T>; exceptions are for start-up and for bugs.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace entrepot {

// Why something could not be done. A cause stands here only if some caller acts differently on it; the text for people
// is in Error::message. The one table that maps causes to HTTP statuses is registry/error_response.
enum class Errc {
  NotFound,     // the upstream, or the store, says that there is no such thing
  Denied,       // the upstream answered 401 or 403, at the registry or at its token endpoint
  RateLimited,  // the upstream answered 429
  Unavailable,  // the upstream answered 503, or one of our own limits is reached
  BadGateway,   // refused connection, DNS, TLS, another 5xx, an answer that makes no sense, wrong size or digest
  Timeout,      // no answer in time
  Invalid,      // what the caller asked for is malformed
  NoRoom,       // the disk, or the cap on it, has no room
  Io,           // a local system call failed
};

// Whether who was asked cannot answer now: later, or somebody else in its place, may.
constexpr bool is_outage(Errc code) {
  return code == Errc::Timeout || code == Errc::BadGateway || code == Errc::Unavailable || code == Errc::RateLimited;
}

struct Error {
  Errc code;
  std::string message;                  // for people: what went wrong with what (path, digest, key); never a credential
  std::string api_code{};               // the OCI error code that the upstream gave, if it gave one ("NAME_UNKNOWN")
  std::chrono::seconds retry_after{0};  // 0: not said
  unsigned status = 0;                  // of the upstream's answer, where that is the cause
  bool of_account = false;              // with Denied: the account itself is refused, whatever it asks for
};

// Required by boost::system::result: value() of a result that holds an Error is a bug in the caller.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// What a Result<void> returns on success.
inline Result<void> ok() { return Result<void>(boost::system::in_place_value); }

// An Error of kind Io with "<what>: <text of errno_value>".
Error io_error(std::string what, int errno_value);

}  // namespace entrepot
