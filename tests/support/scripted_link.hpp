// ScriptedLink: a modbus::Link that expects requests in their order and gives the outcomes written for them.
// trouble() tells the first request that was not expected, and a script not played to its end.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "drivers/modbus/link.hpp"
#include "tests/support/manual_clock.hpp"

namespace congto::test {

// Moves the clock by what an exchange takes; nobody waits.
class ScriptedLink final : public modbus::Link {
 public:
  explicit ScriptedLink(ManualClock& clock) : clock_(clock) {}

  ScriptedLink& expect(const modbus::Request& request, std::vector<std::uint16_t> words,
                       std::chrono::milliseconds took = std::chrono::milliseconds(20)) {
    modbus::Reply reply;
    reply.words = std::move(words);
    reply.took = took;
    script_.emplace_back(request, std::move(reply));
    return *this;
  }
  ScriptedLink& expect(const modbus::Request& request, modbus::Failure failure) {
    script_.emplace_back(request, std::move(failure));
    return *this;
  }

  boost::asio::awaitable<modbus::Exchanged<modbus::Reply>> exchange(
      modbus::Request request, std::chrono::milliseconds timeout) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    ++counters_.requests;
    if (script_.empty() || script_.front().first != request) {
      if (trouble_.empty()) trouble_ = "request " + std::to_string(counters_.requests) + " was not expected";
      modbus::Failure failure;
      failure.kind = modbus::FailureKind::no_link;
      failure.detail = trouble_;
      co_return failure;
    }
    modbus::Exchanged<modbus::Reply> outcome = std::move(script_.front().second);
    script_.pop_front();
    if (outcome.has_value()) {
      clock_.advance(outcome->took);
      outcome->last_byte = clock_.boot();
      ++counters_.replies;
    } else if (outcome.error().kind == modbus::FailureKind::timeout) {
      clock_.advance(timeout);
      ++counters_.timeouts;
    }
    co_return outcome;
  }
  void close() override {}
  const modbus::LinkCounters& counters() const override { return counters_; }
  std::string name() const override { return "scripted"; }

  std::string trouble() const {
    if (!trouble_.empty()) return trouble_;
    return script_.empty() ? "" : std::to_string(script_.size()) + " requests of the script never came";
  }

 private:
  ManualClock& clock_;
  std::deque<std::pair<modbus::Request, modbus::Exchanged<modbus::Reply>>> script_;
  modbus::LinkCounters counters_;
  std::string trouble_;
};

}  // namespace congto::test
