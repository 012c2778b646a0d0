// ClockSteps: calls back after every step of the wall clock (NTP's first correction, somebody's `date -s`).
// Runs on the io_context of the agent; start, handlers and destruction on its thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "drivers/core/error.hpp"

namespace congto::timing {

class ClockSteps {
 public:
  explicit ClockSteps(boost::asio::io_context& io) : timer_(io) {}
  ~ClockSteps() { stop(); }
  ClockSteps(const ClockSteps&) = delete;
  ClockSteps& operator=(const ClockSteps&) = delete;

  // `stepped` runs after each step, never from within start().
  Result<void> start(std::function<void()> stepped);
  // No call comes after it. Destruction does the same.
  void stop();

 private:
  bool arm();
  void wait();
  void woken();

  boost::asio::posix::stream_descriptor timer_;
  std::function<void()> stepped_;
  std::shared_ptr<bool> running_;  // gone: a completion that was under way must not touch us
};

}  // namespace congto::timing
