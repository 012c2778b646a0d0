// The arithmetic of closed ranges; every operation keeps the map sorted, disjoint and not touching.
#include "drivers/core/range_set.hpp"

#include <algorithm>
#include <iterator>

namespace congto {

RangeSet::RangeSet(std::initializer_list<Range> ranges) {
  for (const auto& range : ranges) add(range);
}

void RangeSet::add(Range range) {
  if (range.first > range.last) return;
  auto next = ranges_.upper_bound(range.first);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    // Touching counts as overlapping; written so that last + 1 cannot wrap.
    if (before->second >= range.first || range.first - before->second == 1) {
      range.first = before->first;
      range.last = std::max(range.last, before->second);
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && (next->first <= range.last || next->first - range.last == 1)) {
    range.last = std::max(range.last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(range.first, range.last);
}

void RangeSet::add(const RangeSet& other) {
  for (const auto& [first, last] : other.ranges_) add({first, last});
}

void RangeSet::remove(Range range) {
  if (range.first > range.last) return;
  auto at = ranges_.upper_bound(range.first);
  if (at != ranges_.begin() && std::prev(at)->second >= range.first) --at;
  while (at != ranges_.end() && at->first <= range.last) {
    const Range old{at->first, at->second};
    at = ranges_.erase(at);
    if (old.first < range.first) ranges_.emplace(old.first, range.first - 1);
    if (old.last > range.last) ranges_.emplace(range.last + 1, old.last);
  }
}

void RangeSet::remove(const RangeSet& other) {
  for (const auto& [first, last] : other.ranges_) remove({first, last});
}

bool RangeSet::contains(std::uint64_t value) const { return contains(Range{value, value}); }

bool RangeSet::contains(Range range) const {
  const auto next = ranges_.upper_bound(range.first);
  return next != ranges_.begin() && std::prev(next)->second >= range.last;
}

std::uint64_t RangeSet::count() const {
  std::uint64_t total = 0;
  for (const auto& [first, last] : ranges_) total += last - first + 1;
  return total;
}

std::optional<Range> RangeSet::next(std::uint64_t from) const {
  auto at = ranges_.upper_bound(from);
  if (at != ranges_.begin() && std::prev(at)->second >= from) --at;
  if (at == ranges_.end()) return std::nullopt;
  return Range{std::max(at->first, from), at->second};
}

std::optional<std::uint64_t> RangeSet::lowest() const {
  if (ranges_.empty()) return std::nullopt;
  return ranges_.begin()->first;
}

std::optional<std::uint64_t> RangeSet::highest() const {
  if (ranges_.empty()) return std::nullopt;
  return ranges_.rbegin()->second;
}

RangeSet RangeSet::clipped(Range to) const {
  RangeSet inside;
  for (const auto& [first, last] : ranges_) {
    inside.add({std::max(first, to.first), std::min(last, to.last)});
  }
  return inside;
}

RangeSet RangeSet::intersection(const RangeSet& other) const {
  RangeSet both;
  for (const auto& [first, last] : other.ranges_) both.add(clipped({first, last}));
  return both;
}

std::vector<Range> RangeSet::ranges() const {
  std::vector<Range> all;
  all.reserve(ranges_.size());
  for (const auto& [first, last] : ranges_) all.push_back({first, last});
  return all;
}

}  // namespace congto
