#include "store/index_file.hpp"

#include <limits>

#include "store/boot.hpp"

namespace entrepot::store {

namespace fs = std::filesystem;

namespace {

constexpr int kVersion = 2;

// docs/store-format.md explains every column. The views are for people with the sqlite3 program.
constexpr const char* kSchema = R"sql(
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE media_types(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
  CREATE TABLE repositories(id INTEGER PRIMARY KEY, upstream TEXT NOT NULL, name TEXT NOT NULL);
  CREATE TABLE blobs(id INTEGER PRIMARY KEY, digest BLOB NOT NULL, presence INTEGER NOT NULL, verified INTEGER NOT NULL,
                     size INTEGER NOT NULL, last_use INTEGER NOT NULL);
  CREATE TABLE links(repository INTEGER NOT NULL, blob INTEGER NOT NULL, as_blob INTEGER NOT NULL,
                     as_manifest INTEGER NOT NULL, media_type INTEGER NOT NULL, size INTEGER,
                     fetched INTEGER NOT NULL, last_use INTEGER NOT NULL,
                     PRIMARY KEY(repository, blob)) WITHOUT ROWID;
  CREATE TABLE tags(repository INTEGER NOT NULL, name TEXT NOT NULL,
                    seen INTEGER NOT NULL, seen_type INTEGER NOT NULL, seen_size INTEGER NOT NULL,
                    stored INTEGER, stored_type INTEGER, stored_size INTEGER,
                    checked INTEGER NOT NULL, fetched INTEGER NOT NULL, last_use INTEGER NOT NULL,
                    PRIMARY KEY(repository, name)) WITHOUT ROWID;
  CREATE VIEW blob_list AS
    SELECT CASE length(digest) WHEN 32 THEN 'sha256:' ELSE 'sha512:' END || lower(hex(digest)) AS digest,
           size, verified, datetime(max(last_use, ifnull(used, 0)), 'unixepoch') AS last_use
    FROM blobs LEFT JOIN (SELECT blob, max(last_use) AS used FROM links GROUP BY blob) ON blob = id
    WHERE presence = 1;
  CREATE VIEW link_list AS
    SELECT upstream, r.name AS repository,
           CASE length(digest) WHEN 32 THEN 'sha256:' ELSE 'sha512:' END || lower(hex(digest)) AS digest,
           as_blob, as_manifest, m.name AS media_type, l.size,
           datetime(fetched, 'unixepoch') AS fetched, datetime(l.last_use, 'unixepoch') AS last_use
    FROM links l JOIN repositories r ON r.id = repository JOIN blobs b ON b.id = blob
                 JOIN media_types m ON m.id = media_type;
  CREATE VIEW tag_list AS
    SELECT upstream, r.name AS repository, t.name AS tag,
           CASE length(s.digest) WHEN 32 THEN 'sha256:' ELSE 'sha512:' END || lower(hex(s.digest)) AS seen,
           CASE length(k.digest) WHEN 32 THEN 'sha256:' ELSE 'sha512:' END || lower(hex(k.digest)) AS stored,
           datetime(checked / 1000, 'unixepoch') AS checked,
           datetime(fetched, 'unixepoch') AS fetched, datetime(t.last_use, 'unixepoch') AS last_use
    FROM tags t JOIN repositories r ON r.id = repository JOIN blobs s ON s.id = seen
                LEFT JOIN blobs k ON k.id = t.stored;
)sql";

Error corrupt(const fs::path& path, const std::string& reason) {
  return {Errc::Invalid, path.string() + ": " + reason};
}

Result<std::int64_t> one_number(const Database& database, const std::string& sql) {
  Result<Statement> query = Statement::prepare(database, sql);
  if (!query) return query.error();
  Result<bool> row = query->step();
  if (!row) return row.error();
  return *row ? query->number(0) : 0;
}

Result<void> prepare_database(Database& database, const fs::path& path) {
  // A reader's snapshot can keep the log from starting over; it is cut back to 4 MiB when that ends. What SQLite needs
  // besides stays in memory: where nothing but the store can be written (a container) there is no place for its files.
  Result<void> set = database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 4194304; PRAGMA temp_store = MEMORY;"
      "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL");
  if (!set) return set;
  Result<std::int64_t> version = one_number(database, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kVersion) return ok();
  Result<std::int64_t> tables = one_number(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*version != 0 || *tables != 0) return corrupt(path, "its schema is another one");
  std::string script = "BEGIN;";
  script.append(kSchema).append("PRAGMA user_version = ").append(std::to_string(kVersion)).append("; COMMIT");
  return database.execute(script);
}

// Calls `use` with each row; it says whether the row makes sense.
template <class Use>
Result<void> for_each_row(const Database& database, const fs::path& path, const std::string& sql, Use use) {
  Result<Statement> query = Statement::prepare(database, sql);
  if (!query) return query.error();
  while (true) {
    Result<bool> row = query->step();
    if (!row) return row.error();
    if (!*row) return ok();
    if (!use(*query)) return corrupt(path, "a row contradicts another: " + sql);
  }
}

std::uint32_t id(const Statement& row, int column) {
  std::int64_t number = row.number(column);
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  return number < 0 || number >= kNone ? kNone : static_cast<std::uint32_t>(number);
}

Ages ages(const Statement& row, int column) { return {id(row, column), id(row, column + 1)}; }

std::uint64_t size(const Statement& row, int column) { return static_cast<std::uint64_t>(row.number(column)); }

TargetRow target(const Statement& row, int column) {
  return {id(row, column), id(row, column + 1), size(row, column + 2)};
}

bool load_object(Index& index, const Statement& row) {
  std::string_view raw = row.blob(1);
  bool sha256 = raw.size() == size_of(HashAlgorithm::Sha256);
  if (!sha256 && raw.size() != size_of(HashAlgorithm::Sha512)) return false;
  oci::Digest digest = oci::Digest::from_raw(sha256 ? HashAlgorithm::Sha256 : HashAlgorithm::Sha512, raw);
  if (row.number(2) < 0 || row.number(2) > static_cast<std::int64_t>(Presence::Leaving)) return false;
  auto presence = static_cast<Presence>(row.number(2));
  return index.load(ObjectRow{id(row, 0), digest, presence, row.number(3) != 0, size(row, 4), id(row, 5)});
}

bool load_link(Index& index, const Statement& row) {
  LinkRow link{id(row, 0), id(row, 1), row.number(2) != 0, row.number(3) != 0, id(row, 4), {}, ages(row, 6)};
  if (!row.is_null(5)) link.size = size(row, 5);
  return index.load(link);
}

bool load_tag(Index& index, const Statement& row) {
  TagRow tag{target(row, 2), {}, row.number(8), ages(row, 9)};
  if (!row.is_null(5)) tag.stored = target(row, 5);
  return index.load(id(row, 0), std::string(row.text(1)), tag);
}

struct RawDigest {
  const oci::Digest& digest;
};

void bind(Statement& statement, int parameter, const std::string& text) {
  statement.bind(parameter, std::string_view(text));
}

void bind(Statement& statement, int parameter, const RawDigest& raw) {
  statement.bind_blob(parameter, raw.digest.raw());
}

template <class Number>
void bind(Statement& statement, int parameter, Number number) {
  statement.bind(parameter, static_cast<std::int64_t>(number));
}

template <class Number>
void bind(Statement& statement, int parameter, std::optional<Number> number) {
  if (number) {
    bind(statement, parameter, *number);
  } else {
    statement.bind_null(parameter);
  }
}

// Runs a statement that returns no rows with these parameters.
template <class... Values>
Result<void> run(Statement& statement, const Values&... values) {
  int parameter = 0;
  (bind(statement, ++parameter, values), ...);
  return statement.run();
}

}  // namespace

struct IndexFile::Statements {
  Statement media_type;
  Statement repository;
  Statement blob;
  Statement link;
  Statement tag;
  Statement repository_gone;
  Statement blob_gone;
  Statement link_gone;
  Statement tag_gone;
};

IndexFile::IndexFile(fs::path path, bool fsync, Database database, std::unique_ptr<Statements> statements)
    : path_(std::move(path)), fsync_(fsync), database_(std::move(database)), statements_(std::move(statements)) {}

IndexFile::~IndexFile() = default;

Result<std::unique_ptr<IndexFile>> IndexFile::open(const fs::path& path, bool fsync) {
  Result<Database> database = Database::open(path);
  if (!database) return database.error();
  Result<void> prepared = prepare_database(*database, path);
  if (!prepared) return prepared.error();

  Error failure{};
  auto statement = [&](const char* sql) -> std::optional<Statement> {
    Result<Statement> made = Statement::prepare(*database, sql);
    if (made) return std::move(*made);
    failure = made.error();
    return std::nullopt;
  };
  auto media_type = statement("INSERT OR REPLACE INTO media_types VALUES(?, ?)");
  auto repository = statement("INSERT OR REPLACE INTO repositories VALUES(?, ?, ?)");
  auto blob = statement("INSERT OR REPLACE INTO blobs VALUES(?, ?, ?, ?, ?, ?)");
  auto link = statement("INSERT OR REPLACE INTO links VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  auto tag = statement("INSERT OR REPLACE INTO tags VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  auto repository_gone = statement("DELETE FROM repositories WHERE id = ?");
  auto blob_gone = statement("DELETE FROM blobs WHERE id = ?");
  auto link_gone = statement("DELETE FROM links WHERE repository = ? AND blob = ?");
  auto tag_gone = statement("DELETE FROM tags WHERE repository = ? AND name = ?");
  if (!media_type || !repository || !blob || !link || !tag || !repository_gone || !blob_gone || !link_gone ||
      !tag_gone) {
    return failure;
  }
  auto statements = std::make_unique<Statements>(
      Statements{std::move(*media_type), std::move(*repository), std::move(*blob), std::move(*link), std::move(*tag),
                 std::move(*repository_gone), std::move(*blob_gone), std::move(*link_gone), std::move(*tag_gone)});
  return std::unique_ptr<IndexFile>(new IndexFile(path, fsync, std::move(*database), std::move(statements)));
}

Result<void> IndexFile::load(Index& index) {
  Result<std::int64_t> objects = one_number(database_, "SELECT count(*) FROM blobs");
  if (!objects) return objects.error();
  index.reserve(static_cast<std::size_t>(*objects));

  auto each = [&](const char* sql, auto use) { return for_each_row(database_, path_, sql, use); };
  Result<void> loaded = each("SELECT id, name FROM media_types ORDER BY id", [&](const Statement& row) {
    return index.load(MediaTypeRow{id(row, 0), std::string(row.text(1))});
  });
  if (!loaded) return loaded;
  loaded = each("SELECT id, upstream, name FROM repositories ORDER BY id", [&](const Statement& row) {
    return index.load(RepositoryRow{id(row, 0), std::string(row.text(1)), std::string(row.text(2))});
  });
  if (!loaded) return loaded;
  loaded = each("SELECT id, digest, presence, verified, size, last_use FROM blobs ORDER BY id",
                [&](const Statement& row) { return load_object(index, row); });
  if (!loaded) return loaded;
  loaded = each("SELECT repository, blob, as_blob, as_manifest, media_type, size, fetched, last_use FROM links",
                [&](const Statement& row) { return load_link(index, row); });
  if (!loaded) return loaded;
  return each(
      "SELECT repository, name, seen, seen_type, seen_size, stored, stored_type, stored_size, checked, fetched, "
      "last_use "
      "FROM tags",
      [&](const Statement& row) { return load_tag(index, row); });
}

Result<void> IndexFile::write(const Changes& changes) { return transaction(changes, ""); }

Result<bool> IndexFile::needs_scan(const std::string& boot) {
  // An earlier run may not have synced what it stored, and the kernel that held it is gone.
  std::string unsynced;
  Result<void> read =
      for_each_row(database_, path_, "SELECT value FROM meta WHERE key = 'unsynced_boot'", [&](const Statement& row) {
        unsynced = row.text(0);
        return true;
      });
  if (!read) return read.error();
  if (!unsynced.empty() && !same_boot(unsynced, boot)) {
    Result<void> marked = transaction({}, "UPDATE blobs SET verified = 0; DELETE FROM meta WHERE key = 'scanned'");
    if (!marked) return marked.error();
  }
  Result<std::int64_t> scanned = one_number(database_, "SELECT count(*) FROM meta WHERE key = 'scanned'");
  if (!scanned) return scanned.error();
  return *scanned == 0;
}

Result<void> IndexFile::write_scanned(const Changes& changes, const std::string& boot) {
  std::string also = "INSERT OR REPLACE INTO meta VALUES('scanned', '1');";
  if (fsync_) {
    also += "DELETE FROM meta WHERE key = 'unsynced_boot' AND value <> '" + boot + "'";
  } else {
    also += "INSERT OR REPLACE INTO meta VALUES('unsynced_boot', '" + boot + "')";
  }
  Result<void> written = transaction(changes, also);
  // Not before: that this run's writes can be lost must not be lost itself.
  if (written && !fsync_) written = database_.execute("PRAGMA synchronous = NORMAL");
  return written;
}

Result<void> IndexFile::transaction(const Changes& changes, const std::string& also) {
  Result<void> done = database_.execute("BEGIN IMMEDIATE");
  if (!done) return done;
  done = put(changes);
  if (done) done = database_.execute(also);
  if (done) done = database_.execute("COMMIT");
  // Where the failure has ended the transaction already, there is none to roll back: nothing to report.
  if (!done) (void)database_.execute("ROLLBACK");
  return done;
}

Result<void> IndexFile::put(const Changes& changes) {
  Statements& to = *statements_;
  Result<void> done = ok();
  for (const MediaTypeRow& row : changes.media_types) {
    if (done) done = run(to.media_type, row.id, row.name);
  }
  for (const RepositoryRow& row : changes.repositories) {
    if (done) done = run(to.repository, row.id, row.upstream, row.name);
  }
  for (const ObjectRow& row : changes.objects) {
    if (done) done = run(to.blob, row.id, RawDigest{row.digest}, row.presence, row.verified, row.size, row.last_use);
  }
  for (const LinkRow& row : changes.links) {
    if (!done) break;
    done = run(to.link, row.repository, row.object, row.as_blob, row.as_manifest, row.media_type, row.size,
               row.ages.fetched, row.ages.last_use.get());
  }
  for (const TagChange& change : changes.tags) {
    if (!done) break;
    if (!change.tag) {
      done = run(to.tag_gone, change.repository, change.name);
      continue;
    }
    const TagRow& tag = *change.tag;
    std::optional<ObjectId> stored;
    std::optional<MediaTypeId> stored_type;
    std::optional<std::uint64_t> stored_size;
    if (tag.stored) {
      stored = tag.stored->object;
      stored_type = tag.stored->media_type;
      stored_size = tag.stored->size;
    }
    done = run(to.tag, change.repository, change.name, tag.seen.object, tag.seen.media_type, tag.seen.size, stored,
               stored_type, stored_size, tag.checked, tag.ages.fetched, tag.ages.last_use.get());
  }
  for (const auto& [repository, object] : changes.links_gone) {
    if (done) done = run(to.link_gone, repository, object);
  }
  for (RepositoryId id : changes.repositories_gone) {
    if (done) done = run(to.repository_gone, id);
  }
  for (ObjectId id : changes.objects_gone) {
    if (done) done = run(to.blob_gone, id);
  }
  return done;
}

std::uint64_t IndexFile::bytes() const {
  std::uint64_t sum = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code missing;
    std::uintmax_t bytes = fs::file_size(path_.string() + suffix, missing);
    if (!missing) sum += bytes;
  }
  return sum;
}

Result<void> set_aside(const fs::path& path, Time now) {
  std::string mark = ".corrupt-" + std::to_string(std::chrono::system_clock::to_time_t(now));
  for (const char* suffix : {"-wal", "-shm", ""}) {
    fs::path from = path.string() + suffix;
    std::error_code error;
    if (!fs::exists(from, error)) continue;
    fs::rename(from, path.string() + mark + suffix, error);
    if (error) return Error{Errc::Io, "set " + from.string() + " aside: " + error.message()};
  }
  return ok();
}

}  // namespace entrepot::store
