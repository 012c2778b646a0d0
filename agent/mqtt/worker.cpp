// The thread and its queue live in a shared state, so that a stuck thread can outlive the worker.
#include "agent/mqtt/worker.hpp"

#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace congto::mqtt {

struct Worker::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  bool closed = false;
  bool ended = false;
  std::thread thread;

  void run() {
    // Signals are the main thread's; and a broken pipe is an error of write(), here and in Paho's threads,
    // which inherit this.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return closed || !tasks.empty(); });
      if (tasks.empty()) break;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what it owns may take its time to go, too
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

Worker::Worker() : state_(std::make_shared<State>()) {
  state_->thread = std::thread([state = state_] { state->run(); });
}

Worker::~Worker() { finish(std::chrono::seconds(1)); }

void Worker::post(std::function<void()> task) {
  const std::lock_guard lock(state_->mutex);
  if (state_->closed) return;
  state_->tasks.push_back(std::move(task));
  state_->changed.notify_all();
}

bool Worker::finish(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  if (!state_->thread.joinable()) return true;
  state_->closed = true;
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

}  // namespace congto::mqtt
