// See response_times.hpp.
#include "drivers/modbus/response_times.hpp"

#include <algorithm>
#include <limits>

namespace congto::modbus {

void ResponseTimes::add(std::chrono::microseconds took) {
  constexpr std::chrono::microseconds::rep most = std::numeric_limits<std::uint32_t>::max();
  const auto clamped = std::clamp<std::chrono::microseconds::rep>(took.count(), 0, most);
  microseconds_[next_] = static_cast<std::uint32_t>(clamped);
  next_ = (next_ + 1) % kept;
  count_ = std::min(count_ + 1, kept);
}

std::chrono::microseconds ResponseTimes::p99() const {
  if (count_ == 0) return std::chrono::microseconds(0);
  auto sorted = microseconds_;
  const std::size_t rank = (count_ * 99 + 99) / 100 - 1;  // the smallest that 99 % do not exceed
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(sorted.begin(), at, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
  return std::chrono::microseconds(*at);
}

std::chrono::milliseconds ResponseTimes::timeout(std::chrono::milliseconds limit) const {
  if (count_ < enough) return limit;
  const auto learned = std::chrono::ceil<std::chrono::milliseconds>(3 * p99());
  return std::min(std::max(learned, least), limit);
}

}  // namespace congto::modbus
