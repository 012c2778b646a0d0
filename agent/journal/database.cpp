// The calls to SQLite. Every result code other than success becomes a DatabaseError with SQLite's words and,
// where the system said why, the system's.
#include "agent/journal/database.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace congto::journal {

namespace {

std::string explain(sqlite3* database, int code) {
  std::string message = sqlite3_errstr(code);
  if (database == nullptr) return message;
  const std::string detail = sqlite3_errmsg(database);
  if (detail != message) message += " (" + detail + ")";
  const int system = sqlite3_system_errno(database);
  const int primary = code & 0xff;
  const bool from_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  if (system != 0 && from_system) message += ": " + std::system_category().message(system);
  return message;
}

}  // namespace

bool DatabaseError::damaged() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

bool DatabaseError::unreadable() const {
  return code_ == SQLITE_IOERR_READ || code_ == SQLITE_IOERR_SHORT_READ || code_ == SQLITE_IOERR_CORRUPTFS;
}

Database::Database(const std::filesystem::path& file, Mode mode) {
  // NOMUTEX: the journal's thread is the only user.
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(file.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    std::string why = explain(handle_, code);
    // SQLite reports the errno of its last attempt, which was to open for reading; what stops a writer is the
    // folder.
    if (mode == Mode::read_write && access(file.parent_path().c_str(), W_OK) != 0) {
      why = "the folder cannot be written: " + std::system_category().message(errno);
    }
    const DatabaseError error(code, why);
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    throw error;
  }
  // SQLite falls back to reading without a word when a file may not be written.
  if (mode == Mode::read_write && sqlite3_db_readonly(handle_, "main") == 1) {
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    throw DatabaseError(SQLITE_READONLY, "the file may only be read");
  }
}

Database::~Database() { sqlite3_close_v2(handle_); }

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw DatabaseError(code, explain(handle_, code));
}

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Database::text(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.text(0) : std::string();
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

void Database::keep_wal() {
  int keep = 1;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database.handle_) {
  const int code =
      sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), 0, &handle_, nullptr);
  if (code != SQLITE_OK) fail(code);
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

void Statement::fail(int code) const { throw DatabaseError(code, explain(database_, code)); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, parameter, value); code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind(int parameter, std::uint64_t value) {
  return bind(parameter, static_cast<std::int64_t>(value));
}

Statement& Statement::bind(int parameter, std::string_view value) {
  const int code =
      sqlite3_bind_text(handle_, parameter, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::uint8_t> value) {
  const int code = sqlite3_bind_blob64(handle_, parameter, value.data(), value.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const DatabaseError error(code, explain(database_, code));
  sqlite3_reset(handle_);  // or the statement would hold the transaction open
  throw error;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::uint64_t Statement::count(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(handle_, column));
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const DatabaseError&) {
    // Some errors end the transaction by themselves; there is then nothing left to roll back.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace congto::journal
