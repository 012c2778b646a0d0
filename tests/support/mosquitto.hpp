// A real mosquitto on a free loopback port, for one test: started, frozen, killed, started again on the same
// port. It dies with the test. Linux.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/temporary_directory.hpp"

namespace congto::test {

inline std::uint16_t free_loopback_port() {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good = handle >= 0 && bind(handle, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (handle >= 0) close(handle);
  if (!good) throw std::runtime_error("no free loopback port");
  return ntohs(address.sin_port);
}

inline bool something_listens(std::uint16_t port) {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool good = connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(handle);
  return good;
}

class Mosquitto {
 public:
  // `options`: more lines of mosquitto.conf; those after the listener count for it.
  explicit Mosquitto(std::string options = "allow_anonymous true\n")
      : port_(free_loopback_port()), options_(std::move(options)) {
    start();
  }
  ~Mosquitto() { kill(); }
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& scheme = "mqtt", const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port_);
  }
  const TemporaryDirectory& directory() const { return directory_; }

  void start() {
    if (process_ > 0) return;
    const std::string file = (directory_ / "mosquitto.conf").string();
    // Started by root, mosquitto would become its own user, who cannot read the test's files.
    std::ofstream(file) << (geteuid() == 0 ? "user root\n" : "") << "listener " << port_ << " 127.0.0.1\n"
                        << options_;
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const std::string log = (directory_ / "mosquitto.log").string();
      if (freopen(log.c_str(), "a", stdout) == nullptr || dup2(1, 2) < 0) _exit(126);
      const std::string path = std::string(getenv("PATH") == nullptr ? "" : getenv("PATH")) + ":/usr/sbin";
      setenv("PATH", path.c_str(), 1);
      execlp("mosquitto", "mosquitto", "-c", file.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!something_listens(port_)) {
      int status = 0;
      if (waitpid(process_, &status, WNOHANG) == process_ || std::chrono::steady_clock::now() > deadline) {
        process_ = 0;
        std::ifstream log(directory_ / "mosquitto.log");
        throw std::runtime_error("mosquitto did not start: " +
                                 std::string(std::istreambuf_iterator<char>(log), {}));
      }
      std::this_thread::yield();
    }
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  void freeze() { ::kill(process_, SIGSTOP); }
  void thaw() { ::kill(process_, SIGCONT); }

 private:
  std::uint16_t port_;
  std::string options_;
  TemporaryDirectory directory_;
  pid_t process_ = 0;
};

}  // namespace congto::test
