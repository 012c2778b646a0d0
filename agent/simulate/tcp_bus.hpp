// TcpBus: the units of a UnitSet behind a listener on a free loopback port, as Modbus TCP or as RTU over TCP.
// Takes any number of connections; each is served in the order of its requests. One thread: the executor's.
#pragma once

#include <memory>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/simulate/simulated_bus.hpp"
#include "agent/simulate/tcp_session.hpp"
#include "agent/simulate/unit_set.hpp"

namespace congto::simulate {

class TcpBus final : public SimulatedBus, public std::enable_shared_from_this<TcpBus> {
 public:
  static Result<std::shared_ptr<TcpBus>> open(boost::asio::any_io_executor executor, const std::string& name,
                                              TcpFraming framing, std::shared_ptr<UnitSet> units);

  const std::string& address() const override { return address_; }
  const BusStatistics& statistics() const override { return *statistics_; }
  void stop() override;

 private:
  TcpBus(boost::asio::any_io_executor executor, TcpFraming framing, std::shared_ptr<UnitSet> units);
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  TcpFraming framing_;
  std::shared_ptr<UnitSet> units_;
  std::shared_ptr<BusStatistics> statistics_;
  std::string address_;
  bool stopped_ = false;
  std::set<std::shared_ptr<TcpSession>> sessions_;
};

}  // namespace congto::simulate
