// Fills a journal with samples of 50 meters x 40 f32, for the drain benchmark: fill-journal FILE AGENT
// SAMPLES
#include <cstdlib>
#include <cstring>
#include <future>
#include <iostream>
#include <string>

#include "agent/journal/journal.hpp"

using namespace congto;

namespace {

meter::LayoutPtr make_layout() {
  std::vector<meter::LayoutMeter> meters;
  for (int m = 0; m < 50; ++m) {
    meter::LayoutMeter described;
    described.name = "meter-" + std::to_string(m);
    described.bus = "bus";
    described.profile = "forty";
    described.medium = "electricity";
    described.every = std::chrono::seconds(1);
    for (int p = 0; p < 40; ++p) {
      meter::Point point;
      point.name = "voltage_p" + std::to_string(p);
      point.at = static_cast<std::uint16_t>(2 * p);
      point.registers = 2;
      point.type = meter::Type::f32;
      point.unit = meter::Unit::volt;
      described.points.push_back(point);
    }
    meters.push_back(described);
  }
  return std::make_shared<const meter::Layout>(std::move(meters));
}

meter::Sample make_sample(const meter::LayoutPtr& layout, std::uint64_t number, BootTime start) {
  meter::Sample sample;
  sample.layout = layout;
  sample.meter = static_cast<std::uint16_t>(number % 50);
  sample.slot = start + std::chrono::seconds(number / 50);
  sample.stamp = sample.slot + std::chrono::milliseconds(20);
  sample.quality.assign(40, meter::Quality::good);
  for (std::uint64_t p = 0; p < 40; ++p) {
    // A voltage with two decimals that wanders, as a quantised meter gives it.
    const float value = 230.0F + static_cast<float>((number * 7 + p * 13) % 1000) / 100.0F;
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sample.words.push_back(static_cast<std::uint16_t>(bits >> 16));
    sample.words.push_back(static_cast<std::uint16_t>(bits & 0xFFFF));
  }
  return sample;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "fill-journal FILE AGENT SAMPLES\n";
    return 2;
  }
  const std::uint64_t samples = std::strtoull(argv[3], nullptr, 10);
  const SystemClock clock;
  journal::Settings settings;
  settings.file = argv[1];
  settings.agent = argv[2];
  settings.boot_id = "00000000-0000-0000-0000-000000000000";
  auto journal = journal::Journal::open(settings, clock, {});
  if (!journal) {
    std::cerr << journal.error().message << "\n";
    return 1;
  }
  const auto layout = make_layout();
  const auto boot = clock.boot();
  meter::Dating dating;
  dating.offset = clock.wall().time_since_epoch() - boot.time_since_epoch();
  (*journal)->date(dating);
  const auto start = boot - std::chrono::seconds(samples / 50 + 60);
  for (std::uint64_t number = 0; number < samples; ++number) {
    (*journal)->append(make_sample(layout, number, start));
    if (number % 5000 == 4999) {
      std::promise<void> committed;
      (*journal)->commit_now([&] { committed.set_value(); });
      committed.get_future().wait();
    }
  }
  return 0;
}
