// How far the epoch before covered its slots, read from its newest records.
#include "agent/journal/start_event.hpp"

#include <algorithm>
#include <map>

#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

// Enough for 250 meters to appear 80 times each; about 30 ms of reading.
constexpr std::size_t scan_limit = 20'000;

// What a record says about one meter: the last slot that it covers.
struct Covered {
  const meter::LayoutMeter* meter;
  BootTime slot;
};

std::optional<Covered> covered_by(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) {
    return Covered{&sample->layout_meter(), sample->slot};
  }
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) {
    return Covered{&skipped->layout->meters()[skipped->meter], skipped->to};
  }
  return std::nullopt;
}

struct Uncovered {
  BootTime slot;
  std::optional<meter::Dating> dating;
};

}  // namespace

std::string why_ended(const Epoch* previous, const std::string& boot_id) {
  if (previous == nullptr) return "first";
  if (previous->stopped) return "stop";
  return previous->boot_id == boot_id ? "crash" : "power";
}

std::optional<WallTime> uncovered_since(std::int64_t no, const Epoch& previous, RecordTable& records,
                                        const Beginning& beginning) {
  meter::LayoutPtr layout;
  std::map<std::string, Uncovered> meters;  // by name: a meter keeps it when the layout changes
  records.newest(no, scan_limit, [&](std::uint64_t seq, const meter::Record& record) {
    if (!layout) layout = layout_of(record);
    if (const auto covered = covered_by(record)) {
      const Uncovered next{covered->slot + covered->meter->every, previous.dating_of(seq)};
      const auto [known, fresh] = meters.emplace(covered->meter->name, next);
      if (!fresh) known->second.slot = std::max(known->second.slot, next.slot);
    }
    // Slots of a meter come in order, except that a skip is told when the meter answers again: one sighting
    // of each is enough.
    return !layout || !std::all_of(layout->meters().begin(), layout->meters().end(),
                                   [&](const auto& meter) { return meters.contains(meter.name); });
  });
  // A meter that was not seen, or a run without any: nothing is covered since that run began.
  std::vector<Uncovered> all;
  if (!layout) all.push_back({previous.started, previous.dating_of(1)});
  for (const auto& meter : layout ? layout->meters() : std::vector<meter::LayoutMeter>()) {
    const auto seen = meters.find(meter.name);
    all.push_back(seen == meters.end() ? Uncovered{previous.started, previous.dating_of(1)} : seen->second);
  }
  std::optional<WallTime> since;
  for (auto& uncovered : all) {
    if (!uncovered.dating) return std::nullopt;
    if (previous.boot_id == beginning.boot_id) uncovered.slot = std::min(uncovered.slot, beginning.now);
    const auto wall = uncovered.dating->wall(uncovered.slot);
    since = since ? std::min(*since, wall) : wall;
  }
  if (since && beginning.dating) since = std::min(*since, beginning.dating->wall(beginning.now));
  return since;
}

meter::Start make_start(const Epochs& epochs, RecordTable& records, const Beginning& beginning) {
  meter::Start start;
  const auto* previous = epochs.empty() ? nullptr : &epochs.rbegin()->second;
  start.why = beginning.why.empty() ? why_ended(previous, beginning.boot_id) : beginning.why;
  start.prev = beginning.lost;
  if (previous != nullptr) {
    start.prev = meter::Start::Previous{previous->id, previous->last};
    start.since = uncovered_since(epochs.rbegin()->first, *previous, records, beginning);
  }
  return start;
}

}  // namespace congto::journal
