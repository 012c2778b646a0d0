// A pseudo-terminal pair: device() is the path that a serial link opens, far_end() the side that the test
// drives. The device side is held open too, or the far end would read end-of-file before the link has opened
// it.
#pragma once

#include <pty.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace congto::test {

class PtyPair {
 public:
  explicit PtyPair(const boost::asio::any_io_executor& executor) : far_end_(executor) {
    int master = -1;
    if (openpty(&master, &held_, nullptr, nullptr, nullptr) != 0) {
      throw std::system_error(errno, std::generic_category(), "openpty");
    }
    far_end_.assign(master);
    char name[64] = {};
    if (ttyname_r(held_, name, sizeof name) != 0) throw std::runtime_error("a pty without a name");
    device_ = name;
  }
  ~PtyPair() {
    if (held_ >= 0) ::close(held_);
  }
  PtyPair(const PtyPair&) = delete;
  PtyPair& operator=(const PtyPair&) = delete;

  const std::string& device() const { return device_; }
  boost::asio::posix::stream_descriptor& far_end() { return far_end_; }
  // The adapter is pulled out.
  void vanish() { far_end_.close(); }

 private:
  boost::asio::posix::stream_descriptor far_end_;
  int held_ = -1;
  std::string device_;
};

}  // namespace congto::test
