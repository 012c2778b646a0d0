// See serial_link.hpp.
#include "drivers/modbus/serial_link.hpp"

#include <utility>

#include "drivers/modbus/link_io.hpp"
#include "drivers/modbus/rtu_frame.hpp"
#include "drivers/modbus/serial_port.hpp"

namespace congto::modbus {

SerialLink::SerialLink(boost::asio::any_io_executor executor, SerialLinkSettings settings, const Clock& clock)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      clock_(clock),
      line_(settings_.line, counters_) {}

SerialLink::~SerialLink() { close(); }

std::string SerialLink::name() const {
  return settings_.name + " (" + settings_.device + ", " + text(settings_.line) + ")";
}

boost::asio::awaitable<Exchanged<Reply>> SerialLink::exchange(Request request,
                                                              std::chrono::milliseconds timeout) {
  if (const auto why = rtu_objection(request)) co_return not_sendable(*why);
  if (auto failure = open_port()) co_return std::move(*failure);
  const std::shared_ptr<Stream> stream = stream_;
  auto blocked = co_await wait_for_turn(stream, line_, request.unit, clock_, counters_);
  if (blocked && blocked->kind == FailureKind::no_link) co_return lost(stream, std::move(*blocked));
  if (blocked) co_return std::move(*blocked);
  line_.begin(request, clock_.boot());
  Exchanged<Reply> outcome = co_await run_exchange(stream, line_, timeout, clock_, counters_);
  if (outcome.has_value() || outcome.error().kind == FailureKind::exception) backoff_.reset();
  if (outcome.has_error() && outcome.error().kind == FailureKind::no_link) {
    co_return lost(stream, std::move(outcome.error()));
  }
  co_return outcome;
}

boost::asio::awaitable<Exchanged<ListenResult>> SerialLink::listen(std::chrono::milliseconds duration) {
  if (auto failure = open_port()) co_return std::move(*failure);
  const std::shared_ptr<Stream> stream = stream_;
  const BootTime end = clock_.boot() + duration;
  while (clock_.boot() < end) {
    boost::system::error_code error;
    const auto bytes = co_await stream->read(end, error);
    if (error == boost::asio::error::timed_out) break;
    if (error) co_return lost(stream, link_failure(error));
    counters_.bytes_received += bytes.size();
    line_.heard(bytes, clock_.boot());
  }
  const ListenResult heard = line_.settle(clock_.boot());
  co_return heard;
}

void SerialLink::close() {
  if (!stream_) return;
  stream_->close();
  stream_.reset();
}

std::optional<Failure> SerialLink::open_port() {
  if (stream_) return std::nullopt;
  const BootTime now = clock_.boot();
  if (!backoff_.may_try(now)) return Failure{FailureKind::no_link, 0, last_trouble_};
  Result<OpenSerialPort> port = open_serial_port(settings_.device, settings_.line, settings_.rs485);
  if (port.has_error()) {
    backoff_.failed(now);
    last_trouble_ = port.error().message;
    return Failure{FailureKind::no_link, 0, last_trouble_};
  }
  warnings_ = std::move(port->warnings);
  stream_ = std::make_shared<Stream>(executor_, clock_);
  stream_->stream().assign(port->fd.release());
  stream_->stream().non_blocking(true);
  line_.opened(now);
  if (opened_before_) ++counters_.reconnects;
  opened_before_ = true;
  return std::nullopt;
}

// A device that went away: its descriptor is closed at once, or its name stays taken when it comes back.
Failure SerialLink::lost(const std::shared_ptr<Stream>& stream, Failure failure) {
  if (stream != stream_) return failure;  // close() was called meanwhile: nothing was lost
  close();
  backoff_.failed(clock_.boot());
  last_trouble_ = "serial port " + settings_.device + " was lost: " + failure.detail;
  failure.detail = last_trouble_;
  return failure;
}

}  // namespace congto::modbus
