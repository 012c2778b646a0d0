// TcpSession: one connection to a TcpBus. One request at a time, as gateways do: what comes meanwhile waits.
// One thread: the executor's. Always held by shared_ptr: handlers under way keep it alive.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/simulate/bus_statistics.hpp"
#include "agent/simulate/unit_set.hpp"

namespace congto::simulate {

enum class TcpFraming : std::uint8_t { tcp, rtu };

class TcpSession final : public std::enable_shared_from_this<TcpSession> {
 public:
  TcpSession(boost::asio::ip::tcp::socket socket, TcpFraming framing, std::shared_ptr<UnitSet> units,
             std::shared_ptr<BusStatistics> statistics);

  // `ended` is called once, when the peer closed or sent what no reading on can mend.
  void start(std::function<void()> ended);
  void stop();

 private:
  void receive();
  void work();      // on the bytes received so far
  bool take_tcp();  // the first request of them, if it is whole
  bool take_rtu();
  void reply(std::vector<std::uint8_t> bytes, std::chrono::milliseconds delay);
  void send();
  void end();
  void drop_front(std::size_t size);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer delay_;
  TcpFraming framing_;
  std::shared_ptr<UnitSet> units_;
  std::shared_ptr<BusStatistics> statistics_;
  std::function<void()> ended_;
  std::array<std::uint8_t, 1024> received_{};
  std::vector<std::uint8_t> waiting_;  // received and not worked on yet
  std::vector<std::uint8_t> sending_;
  bool replying_ = false;
  bool stopped_ = false;
};

}  // namespace congto::simulate
