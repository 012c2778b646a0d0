// Relay: the way from other threads to an object on an executor's thread: posts while the object lives, and
// drops what comes later, so that a thread that Paho keeps can harm neither the object nor an executor that
// is gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <mutex>
#include <utility>

namespace congto::mqtt {

template <class Target>
class Relay {
 public:
  Relay(boost::asio::any_io_executor executor, Target& target)
      : executor_(std::move(executor)), target_(&target) {}

  // From any thread: `call(Target&)` runs later on the executor's thread, if the target still lives then.
  template <class Call>
  static void post(const std::shared_ptr<Relay>& relay, Call call) {
    const std::lock_guard lock(relay->mutex_);
    if (relay->target_ == nullptr) return;
    boost::asio::post(relay->executor_, [relay, call = std::move(call)]() mutable {
      if (relay->target_ != nullptr) call(*relay->target_);  // close() runs on this same thread
    });
  }
  // The two below: on the executor's thread only.
  bool open() const { return target_ != nullptr; }
  void close() {
    const std::lock_guard lock(mutex_);
    target_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::any_io_executor executor_;
  Target* target_;
};

}  // namespace congto::mqtt
