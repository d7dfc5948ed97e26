// Something secret that its source gives for a limited time, such as a session or a token: kept, and renewed early.
//
// It is asked for when first wanted. In the last quarter of its life (of at most 15 minutes) whoever wants it still
// gets it at once, and it is renewed behind them, so that nobody waits for a renewal and none whose source fails for
// some minutes is noticed. Only what has run out is waited for. An error is an answer for five seconds: whoever is
// wrong stays so for a while. One request at a time.
//
// Thread-safe. Must outlive the fetches that it starts.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/log.hpp"
#include "entrepot/io/shared_call.hpp"
#include "entrepot/upstream/context.hpp"

namespace entrepot::upstream {

// What a source gives: good for this long from when it was asked for.
template <class T>
struct Lease {
  T value;
  Duration life;
};

// T can be copied and compared.
template <class T>
class Renewed {
 public:
  // `upstream` and `what` ("session token") are what the log says of a renewal that fails. What `context` refers to
  // must outlive it.
  Renewed(std::string upstream, std::string what, const Context& context)
      : upstream_(std::move(upstream)),
        what_(std::move(what)),
        tasks_(context.tasks),
        clock_(context.clock),
        fetches_(context.tasks) {}

  // `fetch` is a functor that returns Awaitable<Result<Lease<T>>>. It is copied into a task that goes on when its
  // caller gives up, so it needs a time limit of its own.
  template <class Fetch>
  io::Awaitable<Result<T>> get(Fetch fetch, io::Deadline deadline) {
    Found found = find();
    FetchAndKeep<Fetch> work{this, std::move(fetch)};
    if (!found.answer) co_return co_await fetches_.run(0, std::move(work), deadline);
    if (found.renew) {
      io::Executor executor = co_await io::net::this_coro::executor;
      tasks_.spawn(executor, "renew", renew(this, std::move(work)));
    }
    co_return std::move(*found.answer);
  }

  // It does not work although its time is not over: the next get() waits for another one, but not within five seconds
  // of the last.
  void refused(const T& value) {
    std::lock_guard lock(mutex_);
    if (held_ && held_->value == value) held_->refused = true;
  }

 private:
  static constexpr std::chrono::seconds kPause{5};  // after a failure, and after what was refused at once
  static constexpr std::chrono::minutes kEarliest{15};

  struct Held {
    T value;
    Time since;
    Time renew_at;
    Time ends;
    bool refused = false;
  };
  struct Failed {
    Error error;
    Time at;
  };
  struct Found {
    std::optional<Result<T>> answer;  // none: it has to be asked for
    bool renew = false;
  };

  template <class Fetch>
  struct FetchAndKeep {
    Renewed* self;
    Fetch fetch;

    io::Awaitable<Result<T>> operator()() {
      std::optional<T> fresh = self->fresh();  // another fetch may have ended just before this one began
      if (fresh) co_return std::move(*fresh);
      const Time asked = self->clock_.now();
      Result<Lease<T>> lease = co_await fetch();
      self->keep(asked, lease);
      if (!lease) co_return lease.error();
      co_return std::move(lease->value);
    }
  };

  template <class Fetch>
  static io::Awaitable<> renew(Renewed* self, FetchAndKeep<Fetch> work) {
    Result<T> renewed = co_await self->fetches_.run(0, std::move(work), io::kNoDeadline);
    {
      // Here and not with what is kept: where nothing had to be fetched, nothing is kept.
      std::lock_guard lock(self->mutex_);
      self->renewing_ = false;
    }
    if (renewed) co_return;
    log::warning("credentials_not_renewed",
                 {{"upstream", self->upstream_}, {"what", self->what_}, {"error", renewed.error().message}});
  }

  Found find() {
    const Time now = clock_.now();
    std::lock_guard lock(mutex_);
    const bool paused = failed_ && now >= failed_->at && now - failed_->at < kPause;
    if (held_ && now >= held_->since && now < held_->ends) {
      const bool is_new = now - held_->since < kPause;
      if (!held_->refused || is_new) {
        const bool renew = now >= held_->renew_at && !paused && !renewing_;
        renewing_ = renewing_ || renew;
        return {Result<T>(held_->value), renew};
      }
    }
    if (paused) return {Result<T>(failed_->error), false};
    return {};
  }

  std::optional<T> fresh() {
    const Time now = clock_.now();
    std::lock_guard lock(mutex_);
    if (!held_ || held_->refused || now < held_->since || now >= held_->renew_at) return std::nullopt;
    return held_->value;
  }

  void keep(Time asked, const Result<Lease<T>>& lease) {
    std::lock_guard lock(mutex_);
    if (!lease) {
      failed_ = Failed{lease.error(), clock_.now()};
      return;
    }
    failed_.reset();
    const Duration early = std::min<Duration>(lease->life / 4, kEarliest);
    held_ = Held{lease->value, asked, asked + lease->life - early, asked + lease->life};
  }

  const std::string upstream_;
  const std::string what_;
  io::Tasks& tasks_;
  const Clock& clock_;
  io::SharedCalls<int, T> fetches_;
  std::mutex mutex_;
  std::optional<Held> held_;      // guarded by mutex_
  std::optional<Failed> failed_;  // guarded by mutex_: the last fetch, if it failed
  bool renewing_ = false;         // guarded by mutex_
};

}  // namespace entrepot::upstream
