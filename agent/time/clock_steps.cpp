// A timerfd set to a far time with TFD_TIMER_CANCEL_ON_SET: reading it fails with ECANCELED after every
// discontinuous change of CLOCK_REALTIME (timerfd_create(2)). No polling.
#include "agent/time/clock_steps.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace congto::timing {

namespace {

// Far beyond any clock of ours, and small enough for every kernel: the year 2200.
constexpr std::int64_t far_future = 7'258'118'400;

Error failure(const char* call) {
  return Error{std::string("cannot watch the clock for steps: ") + call + ": " +
               std::system_category().message(errno)};
}

}  // namespace

Result<void> ClockSteps::start(std::function<void()> stepped) {
  stop();
  const int descriptor = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (descriptor < 0) return failure("timerfd_create");
  timer_.assign(descriptor);
  if (!arm()) {
    const auto why = failure("timerfd_settime");
    stop();
    return why;
  }
  stepped_ = std::move(stepped);
  running_ = std::make_shared<bool>(true);
  wait();
  return {};
}

void ClockSteps::stop() {
  running_.reset();
  boost::system::error_code ignored;  // closing a timerfd cannot fail
  timer_.close(ignored);
}

bool ClockSteps::arm() {
  itimerspec at{};
  at.it_value.tv_sec = static_cast<time_t>(far_future);
  return timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, nullptr) ==
         0;
}

void ClockSteps::wait() {
  const std::weak_ptr<bool> running = running_;
  timer_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this, running](boost::system::error_code failed) {
                      if (!failed && !running.expired()) woken();
                    });
}

void ClockSteps::woken() {
  std::uint64_t expired = 0;
  const bool cancelled = read(timer_.native_handle(), &expired, sizeof expired) < 0 && errno == ECANCELED;
  // Armed before the handler looks at the clock: a step in between is then told too.
  arm();
  wait();
  if (!cancelled) return;
  const auto handler = stepped_;  // it may stop us
  handler();
}

}  // namespace congto::timing
