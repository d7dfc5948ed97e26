#include "cache/fetchers.hpp"

#include <algorithm>
#include <memory>

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

// What a fetcher reads at once, if so much has come. With less it is handed to and fro too often: 256 KiB cost 10 %
// more processor time where the upstream is as fast as the loopback device.
constexpr std::size_t kBuffer = 1024 * 1024;
static_assert(kBuffer <= FetchPlan::kNear);

// How long an upstream that has refused one more request, or has as many as it may, is not sent another.
constexpr std::chrono::seconds kAfterRefusal{10};
constexpr std::chrono::milliseconds kAfterLimit{50};

}  // namespace

Fetchers::Fetchers(std::shared_ptr<Fill> fill, upstream::Upstream& upstream, std::shared_ptr<Feeders> feeders,
                   UpstreamLoad& load, FillMetrics& metrics, io::Tasks& tasks, Options options)
    : fill_(std::move(fill)),
      upstream_(upstream),
      feeders_(std::move(feeders)),
      load_(load),
      metrics_(metrics),
      tasks_(tasks),
      options_(options) {}

io::Awaitable<> Fetchers::run(std::unique_ptr<Download> first) {
  io::Executor executor = co_await io::net::this_coro::executor;
  Progress& progress = fill_->progress();
  // It is for the whole, after all, and a part of that is here already.
  if (first && progress.present_from(first->position()) > 0) first.reset();
  if (first) {
    load_.take_first();
    Job job = first_job(*first);
    start(executor, job, std::move(first));
  }
  while (progress.state() == Progress::State::Running) {
    io::Deadline look_again = io::kNoDeadline;
    start_all(executor, look_again);
    if (running_ > 0) {
      co_await progress.wait_for_change(look_again);
    } else {
      co_await fill_->hash_present();  // all is present, or the stripes are far ahead of the digest
    }
  }
  // A fill that the disk has ended is left to those who still wait for the upstream.
  while (running_ > 0 && progress.state() != Progress::State::DiskFailed) {
    co_await progress.wait_for_change(io::kNoDeadline);
  }
}

void Fetchers::start_all(io::Executor executor, io::Deadline& look_again) {
  while (fill_->progress().has_job(limits())) {
    const io::Deadline now = io::SteadyClock::now();
    if (running_ == 0) {
      load_.take_first();
    } else if (now < no_more_before_) {
      look_again = no_more_before_;
      return;
    } else if (running_ >= load_.share() || !load_.take()) {
      look_again = now + kAfterLimit;
      return;
    }
    std::optional<Job> job = fill_->progress().next_job(limits());
    if (!job) {
      load_.give_back();
      return;
    }
    start(executor, *job, nullptr);
  }
}

// With a connection taken.
void Fetchers::start(io::Executor executor, Job job, std::unique_ptr<Download> download) {
  ++running_;
  tasks_.spawn(executor, "fetcher", fetch(shared_from_this(), job, std::move(download)));
}

Fetchers::Job Fetchers::first_job(const Download& first) {
  Progress& progress = fill_->progress();
  const std::uint64_t begin = first.position();
  std::uint64_t end = std::min(first.end(), options_.first_end);
  if (auto size = progress.size()) {
    if (auto missing = progress.present().first_missing(*size, begin)) end = std::min(end, missing->end);
  }
  return progress.begin_with(begin, end);
}

FetchPlan::Limits Fetchers::limits() const {
  FetchPlan::Limits limits;
  limits.ranges = load_.heeds_range();
  limits.stripes = limits.ranges && options_.stripes > 1;
  if (limits.stripes) limits.background = std::min(load_.share(), options_.stripes);
  limits.hashed = fill_->hashed();
  return limits;
}

io::Awaitable<> Fetchers::fetch(std::shared_ptr<Fetchers> self, Job job, std::unique_ptr<Download> download) {
  Progress& progress = self->fill_->progress();
  Ended ended = Ended::Done;
  for (;;) {
    ended = co_await bring(job, std::move(download));
    progress.release(job.id);
    if (ended != Ended::Done) break;
    if (running_ > load_.share()) break;
    std::optional<Job> next = progress.next_job(limits());
    if (!next) break;
    job = *next;
  }
  end_one(ended);
}

void Fetchers::end_one(Ended ended) {
  --running_;
  load_.give_back();
  if (ended == Ended::NotNow || ended == Ended::Failed) no_more_before_ = io::SteadyClock::now() + kAfterRefusal;
  if (running_ == 0 && error_) fill_->fail(*error_);
  fill_->progress().announce_change();
}

std::unique_ptr<Download> Fetchers::download_for(std::uint64_t begin, std::uint64_t end) const {
  const std::optional<std::uint64_t> size = fill_->progress().size();
  return std::make_unique<Download>(upstream_, feeders_, fill_->digest(), range_between(begin, end, size), size);
}

io::Awaitable<Fetchers::Ended> Fetchers::bring(Job job, std::unique_ptr<Download> download) {
  Progress& progress = fill_->progress();
  if (!download) {
    download = download_for(job.begin, job.end);
    if (running_ > 1) {  // others go on without it: it is not worth asking again and again
      Result<void> opened = co_await download->open(io::SteadyClock::now() + Download::kRequestLimit);
      if (!opened) {
        log::info("blob_request_failed", {{"upstream", upstream_.name()},
                                          {"digest", fill_->digest().to_string()},
                                          {"offset", job.begin},
                                          {"error", opened.error().message}});
        co_return Ended::NotNow;
      }
    }
  }
  // Of memory that is not touched before something has come.
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kBuffer);
  bool in_order = false;
  while (progress.state() == Progress::State::Running) {
    const std::uint64_t offset = download->position();
    if (download->ranges_ignored() && !in_order) {
      load_.note_no_ranges();
      if (offset == job.begin && running_ > 1) co_return Ended::RangeIgnored;
      download->run_on();
      progress.extend(job.id);
      in_order = true;
    }
    if (!in_order && !load_.heeds_range() && download->end() > progress.end_of(job.id)) {
      progress.extend(job.id);  // a request for what follows would bring all that was before it too
      in_order = true;
    }
    const std::uint64_t end = progress.end_of(job.id);
    if (offset >= end) break;
    if (progress.size() && offset >= download->end()) download = download_for(offset, end);
    download->stop_at(end);
    const std::size_t wanted = std::min<std::uint64_t>(kBuffer, end - offset);
    auto read = co_await download->read(std::span(buffer.get(), wanted));
    metrics_.resumed.add(static_cast<double>(download->take_resumes()));
    if (!read) {
      error_ = read.error();
      co_return Ended::Failed;
    }
    error_.reset();
    if (*read == 0) {  // of a blob whose size its upstream did not say
      co_await fill_->finish(offset);
      break;
    }
    Result<void> written = co_await fill_->write(offset, std::span(buffer.get(), *read));
    if (!written) break;  // which has ended the fill
  }
  co_return Ended::Done;
}

}  // namespace entrepot::cache
