// Growing pauses for silent units and dead ports.
#include "agent/poll/unit_health.hpp"

#include <algorithm>

namespace congto::poll {

namespace {

constexpr std::uint64_t damaged_replies_borne = 2;

bool is_damage(modbus::FailureKind kind) {
  return kind == modbus::FailureKind::crc || kind == modbus::FailureKind::bad_reply;
}

}  // namespace

UnitHealth::UnitHealth(std::chrono::milliseconds first, std::chrono::milliseconds longest)
    : first_(first), longest_(longest) {}

void UnitHealth::answered() {
  failures_ = 0;
  pause_ = std::chrono::milliseconds(0);
  retry_at_ = BootTime{};
  last_failure_.clear();
}

void UnitHealth::failed(const modbus::Failure& failure, BootTime now) {
  if (failures_ == 0) failing_since_ = now;
  ++failures_;
  last_failure_ = failure.detail.empty() ? failure.word() : failure.word() + ": " + failure.detail;
  if (is_damage(failure.kind) && failures_ <= damaged_replies_borne) return;
  pause_ = pause_.count() == 0 ? first_ : std::min(pause_ * 2, longest_);
  retry_at_ = now + pause_;
}

}  // namespace congto::poll
