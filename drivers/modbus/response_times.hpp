// ResponseTimes: how long one unit takes to answer, learned from its last 100 replies: the timeout to use and
// the 99th percentile. Pure; one per unit, owned by the poller and by the RTU line.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace congto::modbus {

class ResponseTimes {
 public:
  static constexpr std::size_t kept = 100;
  static constexpr std::size_t enough = 20;               // replies before the timeout follows them
  static constexpr std::chrono::milliseconds least{300};  // of 1000 reads none failed at 600 ms, 707 at 300
                                                          // ms with a slow unit (stephane/libmodbus#776)

  // A reply that counted; failures are not reply times.
  void add(std::chrono::microseconds took);
  std::size_t count() const { return count_; }
  // 0 while nothing is known. With fewer than 100 replies the longest of them.
  std::chrono::microseconds p99() const;
  // clamp(3 x p99, 300 ms, limit), and `limit` until enough replies are known. Never above `limit`.
  std::chrono::milliseconds timeout(std::chrono::milliseconds limit) const;

 private:
  std::array<std::uint32_t, kept> microseconds_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace congto::modbus
