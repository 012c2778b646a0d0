// libpq's calls, with their results owned and their errors told.
#include "agent/central/database.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <utility>
#include <vector>

namespace congto::central {

namespace {

PGconn* raw(const std::shared_ptr<void>& connection) { return static_cast<PGconn*>(connection.get()); }
PGresult* raw_result(const std::shared_ptr<void>& result) { return static_cast<PGresult*>(result.get()); }

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

std::string option(const Options& options, std::string_view name) {
  for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->keyword == name) return one->val == nullptr ? "" : one->val;
  }
  return {};
}

bool is_local(const std::string& host) {
  if (host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost") return true;
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  return !no_address && address.is_loopback();
}

// libpq takes lists of hosts, and tries one after the other.
std::string not_checked(const Options& options) {
  if (option(options, "sslmode") == "verify-full") return {};
  for (const char* const key : {"host", "hostaddr"}) {
    std::istringstream hosts(option(options, key));
    for (std::string host; std::getline(hosts, host, ',');) {
      if (!is_local(host)) {
        return "the database's host " + host +
               " is not this machine: add sslmode=verify-full (and sslrootcert=…)";
      }
    }
  }
  return {};
}

// libpq's texts have several lines and end with one.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

[[noreturn]] void fail(PGconn* connection, const PGresult* result) {
  const char* const found = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = found == nullptr ? "" : found;
  auto text = in_one_line(result == nullptr ? PQerrorMessage(connection) : PQresultErrorMessage(result));
  if (text.empty()) text = in_one_line(PQerrorMessage(connection));
  const bool lost = PQstatus(connection) != CONNECTION_OK;
  throw DatabaseError(lost ? DatabaseError::Kind::away : kind_of(state), state, "PostgreSQL: " + text);
}

std::shared_ptr<void> checked(PGconn* connection, PGresult* result) {
  std::shared_ptr<void> owned(result, [](void* it) { PQclear(static_cast<PGresult*>(it)); });
  const auto status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
    fail(connection, result);
  }
  return owned;
}

}  // namespace

std::string wrong_database_url(const std::string& url) {
  char* why = nullptr;
  const Options options(PQconninfoParse(url.c_str(), &why), PQconninfoFree);
  PQfreemem(why);  // it cites the text, and with it a password
  if (!options) {
    return "expected a connection string of PostgreSQL, such as "
           "\"postgresql:///congto?host=/run/postgresql\"";
  }
  if (!option(options, "password").empty()) {
    return "a password does not belong in the address; give password-file";
  }
  return not_checked(options);
}

DatabaseError::Kind kind_of(std::string_view sqlstate) {
  using Kind = DatabaseError::Kind;
  // Serialization failure, deadlock, lock not available.
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03") return Kind::again;
  // 21, 22: cardinality and data exceptions; 23505: a key that is there; 54: a limit of the program, such as
  // an index row's size. Other broken constraints are the tables' fault: a missing partition, a CHECK of
  // others.
  constexpr std::array<std::string_view, 4> of_content{"21", "22", "23505", "54"};
  for (const auto prefix : of_content) {
    if (sqlstate.starts_with(prefix)) return Kind::content;
  }
  return Kind::away;
}

std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(raw_result(result_))); }

bool Rows::is_null(std::size_t row, int column) const {
  return PQgetisnull(raw_result(result_), static_cast<int>(row), column) != 0;
}

std::string_view Rows::text(std::size_t row, int column) const {
  const auto* const result = raw_result(result_);
  return {PQgetvalue(result, static_cast<int>(row), column),
          static_cast<std::size_t>(PQgetlength(result, static_cast<int>(row), column))};
}

std::int64_t Rows::integer(std::size_t row, int column) const {
  const auto digits = text(row, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    throw std::logic_error("column " + std::to_string(column) + " is no integer");
  }
  return value;
}

std::string_view Rows::command() const { return PQcmdStatus(raw_result(result_)); }

class Database::Asking {
 public:
  explicit Asking(std::atomic<BootTime>& asked) : asked_(asked) { asked_ = BootClock::now(); }
  ~Asking() { asked_ = not_asked; }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  std::atomic<BootTime>& asked_;
};

std::optional<BootTime> Database::asked_since() const {
  const BootTime asked = asked_;
  return asked == not_asked ? std::nullopt : std::optional(asked);
}

void Database::connect() {
  if (connection_ && PQstatus(raw(connection_)) == CONNECTION_OK) return;
  const Asking asking(asked_);
  connection_.reset();
  // Later values win: dbname first, so that the URL in it is expanded and the rest is added.
  // A cut connection is noticed within two minutes, not by the kernel's two hours.
  const std::array<std::pair<const char*, const char*>, 9> parameters{{
      {"dbname", url_.c_str()},
      {"password", password_.empty() ? nullptr : password_.c_str()},
      {"application_name", "congto-central"},
      {"connect_timeout", "10"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "60000"},
      {"options", "-c search_path=congto -c synchronous_commit=on -c timezone=UTC"},
  }};
  std::vector<const char*> names, values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name);
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  std::shared_ptr<void> fresh(PQconnectdbParams(names.data(), values.data(), 1),
                              [](void* it) { PQfinish(static_cast<PGconn*>(it)); });
  if (!fresh) throw std::bad_alloc();
  if (PQstatus(raw(fresh)) != CONNECTION_OK) {
    throw DatabaseError(DatabaseError::Kind::away, "",
                        "PostgreSQL: " + in_one_line(PQerrorMessage(raw(fresh))));
  }
  const Options effective(PQconninfo(raw(fresh)), PQconninfoFree);
  if (const auto risk = effective ? not_checked(effective) : ""; !risk.empty()) {
    throw DatabaseError(DatabaseError::Kind::away, "", risk);
  }
  // Notices are the server's chatter ("relation exists already"); errors come as results.
  PQsetNoticeProcessor(
      raw(fresh), [](void*, const char*) {}, nullptr);
  connection_ = std::move(fresh);
}

Rows Database::run(const std::string& statement, std::initializer_list<Value> values) {
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value ? value->c_str() : nullptr);
  auto* const connection = raw(connection_);
  if (connection == nullptr) throw DatabaseError(DatabaseError::Kind::away, "", "PostgreSQL: not connected");
  const Asking asking(asked_);
  return Rows(checked(connection, PQexecParams(connection, statement.c_str(), static_cast<int>(texts.size()),
                                               nullptr, texts.data(), nullptr, nullptr, 0)));
}

void Database::copy(const std::string& statement, const std::string& rows) {
  auto* const connection = raw(connection_);
  if (connection == nullptr) throw DatabaseError(DatabaseError::Kind::away, "", "PostgreSQL: not connected");
  const Asking asking(asked_);
  checked(connection, PQexec(connection, statement.c_str()));
  constexpr std::size_t portion = 1 << 20;  // libpq counts in int
  bool sent = true;
  for (std::size_t at = 0; sent && at < rows.size(); at += portion) {
    const auto length = std::min(portion, rows.size() - at);
    sent = PQputCopyData(connection, rows.data() + at, static_cast<int>(length)) == 1;
  }
  if (PQputCopyEnd(connection, sent ? nullptr : "not sent whole") != 1) fail(connection, nullptr);
  std::shared_ptr<void> last;
  std::exception_ptr wrong;
  while (auto* const result = PQgetResult(connection)) {
    try {
      last = checked(connection, result);
    } catch (const DatabaseError&) {
      wrong = std::current_exception();  // the results must be taken to the last one all the same
    }
  }
  if (wrong) std::rethrow_exception(wrong);
}

Transaction::Transaction(Database& database, Durable durable) : database_(database) {
  database_.run("begin");
  if (durable == Durable::soon) database_.run("set local synchronous_commit = off");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("rollback");
  } catch (const std::exception&) {
    database_.disconnect();  // a connection that can't roll back is gone, and its transaction with it
  }
}

void Transaction::commit() {
  const auto result = database_.run("commit");
  open_ = false;
  if (result.command() != "COMMIT") {
    throw DatabaseError(DatabaseError::Kind::again, "", "PostgreSQL: the transaction was rolled back");
  }
}

}  // namespace congto::central
