// NameLookup: host names to TCP endpoints, within a time, one lookup at a time. Used by tcp_link.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

class NameLookup {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  using ErrorCode = boost::system::error_code;
  using Ask = std::function<Endpoints(const std::string& host, std::uint16_t port, ErrorCode& error)>;

  // `ask` blocks, and runs on a thread of its own.
  NameLookup(boost::asio::any_io_executor executor, Ask ask);
  // By the system's resolver.
  explicit NameLookup(boost::asio::any_io_executor executor);
  ~NameLookup();

  // An address is taken as it is. For a name `error` is timed_out after `longest`; the lookup goes on
  // unheard, and its answer is for the next call.
  boost::asio::awaitable<Endpoints> resolve(std::string host, std::uint16_t port, BootTime::duration longest,
                                            ErrorCode& error);
  // Ends a resolve() under way with operation_aborted.
  void cancel() { answered_.cancel(); }

 private:
  struct Answer {
    Endpoints endpoints;
    ErrorCode error;
  };
  struct Mailbox;
  void start(const std::string& host, std::uint16_t port);

  boost::asio::any_io_executor executor_;
  Ask ask_;
  boost::asio::steady_timer answered_;
  std::shared_ptr<Mailbox> asked_;  // while a lookup runs
  std::optional<Answer> answer_;
};

}  // namespace congto::modbus
