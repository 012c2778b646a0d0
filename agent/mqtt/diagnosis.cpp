// Name, port, TLS: each step of a connection on its own.
#include "agent/mqtt/diagnosis.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "agent/mqtt/client.hpp"

namespace congto::mqtt {

namespace {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int handle) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Socket() {
    if (handle_ >= 0) close(handle_);
  }
  int handle() const { return handle_; }

 private:
  int handle_ = -1;
};

constexpr timeval patience{3, 0};  // a step of the diagnosis; the connection itself had ten times that

struct Reached {
  Socket socket;
  std::string trouble;  // empty: connected
};

std::string socket_trouble(const Address& address, int error) {
  const std::string where = "broker " + address.text() + ": ";
  if (error == ECONNREFUSED) {
    return where + "connection refused; nothing listens there: is the broker running, is the port right?";
  }
  if (error == EINPROGRESS || error == EAGAIN || error == ETIMEDOUT) {
    return where + "no answer; is the address right, does a firewall block the port?";
  }
  return where + std::strerror(error) + "; is the network up?";
}

Reached reach(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) {
    const std::string what = failed == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(failed);
    return {Socket(), "broker " + address.text() + ": unknown host (" + what +
                          "); check the name, and that this box can look up names"};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
  int error = ECONNREFUSED;
  for (const addrinfo* at = all.get(); at != nullptr; at = at->ai_next) {
    Socket candidate(socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (candidate.handle() < 0) {
      error = errno;
      continue;
    }
    setsockopt(candidate.handle(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(candidate.handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(candidate.handle(), at->ai_addr, at->ai_addrlen) == 0) return {std::move(candidate), {}};
    error = errno;
  }
  return {Socket(), socket_trouble(address, error)};
}

}  // namespace

std::string diagnose(const Address& address, const TlsFiles& files) {
  const Reached reached = reach(address);
  if (!reached.trouble.empty()) return reached.trouble;
  if (address.tls) {
    if (auto trouble = try_tls(address, files, reached.socket.handle()); !trouble.empty()) return trouble;
  }
  return "broker " + address.text() +
         ": it takes connections but closed ours without a word; is it an MQTT 5 " + "broker" +
         (address.tls ? ", and not out of connections?" : ", or does this port want TLS (mqtts://)?");
}

std::string refusal_text(const Address& address, int reason, bool with_username, bool with_certificate) {
  const std::string where = "broker " + address.text() + ": ";
  const std::string said = " (" + reason_text(reason) + ")";
  switch (reason) {
    case 0x86:
    case 0x87:
      if (with_username)
        return where + "refuses the user name or password" + said + "; check username and password-file";
      if (with_certificate)
        return where + "refuses our certificate or name" + said + "; is this agent enrolled there?";
      return where + "wants credentials" + said + "; set username and password-file, or certificate and key";
    case 0x85:
      return where + "does not accept the agent's name as client id" + said;
    case 0x84:
      return where + "does not speak MQTT 5" + said;
    case 0x8E:
      return where + "someone else connected with this agent's name" + said +
             "; names must be unique: is this box a copy of another?";
    case 0x95:
      return where + "a message was larger than it allows" + said;
    default:
      return where + "ended or refused the connection: " + reason_text(reason);
  }
}

}  // namespace congto::mqtt
