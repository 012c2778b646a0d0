// Clients that send and collect bytes without knowing what they mean; never blocking, for tests that run the
// other side's handlers on the same thread.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/catch.hpp"

namespace congto::test {

using Bytes = std::vector<std::uint8_t>;

// Runs the simulation's handlers until `done`, at most for ten seconds of a very slow machine.
template <class Done>
bool run_until(boost::asio::io_context& io, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done() && std::chrono::steady_clock::now() < deadline)
    io.run_one_for(std::chrono::milliseconds(10));
  return done();
}

class SerialClient {
 public:
  explicit SerialClient(const std::string& device)
      : fd_(::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    REQUIRE(fd_ >= 0);
  }
  ~SerialClient() { ::close(fd_); }
  SerialClient(const SerialClient&) = delete;
  SerialClient& operator=(const SerialClient&) = delete;

  void send(const Bytes& bytes) {
    REQUIRE(::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  const Bytes& received() {
    std::uint8_t buffer[512];
    const ssize_t size = ::read(fd_, buffer, sizeof buffer);
    if (size > 0) received_.insert(received_.end(), buffer, buffer + size);
    return received_;
  }

 private:
  int fd_;
  Bytes received_;
};

class TcpClient {
 public:
  TcpClient(boost::asio::io_context& io, const std::string& address) : socket_(io) {
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    socket_.non_blocking(true);
  }
  void send(const Bytes& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  const Bytes& received() {
    std::uint8_t buffer[512];
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(boost::asio::buffer(buffer), error);
    received_.insert(received_.end(), buffer, buffer + size);
    closed_ = closed_ || (error && error != boost::asio::error::would_block);
    return received_;
  }
  bool closed() {
    received();
    return closed_;
  }

 private:
  boost::asio::ip::tcp::socket socket_;
  Bytes received_;
  bool closed_ = false;
};

}  // namespace congto::test
