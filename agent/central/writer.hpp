// Writer: the thread that stores what was taken in, in groups as large as came meanwhile, and waits while the
// database is away. push() from any thread; the handlers run on the writer's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/central/intake.hpp"
#include "agent/central/outcome.hpp"
#include "agent/mqtt/worker.hpp"
#include "drivers/core/clock.hpp"

namespace congto::central {

struct DatabaseSettings {
  std::string url;
  std::string password;  // from password-file; never printed
};

class Writer {
 public:
  struct Handlers {
    std::function<void(Outcome)> stored;       // after the commit
    std::function<void()> connected;           // to the database, each time
    std::function<void(std::string)> trouble;  // why nothing can be stored now; once per change
  };
  // What may wait in memory. Beyond it batches, and what can't be read, are refused: the agents have the
  // records, and send them again. Of status, meta and online the newest of each agent waits, whatever its
  // size.
  static constexpr std::size_t default_queue_bytes = 256 * 1024 * 1024;

  Writer(DatabaseSettings settings, Handlers handlers, std::size_t queue_bytes = default_queue_bytes);
  ~Writer();  // finish(two seconds)
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False, and nothing taken, when too much waits already.
  bool push(Taken taken);
  // Of the database.
  std::optional<BootTime> asked_since() const;
  // Ends after the transaction under way; what waits is given up, for nothing of it is acknowledged. False:
  // the database does not answer; the thread is left to itself. At most once.
  bool finish(std::chrono::milliseconds patience);

 private:
  struct State;
  std::shared_ptr<State> state_;
  mqtt::Worker worker_;
};

}  // namespace congto::central
