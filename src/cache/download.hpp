// The bytes of a blob from an upstream, in order, across whatever happens to the connections that bring them.
//
// A request that breaks is followed by one for the rest, at the registry's own URL (a redirect's target may have
// expired). Progress renews the budget of attempts. Used by one coroutine.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "entrepot/oci/digest.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::cache {

// The views in which an upstream may be asked for a blob: those whose access is proved. When one is refused the next is
// tried. Thread-safe.
class Feeders {
 public:
  explicit Feeders(upstream::View view) : views_{std::move(view)} {}

  void add(const upstream::View& view);
  upstream::View current() const;
  bool refuse(const upstream::View& view);  // false: there is no other one

  // It has to wait: the next one is tried in its place. False: there is no other one, by another account.
  bool pass_on(const upstream::View& view);

 private:
  mutable std::mutex mutex_;
  std::vector<upstream::View> views_;  // guarded by mutex_; never empty, the first is the current one
};

// Bytes begin..end-1 of a blob of `size` bytes: to its end where that is `end`, or is not known.
upstream::BlobRange range_between(std::uint64_t begin, std::uint64_t end, std::optional<std::uint64_t> size);

class Download {
 public:
  static constexpr int kAttempts = 5;
  static constexpr std::chrono::seconds kRequestLimit{60};  // of each request but the one that open() sends

  // Of the bytes from `range.first` to `range.last` (none: to the end). `size` is the blob's, where it is known: an
  // answer that says another is an error.
  Download(upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders, oci::Digest digest,
           upstream::BlobRange range, std::optional<std::uint64_t> size);

  // Sends the first request, once and without a retry: its error is the upstream's answer.
  io::Awaitable<Result<void>> open(io::Deadline deadline);

  // What the upstream's answers have said of the blob's size.
  std::optional<std::uint64_t> size() const { return size_; }

  std::uint64_t position() const { return position_; }  // of the byte that read() brings next
  std::uint64_t end() const;                            // where read() ends; the largest number if that is not known

  // As Exchange::read, with what breaks mended; 0 is the end of the range. An error is final: kAttempts requests in a
  // row brought nothing, every feeder was refused, or the upstream wants to be left alone for long. What it wants to be
  // left alone for (Retry-After) up to half a minute is waited for.
  io::Awaitable<Result<std::size_t>> read(std::span<std::byte> buffer);

  // An answer to a request for a part was the whole blob.
  bool ranges_ignored() const { return ranges_ignored_; }

  // What the answer at hand brings past the end of the range is wanted too: the upstream ignores ranges.
  void run_on() { last_.reset(); }

  // The caller will stop reading at `end`, and destroy this if more would follow: the upstream is kept from having sent
  // much of that by then.
  void stop_at(std::uint64_t end);

  // How often a request for the rest has followed one that broke, since the last call.
  std::uint64_t take_resumes() { return std::exchange(resumes_, 0); }

 private:
  io::Awaitable<Result<void>> request(io::Deadline deadline);
  io::Awaitable<Result<void>> reopen();
  io::Awaitable<Result<std::size_t>> read_once(std::span<std::byte> buffer);

  upstream::Upstream& upstream_;
  std::shared_ptr<Feeders> feeders_;  // shared with the fill, which adds to it
  const oci::Digest digest_;
  std::uint64_t position_;
  std::optional<std::uint64_t> last_;
  std::optional<std::uint64_t> size_;
  std::unique_ptr<upstream::BlobBody> body_{};
  std::uint64_t skip_ = 0;  // bytes of the body before position_: the upstream ignored our Range
  bool ranges_ignored_ = false;
  bool cut_expected_ = false;  // of body_
  bool broken_ = false;        // the last body has, and is not followed by another yet
  std::uint64_t resumes_ = 0;
  int attempts_ = 0;  // requests since the last byte
};

}  // namespace entrepot::cache
