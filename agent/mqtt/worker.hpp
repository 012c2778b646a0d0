// Worker: one thread that runs tasks in order, for calls that may block: Paho holds its library mutex while
// it looks up names and writes to slow sockets, and must never hold up a poll; the centre's database may not
// answer. post() from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace congto::mqtt {

class Worker {
 public:
  Worker();
  ~Worker();  // finish(one second)
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> task);
  // Takes no more tasks and waits for those it has. False: one of them is stuck; the thread is left to
  // itself, with all that the tasks own. At most once.
  bool finish(std::chrono::milliseconds patience);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace congto::mqtt
