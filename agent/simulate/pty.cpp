// See pty.hpp.
#include "agent/simulate/pty.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace congto::simulate {

namespace fs = std::filesystem;

namespace {

Error failed(const std::string& what) {
  return Error{"cannot make a pseudo-terminal: " + what + ": " + std::strerror(errno)};
}

}  // namespace

Result<Pty> Pty::open(const fs::path& link) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) return failed("posix_openpt");
  Pty pty(master, -1);
  if (grantpt(master) != 0) return failed("grantpt");
  if (unlockpt(master) != 0) return failed("unlockpt");
  std::array<char, 128> name{};
  if (ptsname_r(master, name.data(), name.size()) != 0) return failed("ptsname");
  pty.terminal_ = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.terminal_ < 0) return failed(name.data());
  termios settings{};
  if (tcgetattr(pty.terminal_, &settings) != 0) return failed("tcgetattr");
  cfmakeraw(&settings);
  if (tcsetattr(pty.terminal_, TCSANOW, &settings) != 0) return failed("tcsetattr");

  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (fs::is_symlink(there)) {
    fs::remove(link, error);
  } else if (fs::exists(there)) {
    return Error{link.string() + " is in the way of a simulated serial line: move it, or use another --dir"};
  }
  fs::create_symlink(name.data(), link, error);
  if (error) return Error{"cannot make the link " + link.string() + ": " + error.message()};
  pty.link_ = link;
  pty.target_ = name.data();
  return pty;
}

Pty::Pty(Pty&& other) noexcept
    : master_(std::exchange(other.master_, -1)),
      terminal_(std::exchange(other.terminal_, -1)),
      link_(std::exchange(other.link_, {})),
      target_(std::move(other.target_)) {}

void Pty::remove_link() {
  if (link_.empty()) return;
  // The same name may belong to a later simulation by now.
  std::error_code ignored;  // who removed the link before us did what was to be done
  if (fs::read_symlink(link_, ignored) == target_) fs::remove(link_, ignored);
  link_.clear();
}

Pty::~Pty() {
  remove_link();
  if (terminal_ >= 0) close(terminal_);
  if (master_ >= 0) close(master_);
}

}  // namespace congto::simulate
