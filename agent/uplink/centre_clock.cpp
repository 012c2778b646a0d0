// Which of the acks after a status is the freshest.
#include "agent/uplink/centre_clock.hpp"

namespace congto::uplink {

namespace {
constexpr std::chrono::seconds gathering{3};
}

void CentreClock::status_published(BootTime at) {
  published_ = at;
  first_.reset();
  best_.reset();
}

void CentreClock::disconnected() {
  published_.reset();
  first_.reset();
  best_.reset();
}

void CentreClock::ack(WallTime now, BootTime at) {
  if (!published_) return;
  if (!first_) first_ = at;
  const auto ahead = [](const Hint& hint) {
    return hint.now.time_since_epoch() - hint.at.time_since_epoch();
  };
  const Hint hint{now, at, std::chrono::ceil<std::chrono::milliseconds>(at - *published_)};
  if (!best_ || ahead(hint) > ahead(*best_)) best_ = hint;
}

std::optional<CentreClock::Hint> CentreClock::tick(BootTime at) {
  if (!best_ || at - *first_ < gathering) return std::nullopt;
  const auto hint = best_;
  disconnected();  // until the next status
  return hint;
}

}  // namespace congto::uplink
