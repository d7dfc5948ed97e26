#include "cache/download.hpp"

#include <algorithm>
#include <limits>

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

// The first attempt after progress is immediate: connections of CDNs and proxies are cut all the time.
std::chrono::milliseconds delay_before(int attempt) {
  return attempt <= 1 ? std::chrono::milliseconds(0) : std::chrono::milliseconds(50 << attempt);
}

// What comes sooner than this before its cut may all be on its way by then: an upstream's window is some MiB at most.
constexpr std::uint64_t kCutAhead = 4 * 1024 * 1024;

// What an upstream that limits asks us to wait is waited for while clients may, who have no byte meanwhile.
constexpr std::chrono::seconds kLongestWait{30};

bool is_refusal(Errc code) { return code == Errc::Denied || code == Errc::NotFound; }

}  // namespace

void Feeders::add(const upstream::View& view) {
  std::lock_guard lock(mutex_);
  if (std::find(views_.begin(), views_.end(), view) == views_.end()) views_.push_back(view);
}

upstream::View Feeders::current() const {
  std::lock_guard lock(mutex_);
  return views_.front();
}

bool Feeders::refuse(const upstream::View& view) {
  std::lock_guard lock(mutex_);
  if (views_.size() == 1) return views_.front() != view;
  std::erase(views_, view);
  return true;
}

bool Feeders::pass_on(const upstream::View& view) {
  std::lock_guard lock(mutex_);
  auto next = std::ranges::find_if(
      views_, [&](const upstream::View& other) { return other.fingerprint() != view.fingerprint(); });
  if (next == views_.end()) return false;
  std::rotate(views_.begin(), next, views_.end());
  return true;
}

upstream::BlobRange range_between(std::uint64_t begin, std::uint64_t end, std::optional<std::uint64_t> size) {
  upstream::BlobRange range;
  range.first = begin;
  if (size && end < *size) range.last = end - 1;
  return range;
}

Download::Download(upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders, oci::Digest digest,
                   upstream::BlobRange range, std::optional<std::uint64_t> size)
    : upstream_(upstream),
      feeders_(std::move(feeders)),
      digest_(digest),
      position_(range.first),
      last_(range.last),
      size_(size) {}

io::Awaitable<Result<void>> Download::open(io::Deadline deadline) {
  ++attempts_;
  co_return co_await request(deadline);
}

io::Awaitable<Result<void>> Download::request(io::Deadline deadline) {
  upstream::BlobRange range;
  range.first = position_;
  range.last = last_;
  upstream::View view = feeders_->current();
  auto answer = co_await upstream_.get_blob(view, digest_, range, deadline);
  if (!answer) co_return answer.error();
  std::unique_ptr<upstream::BlobBody> body = std::move(*answer);
  if (body->first() > position_) {
    co_return Error{Errc::BadGateway, upstream_.name() + ": the answer begins behind what was asked for"};
  }
  if (size_ && body->total() && *size_ != *body->total()) {
    co_return Error{Errc::BadGateway, upstream_.name() + ": " + digest_.to_string() + " has " +
                                          std::to_string(*body->total()) + " bytes there, not " +
                                          std::to_string(*size_)};
  }
  if (body->total()) size_ = body->total();
  skip_ = position_ - body->first();
  if (skip_ > 0 || (last_ && (!body->last() || *body->last() > *last_))) ranges_ignored_ = true;
  body_ = std::move(body);
  cut_expected_ = false;
  co_return ok();
}

void Download::stop_at(std::uint64_t end) {
  if (!body_) return;
  const bool more_would_follow = body_->last() ? *body_->last() >= end : !size_ || end < *size_;
  const bool expected = more_would_follow && end - position_ <= kCutAhead;
  if (expected == cut_expected_) return;
  body_->expect_cut(expected);
  cut_expected_ = expected;
}

std::uint64_t Download::end() const {
  if (last_) return *last_ + 1;
  return size_.value_or(std::numeric_limits<std::uint64_t>::max());
}

io::Awaitable<Result<void>> Download::reopen() {
  std::chrono::seconds asked_to_wait{0};
  for (;;) {
    if (attempts_ >= kAttempts) {
      co_return Error{Errc::BadGateway,
                      upstream_.name() + ": no progress in " + std::to_string(attempts_) + " requests"};
    }
    co_await io::sleep_for(std::max<io::SteadyClock::duration>(delay_before(attempts_), asked_to_wait));
    ++attempts_;
    upstream::View view = feeders_->current();
    Result<void> opened = co_await request(io::SteadyClock::now() + kRequestLimit);
    if (opened) co_return ok();
    log::info("blob_request_failed", {{"upstream", upstream_.name()},
                                      {"repository", view.repository},
                                      {"digest", digest_.to_string()},
                                      {"offset", position_},
                                      {"attempt", attempts_},
                                      {"error", opened.error().message}});
    if (is_refusal(opened.error().code) && !feeders_->refuse(view)) co_return opened.error();
    asked_to_wait = opened.error().retry_after;
    // A limit that is one account's keeps the others from nothing.
    if (opened.error().code == Errc::RateLimited && feeders_->pass_on(view)) asked_to_wait = {};
    if (asked_to_wait > kLongestWait) co_return opened.error();
  }
}

io::Awaitable<Result<std::size_t>> Download::read_once(std::span<std::byte> buffer) {
  while (skip_ > 0) {
    auto skipped = co_await body_->read(buffer.first(std::min<std::uint64_t>(buffer.size(), skip_)));
    if (!skipped) co_return skipped.error();
    if (*skipped == 0) co_return Error{Errc::BadGateway, upstream_.name() + ": the body ended early"};
    skip_ -= *skipped;
  }
  std::size_t wanted = buffer.size();
  if (last_) wanted = std::min<std::uint64_t>(wanted, *last_ + 1 - position_);
  if (size_) wanted = std::min<std::uint64_t>(wanted, *size_ - position_);
  auto read = co_await body_->read(buffer.first(wanted));
  if (!read) co_return read.error();
  bool more_is_due = last_ || size_;
  if (*read == 0 && more_is_due) co_return Error{Errc::BadGateway, upstream_.name() + ": the body ended early"};
  co_return *read;
}

io::Awaitable<Result<std::size_t>> Download::read(std::span<std::byte> buffer) {
  for (;;) {
    if (position_ >= end()) co_return std::size_t{0};
    if (!body_) {
      Result<void> opened = co_await reopen();
      if (!opened) co_return opened.error();
      if (std::exchange(broken_, false)) ++resumes_;
    }
    auto read = co_await read_once(buffer);
    if (read) {
      position_ += *read;
      if (*read > 0) attempts_ = 0;
      co_return *read;
    }
    log::info("blob_transfer_broken", {{"upstream", upstream_.name()},
                                       {"digest", digest_.to_string()},
                                       {"offset", position_},
                                       {"error", read.error().message}});
    body_.reset();
    broken_ = true;
  }
}

}  // namespace entrepot::cache
