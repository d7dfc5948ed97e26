// Keeps clients from waiting for an upstream that does not answer: a circuit breaker.
//
// It opens when somebody has waited in vain. From then on, whoever has something stored takes that at once; what is not
// stored is still asked for. The request that had no answer is tried again and again meanwhile, and the first answer to
// it that comes in time, good or bad, closes the breaker.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/metrics.hpp"
#include "entrepot/base/result.hpp"
#include "entrepot/io/tasks.hpp"

namespace entrepot::cache {

// One for each upstream. Thread-safe.
class Breaker : public std::enable_shared_from_this<Breaker> {
 public:
  // The request; it is made of what outlives the io threads. Its deadline is its own.
  using Trial = std::function<io::Awaitable<Result<void>>()>;

  // `patience`: how long a client waits where something is stored. `tasks` must outlive its trials, and it must outlive
  // what reads `registry`.
  Breaker(std::string upstream, Duration patience, io::Tasks& tasks, metrics::Registry& registry);

  // Whether a request that ended so has kept a client waiting for nothing. What fails at once has not.
  bool was_in_vain(const Result<void>& result, io::SteadyClock::duration took) const;

  bool is_open() const { return open_ != 0; }
  void open(io::Executor executor, Trial trial);  // no effect if it is

 private:
  static io::Awaitable<> try_until_closed(std::shared_ptr<Breaker> self, io::Executor executor, unsigned opening,
                                          Trial trial);
  static io::Awaitable<> try_once(std::shared_ptr<Breaker> self, unsigned opening, Trial trial);

  const std::string upstream_;
  const Duration patience_;
  io::Tasks& tasks_;
  std::atomic<unsigned> openings_{0};  // so far
  std::atomic<unsigned> open_{0};      // which of them it is open by; 0: it is closed
  std::atomic<int> trials_{0};         // that run
};

}  // namespace entrepot::cache
