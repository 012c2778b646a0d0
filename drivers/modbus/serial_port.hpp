// Opens a serial port for RTU: raw, 8 data bits, any baud rate, locked, checked. Linux only (termios2).
// Used by serial_link. Plain system calls, nothing asynchronous.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/modbus/line.hpp"

namespace congto::modbus {

// Owns a descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

struct OpenSerialPort {
  FileDescriptor fd;                  // non-blocking, locked with flock
  std::vector<std::string> warnings;  // what could not be had and is done without
};

// The error says what is wrong with the port and what to do: missing, no permission, held by another program,
// no serial port, did not take its settings. A pty carries neither parity nor stop bits; there they aren't
// checked.
Result<OpenSerialPort> open_serial_port(const std::string& device, const SerialSettings& settings,
                                        bool rs485);

// How what a port says it is set to differs from what it was told; nothing where it took it. Drivers round
// baud rates: 2 % are allowed, of the 5 % that a character of 10 bits bears between both ends.
std::optional<std::string> settings_not_taken(const SerialSettings& wanted, const SerialSettings& got);

}  // namespace congto::modbus
