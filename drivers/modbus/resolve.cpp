// See resolve.hpp.
#include "drivers/modbus/resolve.hpp"

#include <memory>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace congto::modbus {
namespace {

using Tcp = boost::asio::ip::tcp;

// A lookup cannot be broken off while the system's resolver waits for its servers, so nobody waits for the
// lookup itself: the caller waits for the timer, which the answer cancels. Handlers share this.
struct Lookup {
  explicit Lookup(const boost::asio::any_io_executor& executor) : resolver(executor), answered(executor) {}
  Tcp::resolver resolver;
  boost::asio::steady_timer answered;
  boost::system::error_code error = boost::asio::error::timed_out;
  std::vector<Tcp::endpoint> endpoints;
};

void start(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  lookup->resolver.async_resolve(
      host, std::to_string(port), Tcp::resolver::numeric_service,
      [lookup](const boost::system::error_code& error, const Tcp::resolver::results_type& results) {
        lookup->error = error;
        for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
        lookup->answered.cancel();
      });
}

}  // namespace

boost::asio::awaitable<std::vector<Tcp::endpoint>> resolve(boost::asio::any_io_executor executor,
                                                           std::string host, std::uint16_t port,
                                                           BootTime::duration longest,
                                                           boost::system::error_code& error) {
  std::vector<Tcp::endpoint> endpoints;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(address, port);
    co_return endpoints;
  }
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->answered.expires_after(longest);
  start(lookup, host, port);
  boost::system::error_code cancelled;  // by the answer; what counts stands in the lookup
  co_await lookup->answered.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  error = lookup->error;
  endpoints = lookup->endpoints;
  co_return endpoints;
}

}  // namespace congto::modbus
