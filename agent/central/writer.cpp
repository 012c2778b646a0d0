// The one long task of a worker, on a shared state, so that a call that hangs in a frozen database can be
// left behind.
#include "agent/central/writer.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "agent/central/database.hpp"
#include "agent/central/schema_check.hpp"
#include "agent/central/store.hpp"

namespace congto::central {

namespace {

using std::chrono::milliseconds;

// A transaction: enough that a commit's fsync is small beside it, few enough that acknowledgements come soon.
constexpr std::size_t records_a_group = 20'000;
constexpr milliseconds first_pause{500};
constexpr milliseconds last_pause{10'000};
// So often a group is tried that fails by itself, before what it fails for is looked for and left out: one
// agent's message must not stop all others for ever.
constexpr int tries_by_itself = 4;

// What an agent says of itself is a transaction of its own: some milliseconds, as so many records take. After
// an outage thousands come, and acknowledgements must not wait for all of them.
constexpr std::size_t records_a_small_one = 100;

std::size_t records_of(const Taken& taken) {
  const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content);
  return batch == nullptr ? records_a_small_one : (*batch)->parsed.records.size() + 1;
}

// Roughly, in memory: names and decimals take some four times their text.
std::size_t bytes_of(const Taken& taken) {
  const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content);
  return taken.arrival.payload.size() + (batch == nullptr ? 0 : 5 * (*batch)->text.size());
}

// Of what an agent says of itself only the newest counts.
bool replaces_older(const Taken& taken) {
  return std::holds_alternative<StatusReport>(taken.content) || std::holds_alternative<Meta>(taken.content) ||
         std::holds_alternative<bool>(taken.content) || std::holds_alternative<Deleted>(taken.content);
}

void prepare_session(Database& database) {
  // A consumer that is frozen, or cut off, within a transaction holds locks that all others wait for.
  database.run("set idle_in_transaction_session_timeout = '30s'");
  database.run("set client_encoding = 'UTF8'");
  const auto encoding = database.run("show server_encoding");
  if (encoding.text(0, 0) == "UTF8") return;
  throw DatabaseError(DatabaseError::Kind::away, "",
                      "the database's encoding is " + std::string(encoding.text(0, 0)) +
                          ", which can't hold every name; create it with encoding UTF8");
}

}  // namespace

struct Writer::State {
  Database database;
  Handlers handlers;
  std::size_t queue_bytes;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Taken> queue;
  std::map<std::string, Taken*> newest;  // by topic: those in the queue of which a newer one takes the place
  std::size_t bytes = 0;
  bool stopping = false;
  std::string trouble;  // as last told; this and the next are the thread's own
  bool up = false;      // and it was told so

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
      if (replaces_older(queue.front())) newest.erase(queue.front().arrival.topic);
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
    prepare_session(database);
    check_schema(database);
  }

  // Until it is stored, however long the database is away. False when the writer is to end first.
  bool until_done(const std::function<void()>& step) {
    auto length = first_pause;
    for (int tries = 0;; ++tries) {
      try {
        connect();
        step();
        tell("");
        if (!up && handlers.connected) handlers.connected();
        up = true;
        return true;
      } catch (const DatabaseError& error) {
        const bool soon = error.kind == DatabaseError::Kind::again && tries < 10;
        if (error.kind != DatabaseError::Kind::again) {
          database.disconnect();  // what a connection may be left with is not worth finding out
          up = false;
        }
        if (!soon) tell(error.what());
        if (!pause(soon ? milliseconds(10) : length)) return false;
        if (!soon) length = std::min(length * 2, last_pause);
      }
    }
  }

  bool store_group(const std::vector<Taken>& group, Outcome& outcome) {
    int failures = 0;
    return until_done([&] {
      try {
        outcome = store(database, group, failures < tries_by_itself ? Unknown::wait : Unknown::leave_out);
      } catch (const DatabaseError& error) {
        if (fails_by_itself(error)) ++failures;
        throw;
      }
    });
  }

  void run() {
    bool going_on = until_done([] {});
    while (going_on) {
      std::unique_lock lock(mutex);
      const auto group = next_group(lock);
      if (stopping) break;
      lock.unlock();
      Outcome outcome;
      going_on = store_group(group, outcome);
      if (going_on && handlers.stored) handlers.stored(std::move(outcome));
    }
    database.disconnect();
  }
};

Writer::Writer(DatabaseSettings settings, Handlers handlers, std::size_t queue_bytes)
    : state_(std::make_shared<State>(std::move(settings), std::move(handlers), queue_bytes)) {
  worker_.post([state = state_] { state->run(); });
}

Writer::~Writer() { finish(std::chrono::seconds(2)); }

bool Writer::push(Taken taken) {
  const auto size = bytes_of(taken);
  const std::lock_guard lock(state_->mutex);
  const bool replaces = replaces_older(taken);
  if (!replaces && state_->bytes + size > state_->queue_bytes) return false;
  state_->bytes += size;
  const auto [older, is_new] = replaces ? state_->newest.try_emplace(taken.arrival.topic, nullptr)
                                        : std::pair(state_->newest.end(), true);
  if (!is_new) {
    state_->bytes -= bytes_of(*older->second);
    *older->second = std::move(taken);
    return true;
  }
  state_->queue.push_back(std::move(taken));
  if (replaces) older->second = &state_->queue.back();
  state_->changed.notify_all();
  return true;
}

std::optional<BootTime> Writer::asked_since() const { return state_->database.asked_since(); }

bool Writer::finish(milliseconds patience) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  return worker_.finish(patience);
}

}  // namespace congto::central
