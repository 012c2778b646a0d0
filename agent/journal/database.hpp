// Database, Statement, Transaction: RAII over the one SQLite connection; only database.cpp sees sqlite3.h.
// Used by the other files of this folder, on the journal's thread. Failures are DatabaseError, thrown because
// a disk error may come at any step of a transaction; store.cpp catches it at the one place that decides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace congto::journal {

class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }
  // SQLITE_CORRUPT or SQLITE_NOTADB: the file itself is bad, trying again will not help.
  bool damaged() const;
  // The medium did not give a page: that one or all of them, now or for ever.
  bool unreadable() const;

 private:
  int code_;  // extended result code
};

class Database {
 public:
  enum class Mode { read_write, read_only };
  // Creates the file in mode read_write. Throws also when a file to be written can only be read.
  Database(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;

  void execute(const char* sql);
  std::int64_t number(const char* sql);  // first column of the first row; 0 without rows
  std::string text(const char* sql);
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;
  // The WAL file stays when the connection closes, and closing does not copy it into the database: a file
  // that grows anew costs two flushes a commit, and a stop has to be quick.
  void keep_wal();

 private:
  friend class Statement;
  sqlite3* handle_ = nullptr;
};

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::uint64_t value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind(int parameter, std::span<const std::uint8_t> value);  // must live until reset()

  bool step();  // true: a row
  void run();   // to the end, then reset
  void reset();

  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const;  // a number that is never negative
  std::string text(int column) const;
  std::span<const std::uint8_t> blob(int column) const;  // valid until the next step

 private:
  [[noreturn]] void fail(int code) const;
  sqlite3* database_;
  sqlite3_stmt* handle_ = nullptr;
};

// Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace congto::journal
