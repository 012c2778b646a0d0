// TimedStream: an Asio stream whose operations end at a time: reads, connects and waits of one exchange.
// Used by the links through a shared pointer, which pending handlers hold too: nothing dangles. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

template <class Stream>
class TimedStream : public std::enable_shared_from_this<TimedStream<Stream>> {
 public:
  using Bytes = std::span<const std::uint8_t>;
  using ErrorCode = boost::system::error_code;

  TimedStream(const boost::asio::any_io_executor& executor, const Clock& clock)
      : stream_(executor), deadline_(executor), wait_(executor), clock_(clock) {}

  Stream& stream() { return stream_; }

  // What is there, at once; empty with `error` clear where nothing is.
  Bytes read_what_is_there(ErrorCode& error) {
    const std::size_t bytes = stream_.read_some(boost::asio::buffer(buffer_), error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) error.clear();
    return Bytes(buffer_.data(), bytes);
  }

  // At least one byte, valid until the next read; or `error`: timed_out at `until`, operation_aborted when
  // the stream was closed meanwhile, or what the system says.
  boost::asio::awaitable<Bytes> read(BootTime until, ErrorCode& error) {
    const auto self = this->shared_from_this();
    arm(until);
    const std::size_t count = co_await stream_.async_read_some(
        boost::asio::buffer(buffer_), boost::asio::redirect_error(boost::asio::use_awaitable, error));
    disarm(error);
    const Bytes bytes(buffer_.data(), count);
    co_return bytes;
  }

  // All of them at once, or an error: a request is far smaller than any send buffer, so a stream that does
  // not take it is stuck.
  void write(Bytes bytes, ErrorCode& error) {
    const std::size_t written = stream_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (!error && written < bytes.size()) error = boost::asio::error::would_block;
  }

  // Sockets only. timed_out at `until`.
  template <class Endpoint>
  boost::asio::awaitable<void> connect(Endpoint endpoint, BootTime until, ErrorCode& error) {
    const auto self = this->shared_from_this();
    arm(until);
    co_await stream_.async_connect(endpoint, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    disarm(error);
  }

  // Returns at that time, or when the stream is closed.
  boost::asio::awaitable<void> wait_until(BootTime time) {
    const auto self = this->shared_from_this();
    ErrorCode ignored;  // only close() cancels it, and the next use of the stream says so
    wait_.expires_after(time - clock_.boot());
    co_await wait_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }

  void close() {
    ErrorCode ignored;  // the descriptor is gone either way
    ++operation_;
    deadline_.cancel();
    wait_.cancel();
    stream_.close(ignored);
  }

 private:
  void arm(BootTime until) {
    const std::uint64_t operation = ++operation_;
    expired_ = false;
    deadline_.expires_after(until - clock_.boot());
    // The number tells a timer that fired just as its operation ended from the one that is meant.
    deadline_.async_wait([self = this->shared_from_this(), operation](const ErrorCode& error) {
      if (error || operation != self->operation_) return;
      self->expired_ = true;
      ErrorCode ignored;  // a stream closed meanwhile has nothing to cancel
      self->stream_.cancel(ignored);
    });
  }

  // Where the operation ended by the timer, `error` becomes timed_out.
  void disarm(ErrorCode& error) {
    ++operation_;
    deadline_.cancel();
    if (expired_ && error == boost::asio::error::operation_aborted) error = boost::asio::error::timed_out;
  }

  Stream stream_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer wait_;
  const Clock& clock_;
  std::array<std::uint8_t, 512> buffer_{};
  std::uint64_t operation_ = 0;
  bool expired_ = false;
};

}  // namespace congto::modbus
