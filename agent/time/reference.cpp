// Which source counts, and when an offset is news.
#include "agent/time/reference.hpp"

#include <cstdlib>

namespace congto::timing {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Below it a difference is NTP's slewing and the reading of two clocks one after the other.
constexpr milliseconds news{250};
// What a trusted clock is taken to be good to: the bound that we ask of NTP.
constexpr milliseconds trusted_error{1000};
// An answer that took longer says too little to date meter readings by; a better one will come.
constexpr milliseconds longest_round_trip{60'000};

// Before it the centre itself parks what is dated (contract.md, The centre).
constexpr WallTime earliest = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
constexpr WallTime latest = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);

std::string_view text(Source source) {
  switch (source) {
    case Source::none:
      break;
    case Source::centre:
      return "centre";
    case Source::ntp:
      return "ntp";
    case Source::configured:
      return "trusted by the site";
  }
  return "none";
}

microseconds distance(const Offset& a, const Offset& b) {
  return std::chrono::abs(a.wall_minus_boot - b.wall_minus_boot);
}

}  // namespace

bool believable(WallTime now) { return now >= earliest && now < latest; }

std::optional<Offset> TimeKeeper::adopt(Offset offset) {
  offset_ = offset;
  return offset_;
}

std::optional<Offset> TimeKeeper::observe(const KernelView& view) {
  // Never judged by the year: a clock restored from a saved time looks plausible and is wrong.
  if (!trust_ && !view.synchronised) return std::nullopt;
  Offset seen;
  seen.wall_minus_boot = view.wall.time_since_epoch() - view.boot.time_since_epoch();
  seen.error = view.synchronised ? view.max_error : trusted_error;
  seen.source = trust_ ? Source::configured : Source::ntp;
  if (!offset_ || seen.source > offset_->source) return adopt(seen);
  if (distance(seen, *offset_) > news) return adopt(seen);
  return std::nullopt;
}

std::optional<Offset> TimeKeeper::centre_says(WallTime now, BootTime at, milliseconds round_trip) {
  if (!believable(now) || round_trip < milliseconds(0) || round_trip > longest_round_trip)
    return std::nullopt;
  if (offset_ && offset_->source > Source::centre) return std::nullopt;
  const Offset said{now.time_since_epoch() - at.time_since_epoch(), round_trip, Source::centre};
  // `now` was true somewhere within the round trip: only what that cannot explain is a change.
  if (offset_ && distance(said, *offset_) <= news + round_trip + offset_->error) return std::nullopt;
  return adopt(said);
}

std::string TimeKeeper::describe() const {
  if (!offset_) return "unknown: samples wait";
  return std::string(text(offset_->source)) + ", error " + std::to_string(offset_->error.count()) + " ms";
}

}  // namespace congto::timing
