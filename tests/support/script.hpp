// What a fake registry shall do differently from a good one: rules, which a test may add and remove while it runs.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "gate.hpp"
#include "http_text.hpp"

namespace entrepot::test {

// An answer given as it stands, whatever the registry holds.
struct CannedAnswer {
  unsigned status = 200;
  HeaderList headers{};
  std::string body{};
};

// Fields that are not set change nothing. Offsets are those of the object, wherever the answer begins.
struct Rule {
  std::string method{};      // "": every method
  std::string path = "*";    // a glob; * matches slashes too
  std::string query = "*";   // likewise
  bool only_ranges = false;  // only to requests with a Range
  int times = -1;            // how many requests it applies to; -1: all

  std::optional<CannedAnswer> answer{};
  GatePtr hold{};       // waits here before the header
  GatePtr hold_body{};  // waits here before it sends the byte at hold_at
  std::uint64_t hold_at = 0;
  bool black_hole = false;                    // no answer, until the client hangs up
  std::chrono::milliseconds latency{0};       // before the header
  std::uint64_t bytes_per_second = 0;         // of each connection; 0: no limit
  std::optional<std::uint64_t> cut_after{};   // the connection ends after so many bytes of this answer's body
  bool reset = false;                         // ends with RST where it would end with FIN
  std::optional<std::uint64_t> corrupt_at{};  // this byte is wrong
  std::int64_t length_error = 0;              // added to Content-Length
  bool chunked = false;                       // Transfer-Encoding: chunked, no Content-Length
  bool ignore_range = false;                  // the whole object with 200
  bool no_digest = false;                     // no Docker-Content-Digest
  bool no_length = false;                     // no Content-Length in the answer to a HEAD
  std::optional<std::string> content_type{};  // instead of the stored one; "": none
  std::optional<std::string> digest{};        // a wrong Docker-Content-Digest
};

class Script {
 public:
  using Id = int;

  // The newest rule that matches is the one that applies, alone.
  Id add(Rule rule);
  void remove(Id id);
  void clear();

  // The rule for a request, with one of its times used up; one without effect if none matches.
  Rule take(const std::string& method, const std::string& path, const std::string& query, bool has_range);

  // Opens every gate of every rule: for the end of the server.
  void open_gates();

 private:
  std::mutex mutex_;
  Id next_ = 1;
  std::list<std::pair<Id, Rule>> rules_;  // newest first
};

}  // namespace entrepot::test
