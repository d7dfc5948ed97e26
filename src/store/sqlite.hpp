// SQLite's C interface as two owners. Each belongs to one thread at a time; every call blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace entrepot::store {

// Errors: Errc::Invalid if the file, or what stands in it, makes no sense (not a database, corrupt, another schema);
// Errc::NoRoom if the disk is full; else Errc::Io.
class Database {
 public:
  static Result<Database> open(const std::filesystem::path& path);

  Result<void> execute(const std::string& sql);
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement. Parameters are numbered from 1, columns from 0. Text and blobs that are bound must live until
// the statement has run.
class Statement {
 public:
  static Result<Statement> prepare(const Database& database, const std::string& sql);

  void bind(int parameter, std::int64_t number);
  void bind(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_null(int parameter);

  // True: there is a row, false: it is done.
  Result<bool> step();

  // Runs one that returns no rows, and makes it ready for the next run.
  Result<void> run();

  bool is_null(int column) const;
  std::int64_t number(int column) const;
  std::string_view text(int column) const;  // until the next step
  std::string_view blob(int column) const;  // until the next step

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace entrepot::store
