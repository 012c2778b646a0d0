// The thread lives on a shared state, so that one that hangs in a frozen database's call can be left behind.
#include "agent/central/writer.hpp"

#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "agent/central/database.hpp"
#include "agent/central/store.hpp"

namespace congto::central {

namespace {

using std::chrono::milliseconds;

// A transaction: enough that a commit's fsync is small beside it, few enough that acknowledgements come soon.
constexpr std::size_t records_a_group = 20'000;
constexpr milliseconds first_pause{500};
constexpr milliseconds last_pause{10'000};
// This program and the tables change together (deploy/central/schema.sql).
constexpr std::int64_t schema_version = 1;

std::size_t records_of(const Taken& taken) {
  const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content);
  return batch == nullptr ? 1 : (*batch)->parsed.records.size() + 1;
}

// Roughly, in memory: names and decimals take some four times their text.
std::size_t bytes_of(const Taken& taken) {
  const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content);
  return taken.arrival.payload.size() + (batch == nullptr ? 0 : 5 * (*batch)->text.size());
}

void check_schema(Database& database) {
  const auto rows = database.run("select version from schema_version");
  if (rows.size() == 1 && rows.integer(0, 0) == schema_version) return;
  throw DatabaseError(DatabaseError::Kind::away, "",
                      "the database's tables are not those of this program; apply deploy/central/schema.sql");
}

}  // namespace

struct Writer::State {
  Database database;
  Handlers handlers;
  std::size_t queue_bytes;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Taken> queue;
  std::size_t bytes = 0;
  bool stopping = false;
  bool ended = false;
  std::thread thread;
  std::string trouble;  // as last told; the thread's own

  State(DatabaseSettings settings, Handlers its_handlers, std::size_t its_queue_bytes)
      : database(std::move(settings.url), std::move(settings.password)),
        handlers(std::move(its_handlers)),
        queue_bytes(its_queue_bytes) {}

  std::vector<Taken> next_group(std::unique_lock<std::mutex>& lock) {
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    std::vector<Taken> group;
    std::size_t records = 0;
    while (!stopping && !queue.empty() && (group.empty() || records < records_a_group)) {
      records += records_of(queue.front());
      bytes -= bytes_of(queue.front());
      group.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    return group;
  }

  // False when the writer is to end meanwhile.
  bool pause(milliseconds length) {
    std::unique_lock lock(mutex);
    return !changed.wait_for(lock, length, [this] { return stopping; });
  }

  void tell(const std::string& text) {
    if (text == trouble) return;
    trouble = text;
    if (!text.empty() && handlers.trouble) handlers.trouble(text);
  }

  void connect() {
    if (database.connected()) return;
    database.connect();
    check_schema(database);
    tell("");
    if (handlers.connected) handlers.connected();
  }

  // Until it is stored, however long the database is away. False when the writer is to end first.
  bool until_done(const std::function<void()>& step) {
    auto length = first_pause;
    for (int tries = 0;; ++tries) {
      try {
        connect();
        step();
        tell("");
        return true;
      } catch (const DatabaseError& error) {
        const bool soon = error.kind == DatabaseError::Kind::again && tries < 10;
        if (error.kind != DatabaseError::Kind::again) {
          database.disconnect();  // what a connection may be left with is not worth finding out
          tell(error.what());
        }
        if (!pause(soon ? milliseconds(10) : length)) return false;
        if (!soon) length = std::min(length * 2, last_pause);
      }
    }
  }

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the main thread's
    bool going_on = until_done([] {});
    while (going_on) {
      std::unique_lock lock(mutex);
      const auto group = next_group(lock);
      if (stopping) break;
      lock.unlock();
      Outcome outcome;
      going_on = until_done([&] { outcome = store(database, group); });
      if (going_on && handlers.stored) handlers.stored(std::move(outcome));
    }
    database.disconnect();
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
  }
};

Writer::Writer(DatabaseSettings settings, Handlers handlers, std::size_t queue_bytes)
    : state_(std::make_shared<State>(std::move(settings), std::move(handlers), queue_bytes)) {
  state_->thread = std::thread([state = state_] { state->run(); });
}

Writer::~Writer() { finish(std::chrono::seconds(2)); }

bool Writer::push(Taken taken) {
  const auto size = bytes_of(taken);
  const std::lock_guard lock(state_->mutex);
  const bool batch = std::holds_alternative<std::unique_ptr<Batch>>(taken.content);
  if (batch && state_->bytes + size > state_->queue_bytes) return false;
  state_->bytes += size;
  state_->queue.push_back(std::move(taken));
  state_->changed.notify_all();
  return true;
}

bool Writer::finish(milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  if (!state_->thread.joinable()) return true;
  state_->stopping = true;
  state_->changed.notify_all();
  const bool ended = state_->changed.wait_for(lock, patience, [this] { return state_->ended; });
  std::thread thread = std::move(state_->thread);
  lock.unlock();
  if (ended) {
    thread.join();
  } else {
    thread.detach();
  }
  return ended;
}

}  // namespace congto::central
