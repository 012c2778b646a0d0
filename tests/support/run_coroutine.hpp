// Runs a coroutine on an io_context until it has returned, with everything else that runs there, and gives
// its value or throws its exception. Other coroutines may go on afterwards.
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace congto::test {

template <class T>
T run_coroutine(boost::asio::io_context& context, boost::asio::awaitable<T> coroutine) {
  std::optional<T> value;
  std::exception_ptr thrown;
  bool returned = false;
  auto take = [&](std::exception_ptr error, T result) {
    returned = true;
    thrown = error;
    if (!error) value.emplace(std::move(result));
  };
  boost::asio::co_spawn(context, std::move(coroutine), take);
  context.restart();
  while (!returned && context.run_one() > 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(value.value());
}

// Starts a coroutine that goes on beside the test; an exception in it ends the test.
inline void start_coroutine(boost::asio::io_context& context, boost::asio::awaitable<void> coroutine) {
  auto take = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  boost::asio::co_spawn(context, std::move(coroutine), take);
}

}  // namespace congto::test
