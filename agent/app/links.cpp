// One place that knows all transports.
#include "agent/app/links.hpp"

#include "drivers/modbus/serial_link.hpp"
#include "drivers/modbus/tcp_link.hpp"

namespace congto::app {

std::unique_ptr<modbus::Link> make_link(boost::asio::any_io_executor executor, const meter::Bus& bus,
                                        const Clock& clock) {
  if (bus.transport == meter::Transport::serial) {
    return std::make_unique<modbus::SerialLink>(
        executor, modbus::SerialLinkSettings{bus.name, bus.device, bus.line, bus.rs485}, clock);
  }
  const auto framing = bus.transport == meter::Transport::tcp ? modbus::Framing::tcp : modbus::Framing::rtu;
  return std::make_unique<modbus::TcpLink>(
      executor, modbus::TcpLinkSettings{bus.name, bus.host, bus.port, framing}, clock);
}

}  // namespace congto::app
