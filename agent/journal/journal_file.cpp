// Schema and settings of the file. Why each setting: measured on a loop device, SQLite 3.40.1.
#include "agent/journal/journal_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace congto::journal {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application_id = 0x436f6e67;  // "Cong", in bytes 68-71 of the file
constexpr std::int64_t schema_version = 1;
constexpr std::uint64_t small_bytes = 16'000'000;

// No secondary index: the key of a record is epoch number << 40 | seq.
constexpr const char* schema = R"sql(
CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE epoch(no INTEGER PRIMARY KEY, id BLOB NOT NULL, boot_id TEXT NOT NULL,
  started_boot_us INTEGER NOT NULL, started_wall_us INTEGER NOT NULL,
  last INTEGER NOT NULL, stopped INTEGER NOT NULL) STRICT;
CREATE TABLE layout(no INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE record(key INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE settled(epoch_no INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY(epoch_no, first)) STRICT, WITHOUT ROWID;
CREATE TABLE gone(epoch_no INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY(epoch_no, first)) STRICT, WITHOUT ROWID;
CREATE TABLE dating(epoch_no INTEGER NOT NULL, first_seq INTEGER NOT NULL, offset_us INTEGER NOT NULL,
  estimated INTEGER NOT NULL, error_ms INTEGER NOT NULL, PRIMARY KEY(epoch_no, first_seq)) STRICT, WITHOUT ROWID;
CREATE TABLE clock_reference(no INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, boot_us INTEGER NOT NULL,
  wall_us INTEGER NOT NULL, error_ms INTEGER NOT NULL, source TEXT NOT NULL) STRICT;
)sql";

[[noreturn]] void fail(const std::string& message, int system_error) {
  throw DatabaseError(0, message + ": " + std::system_category().message(system_error));
}

// A new or renamed file is durable only when its directory is.
void sync_directory(const fs::path& directory) {
  const auto path = directory.empty() ? fs::path(".") : directory;
  const int opened = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) fail("cannot open the directory " + path.string(), errno);
  const int failed = fsync(opened) == 0 ? 0 : errno;
  close(opened);
  if (failed != 0) fail("cannot sync the directory " + path.string(), failed);
}

void make_directory(const fs::path& directory) {
  if (directory.empty()) return;
  std::error_code failed;
  fs::create_directories(directory, failed);
  std::error_code unknown;  // then it is no directory of ours
  if (failed && !fs::is_directory(directory, unknown)) {
    throw DatabaseError(0, "cannot make the directory " + directory.string() + ": " + failed.message());
  }
  // SQLite would say "no such file" of a disk that is mounted read-only.
  if (access(directory.c_str(), W_OK) != 0) fail("cannot write in " + directory.string(), errno);
}

// page_size has to come before journal_mode. Small pages: a commit writes little more than it has to say.
void create(Database& database, const fs::path& path, const std::string& agent) {
  database.execute(
      "PRAGMA page_size = 2048; PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL;");
  database.keep_wal();
  Transaction transaction(database);
  database.execute(schema);
  database.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
  database.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
  Statement row(database, "INSERT INTO meta(k, v) VALUES('agent', ?)");
  row.bind(1, std::string_view(agent)).run();
  transaction.commit();
  // The change to WAL unlinked a rollback journal: were that lost in a power cut, the old one would be
  // replayed.
  database.execute("PRAGMA wal_checkpoint(FULL)");
  sync_directory(path.parent_path());
}

// In locking mode EXCLUSIVE, set before the first access, WAL needs no shared memory and nobody else gets in.
// secure_delete is on in Debian's build and would overwrite what leaves the ring. The cache always fills up,
// but what is only appended gains little by it: with 128, 256 or 512 KiB the same is written, within 2 %.
void configure(Database& database) {
  if (database.text("PRAGMA journal_mode = WAL") != "wal")
    throw DatabaseError(0, "the file system allows no WAL");
  database.execute(
      "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = OFF;"
      "PRAGMA cache_size = -256;");
  database.keep_wal();
}

bool ours(Database& database) {
  return database.number("PRAGMA application_id") == application_id &&
         database.number("PRAGMA user_version") == schema_version;
}

// SQLite takes a file that is shorter than a page for an empty database and overwrites it.
bool looks_like_a_database(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 16> head{};
  in.read(head.data(), head.size());
  constexpr std::string_view magic("SQLite format 3\0", 16);  // sqlite.org/fileformat.html 1.3
  if (in.gcount() > 0) return std::string_view(head.data(), head.size()) == magic;
  // Cut to nothing beside a write-ahead log: SQLite would throw away what that holds. One that cannot be read
  // (the rights, the disk) is not empty, and no worse for it.
  std::error_code none;
  if (!fs::is_regular_file(path, none)) return true;
  if (fs::file_size(path, none) > 0 || none) return true;
  const auto log = fs::file_size(path.string() + "-wal", none);
  return none || log == 0;
}

}  // namespace

std::unique_ptr<JournalFile> open_for_writing(const fs::path& path, const std::string& agent) {
  make_directory(path.parent_path());
  if (!looks_like_a_database(path)) return nullptr;
  try {
    Database database(path, Database::Mode::read_write);
    database.execute("PRAGMA locking_mode = EXCLUSIVE");
    if (database.number("SELECT count(*) FROM sqlite_master") == 0) create(database, path, agent);
    if (!ours(database)) return nullptr;
    configure(database);
    return std::make_unique<JournalFile>(std::move(database));
  } catch (const DatabaseError& error) {
    if (!error.damaged()) throw;
    return nullptr;
  }
}

std::string JournalFile::agent() { return database.text("SELECT v FROM meta WHERE k = 'agent'"); }

std::uint64_t JournalFile::file_bytes() {
  return static_cast<std::uint64_t>(database.number("PRAGMA page_count") *
                                    database.number("PRAGMA page_size"));
}

std::uint64_t JournalFile::used_bytes() {
  const auto pages = database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count");
  return static_cast<std::uint64_t>(pages * database.number("PRAGMA page_size"));
}

bool JournalFile::small() { return file_bytes() <= small_bytes; }

bool JournalFile::sound() {
  try {
    return !small() || database.text("PRAGMA quick_check(1)") == "ok";
  } catch (const DatabaseError& error) {
    // A bad sector, unless the whole disk is gone; then it cannot be set aside either.
    if (!error.damaged() && !error.unreadable()) throw;
    return false;
  }
}

std::unique_ptr<JournalFile> open_for_reading(const fs::path& path) {
  Database database(path, Database::Mode::read_only);
  if (!ours(database)) throw DatabaseError(0, "this file is not a journal of congto");
  return std::make_unique<JournalFile>(std::move(database));
}

std::string set_aside(const fs::path& path, const std::string& why) {
  fs::path name;
  const auto wal_of = [](const fs::path& database) { return fs::path(database.string() + "-wal"); };
  for (int n = 1;; ++n) {
    name = path.string() + "." + why + "-" + std::to_string(n);
    std::error_code unknown;  // a name that cannot be looked at is free until the rename says otherwise
    if (!fs::exists(name, unknown) && !fs::exists(wal_of(name), unknown)) break;
  }
  std::error_code failed;
  // The WAL first: were it left alone beside a new file, SQLite might replay it there.
  std::error_code unknown;
  if (fs::exists(wal_of(path), unknown)) fs::rename(wal_of(path), wal_of(name), failed);
  if (!failed) fs::rename(path, name, failed);
  if (failed) {
    throw DatabaseError(0, "cannot set the damaged " + path.string() + " aside: " + failed.message());
  }
  fs::remove(path.string() + "-shm", failed);  // of a reader; without content of its own
  sync_directory(path.parent_path());
  return name.string();
}

}  // namespace congto::journal
