#include "entrepot/cache/breaker.hpp"

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

// A client that comes within a second after the upstream is back shall find that out. A trial can hang for long, so the
// next does not wait for it.
constexpr std::chrono::milliseconds kBetweenTrials{500};
constexpr int kTrialsAtOnce = 10;

// A failure that comes sooner costs a client nothing worth sparing it.
constexpr std::chrono::seconds kLong{1};

}  // namespace

Breaker::Breaker(std::string upstream, Duration patience, io::Tasks& tasks, metrics::Registry& registry)
    : upstream_(std::move(upstream)), patience_(patience), tasks_(tasks) {
  registry.read(metrics::Registry::Kind::Gauge, "entrepot_upstream_silent",
                "1: it does not answer, and is not waited for where something is stored.", {{"upstream", upstream_}},
                [this] { return is_open() ? 1.0 : 0.0; });
}

bool Breaker::was_in_vain(const Result<void>& result, io::SteadyClock::duration took) const {
  if (took >= patience_) return true;
  if (result || took < kLong) return false;
  const Errc code = result.error().code;
  return code == Errc::Timeout || code == Errc::BadGateway || code == Errc::Unavailable;
}

void Breaker::open(io::Executor executor, Trial trial) {
  const unsigned opening = ++openings_;
  unsigned closed = 0;
  if (!open_.compare_exchange_strong(closed, opening)) return;
  log::warning("upstream_silent", {{"upstream", upstream_}});
  tasks_.spawn(executor, "breaker", try_until_closed(shared_from_this(), executor, opening, std::move(trial)));
}

io::Awaitable<> Breaker::try_until_closed(std::shared_ptr<Breaker> self, io::Executor executor, unsigned opening,
                                          Trial trial) {
  while (self->open_ == opening) {
    if (self->trials_ < kTrialsAtOnce) {
      ++self->trials_;
      self->tasks_.spawn(executor, "trial", try_once(self, opening, trial));
    }
    co_await io::sleep_for(kBetweenTrials);
  }
}

io::Awaitable<> Breaker::try_once(std::shared_ptr<Breaker> self, unsigned opening, Trial trial) {
  const io::Deadline begun = io::SteadyClock::now();
  Result<void> answered = co_await trial();
  --self->trials_;
  if (self->was_in_vain(answered, io::SteadyClock::now() - begun)) co_return;
  if (!self->open_.compare_exchange_strong(opening, 0)) co_return;
  log::info("upstream_back", {{"upstream", self->upstream_}});
}

}  // namespace entrepot::cache
