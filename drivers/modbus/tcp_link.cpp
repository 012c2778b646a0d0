// See tcp_link.hpp.
#include "drivers/modbus/tcp_link.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <boost/asio/error.hpp>

#include "drivers/modbus/link_io.hpp"
#include "drivers/modbus/rtu_frame.hpp"

namespace congto::modbus {
namespace {

// A lost SYN is sent again after 1 s: less time would make every loss a failed connect.
constexpr std::chrono::seconds least_connect_time{1};
// A gateway that has no room for another master accepts and closes at once.
constexpr std::chrono::seconds turned_away_within{1};
// The baud rate behind a converter is not known. At 9600 baud with parity 3.5 characters are 4.0 ms; slower
// lines are left to the converter's own timing.
constexpr SerialSettings line_behind_converter{9600, Parity::even, 1};

// Finds a dead peer between polls (60 s) and one that takes no data any more (10 s).
void set_options(boost::asio::ip::tcp::socket& socket) {
  const auto set = [&socket](int level, int name, int value) {
    // An option that the system refuses costs comfort, not correctness: every exchange has its own deadline.
    (void)setsockopt(socket.native_handle(), level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
}

bool is_link_lost(const Exchanged<Reply>& outcome) {
  return outcome.has_error() && outcome.error().kind == FailureKind::no_link;
}

bool is_answer(const Exchanged<Reply>& outcome) {
  return outcome.has_value() || outcome.error().kind == FailureKind::exception;
}

}  // namespace

TcpLink::TcpLink(boost::asio::any_io_executor executor, TcpLinkSettings settings, const Clock& clock)
    : executor_(std::move(executor)),
      names_(executor_),
      settings_(std::move(settings)),
      clock_(clock),
      line_(line_behind_converter, counters_) {}

TcpLink::~TcpLink() { close(); }

std::string TcpLink::where() const { return settings_.host + ":" + std::to_string(settings_.port); }

std::string TcpLink::name() const {
  return settings_.name + " (" + where() + (settings_.framing == Framing::rtu ? ", RTU over TCP)" : ")");
}

void TcpLink::set_pause(UnitId unit, std::chrono::milliseconds pause) {
  line_.set_pause(unit, pause);
  pauses_[unit] = pause;
}

void TcpLink::close() {
  names_.cancel();
  if (!stream_) return;
  stream_->close();
  stream_.reset();
}

boost::asio::awaitable<Exchanged<Reply>> TcpLink::exchange(Request request,
                                                           std::chrono::milliseconds timeout) {
  const auto why = settings_.framing == Framing::rtu ? rtu_objection(request) : objection(request);
  if (why) co_return not_sendable(*why);
  // A peer may close between two exchanges: what then fails on the old connection is sent again on a new one.
  for (bool sent_again = false;; sent_again = true) {
    const bool reused = stream_ != nullptr;
    if (!reused) {
      const auto longest = std::max<BootTime::duration>(timeout, least_connect_time);
      auto failure = co_await connect(clock_.boot() + longest);
      if (failure) co_return std::move(*failure);
    }
    const std::shared_ptr<Stream> stream = stream_;
    Exchanged<Reply> outcome = co_await talk(stream, request, timeout);
    if (is_answer(outcome)) backoff_.reset();
    if (!is_link_lost(outcome) || stream != stream_) co_return outcome;
    Failure failure = connection_lost(std::move(outcome.error()));
    if (reused && !sent_again) continue;
    backoff_.failed(clock_.boot());
    co_return failure;
  }
}

boost::asio::awaitable<Exchanged<Reply>> TcpLink::talk(std::shared_ptr<Stream> stream, Request request,
                                                       std::chrono::milliseconds timeout) {
  auto blocked = co_await wait_for_turn(stream, request.unit);
  if (blocked) co_return std::move(*blocked);
  if (settings_.framing == Framing::rtu) {
    line_.begin(request, clock_.boot());
    Exchanged<Reply> outcome = co_await run_exchange(stream, line_, timeout, clock_, counters_);
    co_return outcome;
  }
  exchange_.begin(request, ++transaction_);
  Exchanged<Reply> outcome = co_await run_exchange(stream, exchange_, timeout, clock_, counters_);
  counters_.stale_bytes += exchange_.stale_bytes();
  last_activity_ = clock_.boot();
  if (!is_link_lost(outcome) && exchange_.must_reconnect() && stream == stream_) close();
  co_return outcome;
}

boost::asio::awaitable<TcpLink::MaybeFailure> TcpLink::wait_for_turn(std::shared_ptr<Stream> stream,
                                                                     UnitId unit) {
  if (settings_.framing == Framing::rtu) {
    MaybeFailure failure = co_await modbus::wait_for_turn(stream, line_, unit, clock_, counters_);
    co_return failure;
  }
  const auto pause = pauses_.find(unit);
  const BootTime may_send_at = pause == pauses_.end() ? BootTime() : last_activity_ + pause->second;
  if (may_send_at > clock_.boot()) co_await stream->wait_until(may_send_at);
  // Nothing is owed on this connection: what lies there was never asked for. A closed connection shows here.
  boost::system::error_code error;
  const auto bytes = stream->read_what_is_there(error);
  counters_.bytes_received += bytes.size();
  counters_.stale_bytes += bytes.size();
  MaybeFailure failure;
  if (error) failure = link_failure(error);
  if (!bytes.empty()) {
    failure =
        Failure{FailureKind::no_link, 0, std::to_string(bytes.size()) + " bytes came that nobody asked for"};
  }
  co_return failure;
}

boost::asio::awaitable<TcpLink::MaybeFailure> TcpLink::connect(BootTime until) {
  MaybeFailure failure;
  if (!backoff_.may_try(clock_.boot())) {
    failure = Failure{FailureKind::no_link, 0, last_trouble_};
    co_return failure;
  }
  boost::system::error_code error;
  const auto endpoints =
      co_await names_.resolve(settings_.host, settings_.port, until - clock_.boot(), error);
  if (error == boost::asio::error::operation_aborted) {
    failure = link_failure(error);
    co_return failure;
  }
  std::shared_ptr<Stream> stream;
  auto left = static_cast<std::int64_t>(endpoints.size());
  for (const auto& endpoint : endpoints) {
    const BootTime now = clock_.boot();
    if (now >= until) break;
    stream = std::make_shared<Stream>(executor_, clock_);
    stream_ = stream;  // so that close() reaches it
    // An address that swallows everything (IPv6 without a route) must leave time for the next one.
    co_await stream->connect(endpoint, now + (until - now) / left--, error);
    if (stream_ != stream) {
      failure = link_failure(boost::asio::error::operation_aborted);
      co_return failure;
    }
    if (!error) break;
    close();
  }
  if (error || !stream_) {
    backoff_.failed(clock_.boot());
    const std::string what = error ? error.message() : "the name has no address";
    last_trouble_ = where() + " cannot be reached: " + what;
    failure = Failure{FailureKind::no_link, 0, last_trouble_};
    co_return failure;
  }
  set_options(stream->stream());
  stream->stream().non_blocking(true);
  connected_at_ = clock_.boot();
  received_before_ = counters_.bytes_received;
  line_.opened(connected_at_);
  if (connected_before_) ++counters_.reconnects;
  connected_before_ = true;
  co_return failure;
}

Failure TcpLink::connection_lost(Failure failure) {
  close();
  const bool turned_away =
      counters_.bytes_received == received_before_ && clock_.boot() - connected_at_ < turned_away_within;
  last_trouble_ =
      turned_away ? where() + ": the gateway takes no further master (accepted, then: " + failure.detail + ")"
                  : "connection to " + where() + " was lost: " + failure.detail;
  failure.detail = last_trouble_;
  return failure;
}

}  // namespace congto::modbus
