// ScriptedPeer: the far end of a link, which expects bytes and answers bytes. The first wrong byte ends it
// with a trouble() to assert on; so do a script that was not played to its end, and bytes that it did not
// expect.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/hex_bytes.hpp"

namespace congto::test {

// Works on anything with async_read_some and async_write_some; outlives play().
template <class Stream>
class ScriptedPeer {
 public:
  using Now = std::chrono::steady_clock::time_point;

  explicit ScriptedPeer(Stream& stream) : stream_(stream) {}

  // Waits for exactly these bytes.
  ScriptedPeer& expect(std::string_view hex) { return add(Kind::expect, hex_bytes(hex)); }
  ScriptedPeer& expect(std::vector<std::uint8_t> bytes) { return add(Kind::expect, std::move(bytes)); }
  ScriptedPeer& answer(std::string_view hex) { return add(Kind::answer, hex_bytes(hex)); }
  ScriptedPeer& answer(std::vector<std::uint8_t> bytes) { return add(Kind::answer, std::move(bytes)); }
  // Runs `action` at this place of the script.
  ScriptedPeer& then(std::function<void()> action) {
    add(Kind::act, {});
    steps_.back().action = std::move(action);
    return *this;
  }

  boost::asio::awaitable<void> play() {
    while (trouble_.empty() && next_ < steps_.size()) {
      Step& step = steps_[next_];
      boost::system::error_code error;
      if (step.kind == Kind::act) {
        step.action();
      } else if (step.kind == Kind::answer) {
        answered_at_.push_back(std::chrono::steady_clock::now());
        co_await boost::asio::async_write(stream_, boost::asio::buffer(step.bytes),
                                          boost::asio::redirect_error(boost::asio::use_awaitable, error));
      } else {
        co_await expect_bytes(step.bytes, error);
        asked_at_.push_back(std::chrono::steady_clock::now());
      }
      if (error) trouble_ = "step " + std::to_string(next_ + 1) + ": " + error.message();
      if (trouble_.empty()) ++next_;
    }
  }

  // Empty when the whole script was played and nothing else came.
  std::string trouble() const {
    if (!trouble_.empty()) return trouble_;
    if (next_ < steps_.size()) {
      return "the script stopped at step " + std::to_string(next_ + 1) + " of " +
             std::to_string(steps_.size());
    }
    if (!received_.empty()) return std::to_string(received_.size()) + " bytes more than the script has";
    return "";
  }
  // When each expected frame had come, and each answer was about to be written.
  const std::vector<Now>& asked_at() const { return asked_at_; }
  const std::vector<Now>& answered_at() const { return answered_at_; }

 private:
  enum class Kind { expect, answer, act };
  struct Step {
    Kind kind = Kind::act;
    std::vector<std::uint8_t> bytes;
    std::function<void()> action;
  };

  ScriptedPeer& add(Kind kind, std::vector<std::uint8_t> bytes) {
    steps_.emplace_back();
    steps_.back().kind = kind;
    steps_.back().bytes = std::move(bytes);
    return *this;
  }

  boost::asio::awaitable<void> expect_bytes(const std::vector<std::uint8_t>& expected,
                                            boost::system::error_code& error) {
    while (received_.size() < expected.size() && !error) {
      const std::size_t count = co_await stream_.async_read_some(
          boost::asio::buffer(buffer_), boost::asio::redirect_error(boost::asio::use_awaitable, error));
      received_.insert(received_.end(), buffer_.begin(),
                       buffer_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (error) co_return;
    const auto end = received_.begin() + static_cast<std::ptrdiff_t>(expected.size());
    const auto wrong = std::mismatch(expected.begin(), expected.end(), received_.begin()).first;
    if (wrong != expected.end()) {
      trouble_ = "step " + std::to_string(next_ + 1) + ": byte " +
                 std::to_string(wrong - expected.begin() + 1) + " is not what was expected";
    }
    received_.erase(received_.begin(), end);
  }

  Stream& stream_;
  std::vector<Step> steps_;
  std::size_t next_ = 0;
  std::string trouble_;
  std::vector<std::uint8_t> received_;
  std::array<std::uint8_t, 512> buffer_{};
  std::vector<Now> asked_at_;
  std::vector<Now> answered_at_;
};

}  // namespace congto::test
