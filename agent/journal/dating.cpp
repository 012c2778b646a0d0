// The interval in which each lost boot must have begun, and where in it we put it.
#include "agent/journal/dating.hpp"

#include <algorithm>

namespace congto::journal {

using std::chrono::ceil;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Boot k began after everything known before it and after the boots between had lasted their time, and early
// enough for itself and those after it to last theirs before the next known start:
//   known_before + (lengths of boots before k)  <=  begin of k  <=  next_start - (lengths of k and later
//   boots).
// With both bounds we take the middle, and half the width is the error. The width is the time that the box
// was off, so a short power cut gives a good date. Without a bound below (the file's first boots) we take the
// upper bound, as if the box had hardly been off, and the distance to what its clock showed as the error: a
// clock that was never set runs late (it starts from 1970, from a saved time or from the build's), seldom
// early.
std::vector<meter::Dating> estimate(const std::vector<LostBoot>& boots, std::optional<WallTime> known_before,
                                    WallTime next_start) {
  microseconds all{0};
  for (const auto& boot : boots) all += boot.last.time_since_epoch();
  std::vector<meter::Dating> datings;
  microseconds earlier{0};
  for (const auto& boot : boots) {
    const auto latest = next_start - (all - earlier);
    if (known_before) {
      const auto width = latest - (*known_before + earlier);
      // Negative when references contradict each other; the error then still covers both.
      const auto half = width / 2;
      const auto error = ceil<milliseconds>(std::chrono::abs(half));
      datings.push_back({(latest - half).time_since_epoch(), true, error});
    } else {
      const auto error = ceil<milliseconds>(std::chrono::abs(latest - boot.shown));
      datings.push_back({latest.time_since_epoch(), true, error});
    }
    earlier += boot.last.time_since_epoch();
  }
  return datings;
}

}  // namespace congto::journal
