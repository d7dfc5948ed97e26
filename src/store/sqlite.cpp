#include "store/sqlite.hpp"

#include <sqlite3.h>

namespace entrepot::store {

namespace {

Errc cause(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // at start: no such table, no such column
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
      return Errc::Invalid;
    case SQLITE_IOERR:  // a sector that cannot be read, or a file that ends too early
      return code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ? Errc::Invalid : Errc::Io;
    case SQLITE_FULL:
      return Errc::NoRoom;
    default:
      return Errc::Io;
  }
}

Error failure(sqlite3* handle) {
  const char* path = sqlite3_db_filename(handle, "main");
  return {cause(sqlite3_extended_errcode(handle)),
          std::string(path == nullptr ? "index" : path) + ": " + sqlite3_errmsg(handle)};
}

std::string_view view(const void* data, int size) {
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Result<Database> Database::open(const std::filesystem::path& path) {
  sqlite3* handle = nullptr;
  // NOMUTEX: one thread at a time uses it, and a lock for each column of each row is a tenth of a start.
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return Error{Errc::Io, path.string() + ": out of memory"};
  Database database(handle);
  if (code != SQLITE_OK) return failure(handle);
  sqlite3_busy_timeout(handle, 1000);  // somebody looks at it with the sqlite3 program
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure(handle());
  return ok();
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Result<Statement> Statement::prepare(const Database& database, const std::string& sql) {
  sqlite3_stmt* handle = nullptr;
  int size = static_cast<int>(sql.size());
  if (sqlite3_prepare_v3(database.handle(), sql.data(), size, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) !=
      SQLITE_OK) {
    return failure(database.handle());
  }
  return Statement(handle);
}

void Statement::bind(int parameter, std::int64_t number) { sqlite3_bind_int64(handle_.get(), parameter, number); }

void Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text(handle_.get(), parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob(handle_.get(), parameter, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

void Statement::bind_null(int parameter) { sqlite3_bind_null(handle_.get(), parameter); }

Result<bool> Statement::step() {
  int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = failure(sqlite3_db_handle(handle_.get()));
  sqlite3_reset(handle_.get());
  return error;
}

Result<void> Statement::run() {
  Result<bool> stepped = step();
  sqlite3_reset(handle_.get());
  if (!stepped) return stepped.error();
  return ok();
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(handle_.get(), column);
  return view(data, sqlite3_column_bytes(handle_.get(), column));
}

std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  return view(data, sqlite3_column_bytes(handle_.get(), column));
}

}  // namespace entrepot::store
