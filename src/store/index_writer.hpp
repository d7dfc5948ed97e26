// Carries the index's changes to its file, in batches, on a thread of its own: a batch is whatever has changed while
// the one before it was committed. Thread-safe.
//
// A write that fails (a full disk) loses nothing: memory goes on serving, and the rows are part of the next batch.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "entrepot/base/result.hpp"
#include "entrepot/io/wait_list.hpp"
#include "store/index.hpp"
#include "store/index_file.hpp"
#include "store/space.hpp"

namespace entrepot::store {

class IndexWriter {
 public:
  IndexWriter(Index& index, std::unique_ptr<IndexFile> file, Space& space);
  ~IndexWriter();  // writes what is left

  // The index has changed: it is written soon.
  void changed();

  // Waits until all that has changed so far, last uses included, was written, or could not be.
  io::Awaitable<Result<void>> flush();

  // Likewise, for a thread that may block.
  Result<void> commit();

  // Nobody who waits in flush() is resumed after this.
  void forget_waiters();

 private:
  void run();
  void write_batch(std::unique_lock<std::mutex>& lock);
  void note(const Result<void>& written);

  Index& index_;
  Space& space_;
  const std::unique_ptr<IndexFile> file_;  // the thread's

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  io::WaitList waiting_;          // guarded by mutex_
  std::uint64_t made_ = 0;        // guarded by mutex_: changes so far
  std::uint64_t wanted_ = 0;      // guarded by mutex_: somebody waits for the changes up to here
  std::uint64_t attempted_ = 0;   // guarded by mutex_: the last batch held the changes up to here
  std::optional<Error> failure_;  // guarded by mutex_: of the last batch
  bool stopping_ = false;         // guarded by mutex_

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace entrepot::store
