// What brings a fill's bytes: requests to its upstream, one or more at once, none for a byte that another has asked
// for.
//
//   - At first one, from the first missing byte.
//   - A blob that is large enough in stripes, several at once: faster than one connection where the upstream, or what
//     lies between, limits each.
//   - One for each reader that waits far ahead of all others.
//
// All of a fill's fetchers run on the io thread of run(), so what they share here needs no lock.
#pragma once

#include <memory>
#include <optional>

#include "cache/download.hpp"
#include "cache/fill.hpp"
#include "cache/fill_metrics.hpp"
#include "cache/upstream_load.hpp"
#include "entrepot/io/tasks.hpp"

namespace entrepot::cache {

class Fetchers : public std::enable_shared_from_this<Fetchers> {
 public:
  struct Options {
    unsigned stripes;         // how many at once, as far as the upstream's load allows; 1: the blob is fetched in order
    std::uint64_t first_end;  // where the request that has opened the fill is to stop, though it asked for more
  };

  // The references must outlive its tasks.
  Fetchers(std::shared_ptr<Fill> fill, upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders,
           UpstreamLoad& load, FillMetrics& metrics, io::Tasks& tasks, Options options);

  // Ends when the fill has: everything is present and hashed, or no more can be brought, and no request is left. Where
  // the disk has failed it does not wait for requests that still hang; they end by themselves.
  // `first` is the answer to the request that has opened the fill; null if nothing had to be asked for.
  io::Awaitable<> run(std::unique_ptr<Download> first);

 private:
  using Job = FetchPlan::Job;

  // How a fetcher's job ended.
  enum class Ended {
    Done,          // or the fill has ended
    NotNow,        // it was one more than the only one, and its request was refused
    RangeIgnored,  // likewise, and was answered with what it did not ask for
    Failed,        // as often as a Download tries
  };

  void start_all(io::Executor executor, io::Deadline& look_again);
  void start(io::Executor executor, Job job, std::unique_ptr<Download> download);
  io::Awaitable<> fetch(std::shared_ptr<Fetchers> self, Job job, std::unique_ptr<Download> download);
  io::Awaitable<Ended> bring(Job job, std::unique_ptr<Download> download);
  std::unique_ptr<Download> download_for(std::uint64_t begin, std::uint64_t end) const;
  Job first_job(const Download& first);
  void end_one(Ended ended);
  FetchPlan::Limits limits() const;

  const std::shared_ptr<Fill> fill_;  // shared with its readers
  upstream::Upstream& upstream_;
  const std::shared_ptr<Feeders> feeders_;  // shared with the fill's entry and its readers
  UpstreamLoad& load_;
  FillMetrics& metrics_;
  io::Tasks& tasks_;
  const Options options_;

  unsigned running_ = 0;
  std::optional<Error> error_{};   // of the fetcher that failed last, until a byte has come since
  io::Deadline no_more_before_{};  // after a failure: the upstream may not want as many
};

}  // namespace entrepot::cache
