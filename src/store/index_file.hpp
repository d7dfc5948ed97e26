// The index on disk: a SQLite database with the rows of index_rows.hpp. Belongs to one thread at a time; blocks.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"
#include "store/index.hpp"
#include "store/sqlite.hpp"

namespace entrepot::store {

class IndexFile {
 public:
  // Opens or makes the database; without `fsync`, transactions after write_scanned() are not synced. Errors as
  // Database.
  static Result<std::unique_ptr<IndexFile>> open(const std::filesystem::path& path, bool fsync);
  ~IndexFile();

  // Everything into an index that is still empty. Errc::Invalid if rows contradict each other.
  Result<void> load(Index& index);

  // All of it or, on an error, nothing.
  Result<void> write(const Changes& changes);

  // Whether blobs/ has to be looked through: the database is new, or what it says may be more, or less, than what a
  // power cut has left. In the second case no object counts as verified any more.
  Result<bool> needs_scan(const std::string& boot);

  // In one transaction: what the scan has found, that it is done, and whether this run's writes can be lost with the
  // kernel.
  Result<void> write_scanned(const Changes& changes, const std::string& boot);

  std::uint64_t bytes() const;  // on disk, with its log

 private:
  struct Statements;

  IndexFile(std::filesystem::path path, bool fsync, Database database, std::unique_ptr<Statements> statements);

  Result<void> transaction(const Changes& changes, const std::string& also);
  Result<void> put(const Changes& changes);

  const std::filesystem::path path_;
  const bool fsync_;
  Database database_;
  std::unique_ptr<Statements> statements_;
};

// Moves a database that makes no sense out of the way: index.db.corrupt-<seconds since 1970>, with its log. Never
// deleted: it may be of use to somebody.
Result<void> set_aside(const std::filesystem::path& path, Time now);

}  // namespace entrepot::store
