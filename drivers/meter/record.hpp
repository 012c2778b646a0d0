// Record: what the journal keeps and the contract publishes; a sample or one of the events beside it.
// Plain values shared by journal, contract, poll and uplink, which may not include each other.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/meter/layout.hpp"
#include "drivers/meter/sample.hpp"

namespace congto::meter {

// seq 1 of every epoch.
struct Start {
  struct Previous {
    EpochId epoch;
    std::uint64_t last = 0;
  };
  std::optional<Previous> prev;
  std::optional<WallTime> since;  // from when on slots of the run before were not polled; unknown: nothing
  std::string why;                // "stop", "crash", "power", "journal-lost", "first", …
};

// Slots that were not polled: `count` of them, from `from` to `to` inclusive.
struct Skipped {
  LayoutPtr layout;
  std::uint16_t meter = 0;
  BootTime from;
  BootTime to;
  std::uint64_t count = 0;
  std::string why;  // "back-off", "overrun", "clock-step", "other-master", …
};

// Data that will never come. `last` is nothing when the end is not known.
struct Void {
  EpochId epoch;
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;
  std::string why;  // "evicted", "corrupt", "aged-out", "unknown-epoch"
};

// The layout that later samples use, with what the info points said; the whole of it.
struct Meta {
  LayoutPtr layout;
  // info[meter]: point name and value, as read; empty where not read yet.
  std::vector<std::vector<std::pair<std::string, std::string>>> info;
  // unsupported[meter]: names of points that the unit refuses.
  std::vector<std::vector<std::string>> unsupported;
};

using Record = std::variant<Sample, Start, Skipped, Void, Meta>;

// How boot-time stamps of a range of records become wall time; fixed when first published.
struct Dating {
  std::chrono::microseconds offset{0};  // wall = boot + offset
  bool estimated = false;               // time was not known; `error` bounds it
  std::chrono::milliseconds error{0};
  bool operator==(const Dating&) const = default;
  WallTime wall(BootTime boot) const { return WallTime(boot.time_since_epoch() + offset); }
};

// A record as the journal gives it back. Without dating it must not be published yet.
struct StoredRecord {
  RecordId id;
  Record record;
  std::optional<Dating> dating;
};

}  // namespace congto::meter
