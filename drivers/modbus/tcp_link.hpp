// TcpLink: Modbus TCP, or RTU frames over TCP, to one host:port: connecting, reconnecting, one request at a
// time. Used by the poller and by `read`. All calls on the executor's one thread; it outlives its exchanges.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/backoff.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/resolve.hpp"
#include "drivers/modbus/rtu_line.hpp"
#include "drivers/modbus/tcp_exchange.hpp"
#include "drivers/modbus/timed_stream.hpp"

namespace congto::modbus {

enum class Framing : std::uint8_t { tcp, rtu };

struct TcpLinkSettings {
  std::string name;  // of the bus
  std::string host;  // address or host name
  std::uint16_t port = 502;
  Framing framing = Framing::tcp;
};

class TcpLink final : public Link {
 public:
  // Connects to nothing yet: the first exchange does. `clock` outlives the link.
  TcpLink(boost::asio::any_io_executor executor, TcpLinkSettings settings, const Clock& clock);
  ~TcpLink() override;

  boost::asio::awaitable<Exchanged<Reply>> exchange(Request request,
                                                    std::chrono::milliseconds timeout) override;
  void set_pause(UnitId unit, std::chrono::milliseconds pause) override;
  void close() override;
  const LinkCounters& counters() const override { return counters_; }
  std::string name() const override;

 private:
  using Tcp = boost::asio::ip::tcp;
  using Stream = TimedStream<Tcp::socket>;
  using MaybeFailure = std::optional<Failure>;

  boost::asio::awaitable<MaybeFailure> connect(BootTime until);
  boost::asio::awaitable<Exchanged<Reply>> talk(std::shared_ptr<Stream> stream, Request request,
                                                std::chrono::milliseconds timeout);
  boost::asio::awaitable<MaybeFailure> wait_for_turn(std::shared_ptr<Stream> stream, UnitId unit);
  Failure connection_lost(Failure failure);
  std::string where() const;

  boost::asio::any_io_executor executor_;
  NameLookup names_;
  TcpLinkSettings settings_;
  const Clock& clock_;
  LinkCounters counters_;
  RtuLine line_;                                        // framing rtu
  TcpExchange exchange_;                                // framing tcp
  std::map<UnitId, std::chrono::milliseconds> pauses_;  // framing tcp
  BootTime last_activity_;
  Backoff backoff_;
  std::string last_trouble_;        // why there is no connection, repeated while back-off runs
  std::shared_ptr<Stream> stream_;  // while connected
  BootTime connected_at_;
  std::uint64_t received_before_ = 0;  // bytes, when it was connected
  bool connected_before_ = false;
  std::uint16_t transaction_ = 0;
};

}  // namespace congto::modbus
