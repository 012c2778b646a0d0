// See serial_port.hpp.
#include "drivers/modbus/serial_port.hpp"

// <termios.h> declares other structures under the same names as termbits.h, which alone has termios2 (any
// baud rate): it must not be included here.
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace congto::modbus {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

Error trouble(const std::string& device, const std::string& what) {
  return Error{"serial port " + device + " " + what};
}

Error why_not_open(const std::string& device, int error) {
  switch (error) {
    case ENOENT:
      return trouble(device,
                     "does not exist: is the adapter plugged in? (/dev/serial/by-id lists those that are)");
    case EACCES:
    case EPERM:
      return trouble(device,
                     "may not be opened by this user: join the group that owns it (dialout on Debian)");
    case ENXIO:
    case ENODEV:
    case EIO:
      return trouble(device, "has no device behind it (" + reason(error) + "): is the adapter plugged in?");
    case EBUSY:
      return trouble(device, "is held by another program");
    default:
      return trouble(device, "cannot be opened: " + reason(error));
  }
}

// Unix98 pty slaves have the major numbers 136 to 143 (Linux Documentation/admin-guide/devices.txt).
bool is_pty(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  return major(status.st_rdev) >= 136 && major(status.st_rdev) <= 143;
}

tcflag_t control_flags(const SerialSettings& settings) {
  tcflag_t flags = CS8 | CREAD | CLOCAL | BOTHER;
  if (settings.parity != Parity::none) flags |= PARENB;
  if (settings.parity == Parity::odd) flags |= PARODD;
  if (settings.stop_bits == 2) flags |= CSTOPB;
  return flags;
}

SerialSettings settings_of(const termios2& terminal) {
  SerialSettings settings;
  settings.baud = terminal.c_ospeed;
  settings.parity = (terminal.c_cflag & PARENB) == 0 ? Parity::none
                    : (terminal.c_cflag & PARODD)    ? Parity::odd
                                                     : Parity::even;
  settings.stop_bits = (terminal.c_cflag & CSTOPB) != 0 ? 2 : 1;
  return settings;
}

std::optional<Error> apply(int fd, const std::string& device, const SerialSettings& settings) {
  termios2 terminal{};
  if (ioctl(fd, TCGETS2, &terminal) != 0) return trouble(device, "is not a serial port: " + reason(errno));
  terminal.c_iflag = 0;  // raw: no flow control, no translation; parity errors are the CRC's business
  terminal.c_oflag = 0;
  terminal.c_lflag = 0;
  terminal.c_cflag = control_flags(settings);
  terminal.c_ispeed = settings.baud;
  terminal.c_ospeed = settings.baud;
  terminal.c_cc[VMIN] = 1;
  terminal.c_cc[VTIME] = 0;
  if (ioctl(fd, TCSETS2, &terminal) != 0) {
    return trouble(device, "refuses " + text(settings) + ": " + reason(errno));
  }
  termios2 got{};
  if (ioctl(fd, TCGETS2, &got) != 0) return trouble(device, "does not tell its settings: " + reason(errno));
  if (is_pty(fd)) {
    // What it does not carry it need not keep.
    got.c_cflag = (got.c_cflag & ~static_cast<tcflag_t>(PARENB | PARODD | CSTOPB | CSIZE)) |
                  (terminal.c_cflag & (PARENB | PARODD | CSTOPB | CSIZE));
  }
  if (const auto difference = settings_not_taken(settings, settings_of(got))) {
    return trouble(device, "did not take its settings: " + *difference);
  }
  if ((got.c_cflag & CSIZE) != CS8 || got.c_lflag != 0) {
    return trouble(device, "did not take its settings: it is not in raw mode with 8 data bits");
  }
  return std::nullopt;
}

// Without it an FTDI adapter keeps bytes back for up to 16 ms (reliability.md 4.1).
void ask_for_low_latency(int fd, std::vector<std::string>& warnings) {
  serial_struct serial{};
  if (ioctl(fd, TIOCGSERIAL, &serial) != 0) return;  // drivers without the setting; ptys
  if ((serial.flags & ASYNC_LOW_LATENCY) != 0) return;
  serial.flags |= ASYNC_LOW_LATENCY;
  if (ioctl(fd, TIOCSSERIAL, &serial) != 0 && errno != ENOTTY) {
    warnings.push_back("low latency could not be set (" + reason(errno) +
                       "): replies may come some ms later");
  }
}

void ask_for_rs485(int fd, std::vector<std::string>& warnings) {
  serial_rs485 rs485{};
  rs485.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
  if (ioctl(fd, TIOCSRS485, &rs485) == 0) return;
  warnings.push_back("the kernel's RS-485 mode is not to be had here (" + reason(errno) +
                     "): the adapter has to switch the direction itself; rs485 = true may go");
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  FileDescriptor old(std::exchange(fd_, other.release()));
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<OpenSerialPort> open_serial_port(const std::string& device, const SerialSettings& settings,
                                        bool rs485) {
  OpenSerialPort port;
  port.fd = FileDescriptor(::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (port.fd.get() < 0) return why_not_open(device, errno);
  if (flock(port.fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return trouble(device, "is held by another program");
    return trouble(device, "cannot be locked: " + reason(errno));
  }
  if (auto error = apply(port.fd.get(), device, settings)) return *error;
  ask_for_low_latency(port.fd.get(), port.warnings);
  if (rs485) ask_for_rs485(port.fd.get(), port.warnings);
  return port;
}

std::optional<std::string> settings_not_taken(const SerialSettings& wanted, const SerialSettings& got) {
  const unsigned off = got.baud > wanted.baud ? got.baud - wanted.baud : wanted.baud - got.baud;
  const bool baud_taken = off <= wanted.baud / 50;
  if (baud_taken && got.parity == wanted.parity && got.stop_bits == wanted.stop_bits) return std::nullopt;
  return "told " + text(wanted) + ", it is at " + text(got);
}

}  // namespace congto::modbus
