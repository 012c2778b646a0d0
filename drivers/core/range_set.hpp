// RangeSet: a set of sequence numbers kept as closed ranges, for what is settled and what is not.
// Own code because drivers/core takes nothing but the standard library and Boost.System. Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <vector>

namespace congto {

// first <= last, both included.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const Range&) const = default;
};

class RangeSet {
 public:
  RangeSet() = default;
  RangeSet(std::initializer_list<Range> ranges);

  // Ranges with first > last are ignored. Neighbouring and overlapping ranges become one.
  void add(Range range);
  void add(const RangeSet& other);
  void remove(Range range);
  void remove(const RangeSet& other);

  bool contains(std::uint64_t value) const;
  bool contains(Range range) const;
  bool empty() const { return ranges_.empty(); }
  // How many numbers, and how many ranges, are in the set.
  std::uint64_t count() const;
  std::size_t size() const { return ranges_.size(); }
  // The lowest range whose last is >= from, cut so that it begins at from or later.
  std::optional<Range> next(std::uint64_t from) const;
  std::optional<std::uint64_t> lowest() const;
  std::optional<std::uint64_t> highest() const;

  RangeSet clipped(Range to) const;  // what lies inside `to`
  RangeSet intersection(const RangeSet& other) const;
  std::vector<Range> ranges() const;  // lowest first

  bool operator==(const RangeSet&) const = default;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> last
};

}  // namespace congto
