// Host names to TCP endpoints, within a time. Used by tcp_link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

// An address is taken as it is. A name is looked up on Asio's resolver thread; `error` is timed_out after
// `longest`, while the system's resolver may go on waiting unheard.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port, BootTime::duration longest,
    boost::system::error_code& error);

}  // namespace congto::modbus
