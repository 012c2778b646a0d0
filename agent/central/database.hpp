// Database: one connection to PostgreSQL over libpq, with plain text in and out. Blocking; one thread at a
// time, but asked_since(). What goes wrong is thrown as DatabaseError, which says whether to wait, to try
// again, or whose fault it is.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/clock.hpp"

namespace congto::central {

class DatabaseError : public std::runtime_error {
 public:
  enum class Kind {
    away,   // not there, full, read-only, being restarted, or not as it should be: nothing can be stored now
    again,  // another consumer was in the way: the same transaction may well succeed at once
    content,  // this very content can't be stored
  };
  DatabaseError(Kind what, std::string sqlstate, const std::string& text)
      : std::runtime_error(text), kind(what), state(std::move(sqlstate)) {}
  Kind kind;
  std::string state;  // five characters; empty when the server said nothing
};

// What an SQLSTATE means for whoever wanted to store something (PostgreSQL 15, appendix A).
DatabaseError::Kind kind_of(std::string_view sqlstate);

// Why a password in clear or an unchecked server would be at risk with this connection string; empty when it
// is good: a Unix socket, loopback, or TLS that checks the host's name (sslmode=verify-full). Also for
// strings that libpq does not understand, with no word of theirs: they may hold a password.
std::string wrong_database_url(const std::string& url);

using Value = std::optional<std::string>;  // as text; nothing is null

class Rows {
 public:
  explicit Rows(std::shared_ptr<void> result) : result_(std::move(result)) {}
  std::size_t size() const;
  bool is_null(std::size_t row, int column) const;
  // Valid while this lives; empty for null.
  std::string_view text(std::size_t row, int column) const;
  // The column must hold an integer.
  std::int64_t integer(std::size_t row, int column) const;
  // What the server calls what it did: "COMMIT", "INSERT 0 1".
  std::string_view command() const;

 private:
  std::shared_ptr<void> result_;
};

class Database {
 public:
  // `url`: any libpq connection string. password: empty for none.
  Database(std::string url, std::string password) : url_(std::move(url)), password_(std::move(password)) {}

  bool connected() const { return connection_ != nullptr; }
  // Connects if need be: search_path congto, commits that last (synchronous_commit on). Refuses what
  // wrong_database_url() refuses, whatever the environment or a service file adds to the string.
  void connect();
  void disconnect() { connection_.reset(); }

  // One statement with $1, $2, … ; values are given as text.
  Rows run(const std::string& statement, std::initializer_list<Value> values = {});
  // "copy table (…) from stdin": rows in COPY's text format, each with its line end.
  void copy(const std::string& statement, const std::string& rows);

  // Since when the server owes an answer; nothing while it is asked for none. A frozen one gives no error.
  // From any thread.
  std::optional<BootTime> asked_since() const;

 private:
  static constexpr BootTime not_asked{};
  class Asking;  // sets asked_ while it lives
  std::string url_, password_;
  std::shared_ptr<void> connection_;
  std::atomic<BootTime> asked_ = not_asked;
};

// When a commit is on the disk: before anybody sees it, or up to half a second later. What an acknowledgement
// rests on is never of the second kind.
enum class Durable { at_once, soon };

// A transaction: rolled back unless commit() was called. After an error nothing is left of it.
class Transaction {
 public:
  explicit Transaction(Database& database, Durable durable = Durable::at_once);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace congto::central
