// See meter_about.hpp.
#include "agent/poll/meter_about.hpp"

#include <chrono>
#include <span>

#include "drivers/meter/decode.hpp"

namespace congto::poll {

namespace {

using namespace std::chrono_literals;

constexpr auto info_period = 24h;
constexpr auto first_info_pause = 60s;

}  // namespace

MeterAbout::MeterAbout(const meter::Meter& meter, const meter::Bus& bus)
    : plan_(meter.info, meter.limits.read, meter::wire_cost(bus, meter.limits)),
      wanted_(!meter.info.empty()),
      health_(first_info_pause, info_period) {}

bool MeterAbout::info_due(BootTime now) const {
  const bool daily = read_at_ && now - *read_at_ >= info_period;
  return (wanted_ || daily) && health_.ready(now);
}

meter::MeterPlan& MeterAbout::begin_info() {
  if (read_at_) plan_.reset();  // what it refused last time it may give today
  return plan_;
}

void MeterAbout::take_info(const meter::PollRun::Outcome& outcome, BootTime now) {
  if (outcome.failure) {
    health_.failed(*outcome.failure, now);
    return;
  }
  health_.answered();
  wanted_ = false;
  read_at_ = now;
  info_.clear();
  info_told_ = false;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < plan_.points().size(); ++i) {
    const auto& point = plan_.points()[i];
    const auto words = std::span(outcome.words).subspan(offset, point.raw_words());
    offset += point.raw_words();
    if (outcome.quality[i] != meter::Quality::good) continue;
    const auto reading = meter::decode(point, words);
    if (reading.quality != meter::Quality::good) continue;
    info_.emplace_back(point.name, point.type == meter::Type::ascii ? reading.text : reading.value.text());
  }
}

std::optional<std::vector<std::string>> MeterAbout::news(const meter::MeterPlan& readings) {
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < readings.refused().size(); ++i) {
    if (readings.refused()[i] != 0) refused.push_back(readings.points()[i].name);
  }
  if (info_told_ && refused == refused_told_) return std::nullopt;
  info_told_ = true;
  refused_told_ = refused;
  return refused;
}

}  // namespace congto::poll
