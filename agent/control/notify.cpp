// One datagram to the service manager; the protocol is described in sd_notify(3).
#include "agent/control/notify.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

namespace congto::control {

void notify(const std::string& state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return;
  std::string path = name;
  if (path.front() == '@') path.front() = '\0';  // an abstract socket
  boost::asio::io_context context;
  boost::asio::local::datagram_protocol::socket socket(context);
  boost::system::error_code nobody_listens;  // then there is nobody to tell
  socket.open(boost::asio::local::datagram_protocol(), nobody_listens);
  socket.send_to(boost::asio::buffer(state), boost::asio::local::datagram_protocol::endpoint(path), 0,
                 nobody_listens);
}

std::optional<std::chrono::microseconds> watchdog_period() {
  const char* text = std::getenv("WATCHDOG_USEC");
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  long long microseconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), microseconds);
  if (error != std::errc{} || end != digits.data() + digits.size() || microseconds <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

}  // namespace congto::control
