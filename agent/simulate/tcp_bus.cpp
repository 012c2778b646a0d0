// See tcp_bus.hpp.
#include "agent/simulate/tcp_bus.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/ip/address_v4.hpp>

namespace congto::simulate {

namespace asio = boost::asio;
using boost::system::error_code;

Result<std::shared_ptr<TcpBus>> TcpBus::open(asio::any_io_executor executor, const std::string& name,
                                             TcpFraming framing, std::shared_ptr<UnitSet> units) {
  // Not make_shared: the constructor is private.
  std::shared_ptr<TcpBus> bus(new TcpBus(std::move(executor), framing, std::move(units)));
  bus->statistics_->name = name;
  error_code error;
  const asio::ip::tcp::endpoint anywhere(asio::ip::address_v4::loopback(), 0);
  bus->acceptor_.open(anywhere.protocol(), error);
  if (!error) bus->acceptor_.bind(anywhere, error);
  if (!error) bus->acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Error{"cannot listen on a loopback port for bus \"" + name + "\": " + error.message()};
  bus->address_ = "127.0.0.1:" + std::to_string(bus->acceptor_.local_endpoint().port());
  bus->accept();
  return bus;
}

TcpBus::TcpBus(asio::any_io_executor executor, TcpFraming framing, std::shared_ptr<UnitSet> units)
    : acceptor_(executor),
      retry_(executor),
      framing_(framing),
      units_(std::move(units)),
      statistics_(std::make_shared<BusStatistics>()) {}

void TcpBus::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, asio::ip::tcp::socket socket) {
    if (self->stopped_ || error == asio::error::operation_aborted) return;
    if (error) return self->accept_later();
    auto session =
        std::make_shared<TcpSession>(std::move(socket), self->framing_, self->units_, self->statistics_);
    self->sessions_.insert(session);
    // Weak both ways: neither the bus nor the session may keep the other alive.
    session->start([bus = self->weak_from_this(), own = std::weak_ptr(session)] {
      if (const auto alive = bus.lock()) alive->sessions_.erase(own.lock());
    });
    self->accept();
  });
}

void TcpBus::accept_later() {
  // Out of descriptors: at once it would fail again.
  retry_.expires_after(std::chrono::milliseconds(100));
  retry_.async_wait([self = shared_from_this()](error_code error) {
    if (!self->stopped_ && !error) self->accept();
  });
}

void TcpBus::stop() {
  stopped_ = true;
  error_code ignored;  // it is gone either way
  acceptor_.close(ignored);
  retry_.cancel();
  for (const auto& session : sessions_) session->stop();
  sessions_.clear();
}

}  // namespace congto::simulate
