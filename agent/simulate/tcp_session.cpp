// See tcp_session.hpp.
#include "agent/simulate/tcp_session.hpp"

#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "agent/simulate/request_length.hpp"
#include "drivers/modbus/rtu_frame.hpp"
#include "drivers/modbus/tcp_frame.hpp"

namespace congto::simulate {

namespace asio = boost::asio;
using boost::system::error_code;

TcpSession::TcpSession(asio::ip::tcp::socket socket, TcpFraming framing, std::shared_ptr<UnitSet> units,
                       std::shared_ptr<BusStatistics> statistics)
    : socket_(std::move(socket)),
      delay_(socket_.get_executor()),
      framing_(framing),
      units_(std::move(units)),
      statistics_(std::move(statistics)) {}

void TcpSession::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  error_code ignored;  // without it replies are only later
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  receive();
}

void TcpSession::stop() {
  stopped_ = true;
  error_code ignored;  // it is gone either way
  socket_.close(ignored);
  delay_.cancel();
}

void TcpSession::end() {
  if (stopped_) return;
  stop();
  ended_();
}

void TcpSession::receive() {
  socket_.async_read_some(
      asio::buffer(received_), [self = shared_from_this()](error_code error, std::size_t size) {
        if (self->stopped_) return;
        if (error) return self->end();
        self->statistics_->bytes_received += size;
        self->waiting_.insert(self->waiting_.end(), self->received_.begin(),
                              self->received_.begin() + static_cast<std::ptrdiff_t>(size));
        self->work();
        if (!self->stopped_) self->receive();
      });
}

void TcpSession::work() {
  const auto take = [this] { return framing_ == TcpFraming::tcp ? take_tcp() : take_rtu(); };
  while (!replying_ && !stopped_ && take()) {
  }
}

void TcpSession::drop_front(std::size_t size) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
}

bool TcpSession::take_tcp() {
  if (waiting_.size() < modbus::tcp_head_bytes) return false;
  const modbus::TcpHead head = modbus::tcp_head(waiting_);
  if (head.protocol != 0 || head.length < 2 || head.frame_bytes() > 260) {
    statistics_->garbage_bytes += waiting_.size();
    end();  // there is no next frame to find in a stream that lost its frames
    return false;
  }
  if (waiting_.size() < head.frame_bytes()) return false;
  ++statistics_->requests;
  const std::size_t pdu_size = head.frame_bytes() - modbus::tcp_head_bytes;
  const auto answer =
      units_->answer(head.unit, std::span(waiting_).subspan(modbus::tcp_head_bytes, pdu_size));
  drop_front(head.frame_bytes());
  if (answer) reply(units_->tcp_frame(head.transaction, head.unit, *answer), answer->delay);
  return true;
}

bool TcpSession::take_rtu() {
  const auto length = rtu_request_length(waiting_);
  if (!length || waiting_.size() < *length) return false;
  if (*length == 0 || !modbus::crc_valid(std::span(waiting_).first(*length))) {
    // There is no silence to find the next frame by: everything received is given up.
    statistics_->garbage_bytes += waiting_.size();
    waiting_.clear();
    return false;
  }
  ++statistics_->requests;
  const modbus::UnitId unit = waiting_[0];
  const auto answer = units_->answer(unit, std::span(waiting_).subspan(1, *length - 3));
  drop_front(*length);
  if (answer) reply(units_->rtu_frame(unit, *answer), answer->delay);
  return true;
}

void TcpSession::reply(std::vector<std::uint8_t> bytes, std::chrono::milliseconds delay) {
  ++statistics_->replies;
  sending_ = std::move(bytes);
  replying_ = true;
  if (delay.count() == 0) return send();
  delay_.expires_after(delay);
  delay_.async_wait([self = shared_from_this()](error_code error) {
    if (!self->stopped_ && !error) self->send();
  });
}

void TcpSession::send() {
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](error_code error, std::size_t size) {
                      if (self->stopped_) return;
                      if (error) return self->end();
                      self->statistics_->bytes_sent += size;
                      self->replying_ = false;
                      self->work();
                    });
}

}  // namespace congto::simulate
