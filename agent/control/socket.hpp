// The Unix socket to a running agent: one line of JSON asks, one line of JSON answers, then it closes.
// Server: io_context thread. ask(): any thread, blocking, for the commands.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "drivers/core/error.hpp"

namespace congto::control {

using Respond = std::function<void(std::string line)>;
// Gets the line without its newline; must call respond exactly once, now or later.
using Handler = std::function<void(std::string line, Respond respond)>;

class Server {
 public:
  // Replaces a socket that nobody listens on. Mode 0660, so the group of the service may ask.
  static Result<std::unique_ptr<Server>> open(boost::asio::any_io_executor executor,
                                              std::filesystem::path path, Handler handler);
  // Closes the socket and removes its file.
  virtual ~Server() = default;
};

// Why an agent could not be asked: with `no_agent` nobody listens there, and the journal may be opened
// directly.
struct AskError {
  bool no_agent = false;
  std::string message;
};
std::ostream& operator<<(std::ostream& out, const AskError& error);
using Answer = boost::system::result<std::string, AskError>;
[[noreturn]] void throw_exception_from_error(const AskError& error, const boost::source_location&);

Answer ask(const std::filesystem::path& path, const std::string& line, std::chrono::milliseconds patience);

}  // namespace congto::control
