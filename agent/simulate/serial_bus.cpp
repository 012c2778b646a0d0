// See serial_bus.hpp.
#include "agent/simulate/serial_bus.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "agent/simulate/request_length.hpp"
#include "drivers/modbus/crc16.hpp"

namespace congto::simulate {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

namespace {

// A program that is writing a request may lose its turn between two bytes, which no UART does: a request is
// given up only after this much more than the silence.
constexpr std::chrono::milliseconds writer_patience{10};

bool crc_right(std::span<const std::uint8_t> frame) {
  if (frame.size() < 4) return false;
  const std::uint16_t crc = modbus::crc16(frame.first(frame.size() - 2));
  return frame[frame.size() - 2] == (crc & 0xFF) && frame[frame.size() - 1] == crc >> 8;
}

}  // namespace

Result<std::shared_ptr<SerialBus>> SerialBus::open(asio::any_io_executor executor, const std::string& name,
                                                   const std::filesystem::path& link,
                                                   const LinePacing& pacing, std::shared_ptr<UnitSet> units) {
  Result<Pty> pty = Pty::open(link);
  if (!pty) return pty.error();
  // Not make_shared: the constructor is private.
  std::shared_ptr<SerialBus> bus(
      new SerialBus(std::move(executor), std::move(*pty), pacing, std::move(units)));
  bus->statistics_.name = name;
  bus->receive();
  return bus;
}

SerialBus::SerialBus(asio::any_io_executor executor, Pty pty, const LinePacing& pacing,
                     std::shared_ptr<UnitSet> units)
    : pty_(std::move(pty)),
      address_(pty_.link().string()),
      pacing_(pacing),
      units_(std::move(units)),
      line_(executor, ::dup(pty_.line())),  // a descriptor of its own, which it closes itself
      delivery_(executor),
      frame_gap_(executor) {}

void SerialBus::stop() {
  stopped_ = true;
  pty_.remove_link();
  line_.close();
  delivery_.cancel();
  frame_gap_.cancel();
}

void SerialBus::receive() {
  line_.async_read_some(asio::buffer(received_),
                        [self = shared_from_this()](error_code error, std::size_t size) {
                          if (self->stopped_ || error) return;
                          self->take(size);
                          self->receive();
                        });
}

void SerialBus::take(std::size_t size) {
  statistics_.bytes_received += size;
  const auto silence = pacing_.heard(Clock::now(), size, frame_.empty());
  if (silence) {
    if (pacing_.too_early(*silence)) ++statistics_.too_early;
    if (!statistics_.shortest_silence || *silence < *statistics_.shortest_silence) {
      statistics_.shortest_silence = *silence;
    }
  }
  frame_.insert(frame_.end(), received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(size));
  while (take_frame()) {
    if (!frame_.empty()) ++statistics_.too_early;  // it came glued to the one before it
  }
  await_rest_of_frame();
}

bool SerialBus::take_frame() {
  const auto length = rtu_request_length(frame_);
  if (!length || *length == 0 || frame_.size() < *length) return false;
  if (!crc_right(std::span(frame_).first(*length))) return false;
  answer(*length);
  frame_.erase(frame_.begin(), frame_.begin() + static_cast<std::ptrdiff_t>(*length));
  return true;
}

void SerialBus::answer(std::size_t frame_size) {
  ++statistics_.requests;
  const modbus::UnitId unit = frame_[0];
  const auto answer = units_->answer(unit, std::span(frame_).subspan(1, frame_size - 3));
  if (!answer) return;
  Sending sending;
  sending.bytes = units_->rtu_frame(unit, *answer);
  sending.transmission = pacing_.reply(sending.bytes.size(), answer->delay);
  ++statistics_.replies;
  statistics_.wire_time += pacing_.exchange_time(frame_size, sending.bytes.size());
  statistics_.adapter_time += pacing_.delivered(sending.transmission) - pacing_.end(sending.transmission);
  sending_.push_back(std::move(sending));
  if (sending_.size() == 1) await_delivery();
}

void SerialBus::await_rest_of_frame() {
  frame_gap_.cancel();
  if (frame_.empty()) return;
  frame_gap_.expires_at(pacing_.busy_until() + pacing_.silence() + writer_patience);
  frame_gap_.async_wait([self = shared_from_this()](error_code error) {
    if (!self->stopped_ && !error) self->drop_unfinished();
  });
}

void SerialBus::drop_unfinished() {
  // A whole frame of a function whose length is not known ends here; every unit refuses it.
  if (crc_right(frame_)) {
    answer(frame_.size());
  } else {
    statistics_.garbage_bytes += frame_.size();
  }
  frame_.clear();
}

void SerialBus::await_delivery() {
  if (sending_.empty()) return;
  const Sending& first = sending_.front();
  delivery_.expires_at(pacing_.next_delivery(first.transmission, first.sent));
  delivery_.async_wait([self = shared_from_this()](error_code error) {
    if (!self->stopped_ && !error) self->deliver();
  });
}

void SerialBus::deliver() {
  Sending& first = sending_.front();
  const std::size_t visible = pacing_.visible(first.transmission, Clock::now());
  if (visible > first.sent) {
    const std::size_t size = visible - first.sent;
    const ssize_t written = ::write(pty_.line(), first.bytes.data() + first.sent, size);
    // A full pty: nobody reads this line. A UART loses such bytes, too.
    const std::size_t taken = written > 0 ? static_cast<std::size_t>(written) : 0;
    statistics_.bytes_sent += taken;
    statistics_.lost_bytes += size - taken;
    first.sent = visible;
  }
  if (first.sent == first.bytes.size()) sending_.pop_front();
  await_delivery();
}

}  // namespace congto::simulate
