// RangeSet against a plain set of numbers, and at the ends of the number range.
#include "drivers/core/range_set.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "tests/support/catch.hpp"

using congto::Range;
using congto::RangeSet;

namespace {

constexpr auto highest_number = std::numeric_limits<std::uint64_t>::max();

// The same operations on single numbers.
struct PlainSet {
  std::set<std::uint64_t> numbers;
  void add(Range range) {
    for (auto n = range.first; n <= range.last; ++n) numbers.insert(n);
  }
  void remove(Range range) {
    for (auto n = range.first; n <= range.last; ++n) numbers.erase(n);
  }
};

PlainSet plain(const RangeSet& set) {
  PlainSet numbers;
  for (const auto& range : set.ranges()) numbers.add(range);
  return numbers;
}

bool is_tidy(const RangeSet& set) {
  const auto ranges = set.ranges();
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].first > ranges[i].last) return false;
    if (i > 0 && ranges[i].first <= ranges[i - 1].last + 1) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("overlapping and neighbouring ranges become one") {
  CHECK(RangeSet{{1, 3}, {4, 6}} == RangeSet{{1, 6}});
  CHECK(RangeSet{{4, 6}, {1, 3}} == RangeSet{{1, 6}});
  CHECK(RangeSet{{1, 5}, {3, 9}} == RangeSet{{1, 9}});
  CHECK(RangeSet{{1, 2}, {8, 9}, {2, 8}} == RangeSet{{1, 9}});
  CHECK(RangeSet{{1, 9}, {3, 4}} == RangeSet{{1, 9}});
  CHECK(RangeSet{{1, 3}, {5, 6}}.size() == 2);
}

TEST_CASE("a range that ends before it begins is ignored") {
  RangeSet set{{5, 9}};
  set.add({8, 7});
  set.remove({7, 6});
  CHECK(set == RangeSet{{5, 9}});
}

TEST_CASE("removing from the middle leaves both ends") {
  RangeSet set{{1, 10}};
  set.remove({4, 6});
  CHECK(set.ranges() == std::vector<Range>{{1, 3}, {7, 10}});
}

TEST_CASE("the ends of the number range do not wrap") {
  RangeSet set{{highest_number - 1, highest_number}};
  set.add({0, 0});
  CHECK(set.size() == 2);
  set.add({1, highest_number - 2});
  CHECK(set == RangeSet{{0, highest_number}});
  set.remove({0, 0});
  CHECK(set == RangeSet{{1, highest_number}});
  set.remove({highest_number, highest_number});
  CHECK(set == RangeSet{{1, highest_number - 1}});
}

TEST_CASE("next gives the part at or after a number") {
  const RangeSet set{{3, 5}, {9, 9}};
  CHECK(set.next(0) == Range{3, 5});
  CHECK(set.next(4) == Range{4, 5});
  CHECK(set.next(6) == Range{9, 9});
  CHECK_FALSE(set.next(10));
}

TEST_CASE("an empty set has no lowest, highest or next number") {
  const RangeSet set;
  CHECK(set.empty());
  CHECK(set.count() == 0);
  CHECK_FALSE(set.lowest());
  CHECK_FALSE(set.highest());
  CHECK_FALSE(set.next(0));
}

TEST_CASE("a range is contained only whole") {
  const RangeSet set{{3, 5}, {7, 9}};
  CHECK(set.contains(Range{3, 5}));
  CHECK(set.contains(Range{4, 4}));
  CHECK_FALSE(set.contains(Range{5, 7}));
  CHECK_FALSE(set.contains(6));
}

TEST_CASE("every operation agrees with a plain set of numbers") {
  std::mt19937_64 random(1);
  const auto range = [&] {
    const std::uint64_t first = random() % 60;
    return Range{first, first + random() % 12};
  };
  for (int run = 0; run < 300; ++run) {
    RangeSet set;
    PlainSet expected;
    for (int step = 0; step < 30; ++step) {
      const Range change = range();
      if (random() % 3 == 0) {
        set.remove(change);
        expected.remove(change);
      } else {
        set.add(change);
        expected.add(change);
      }
      REQUIRE(is_tidy(set));
      REQUIRE(plain(set).numbers == expected.numbers);
      REQUIRE(set.count() == expected.numbers.size());
      REQUIRE(set.lowest().has_value() == !expected.numbers.empty());
      if (!expected.numbers.empty()) {
        REQUIRE(set.lowest() == *expected.numbers.begin());
        REQUIRE(set.highest() == *expected.numbers.rbegin());
      }
    }
  }
}

TEST_CASE("clipping, intersection and whole-set operations agree with a plain set of numbers") {
  std::mt19937_64 random(2);
  const auto random_set = [&] {
    RangeSet set;
    for (int i = 0; i < 6; ++i) {
      const std::uint64_t first = random() % 60;
      set.add({first, first + random() % 9});
    }
    return set;
  };
  for (int run = 0; run < 500; ++run) {
    const RangeSet a = random_set();
    const RangeSet b = random_set();
    const auto x = plain(a).numbers;
    const auto y = plain(b).numbers;
    std::set<std::uint64_t> both;
    std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::inserter(both, both.end()));
    REQUIRE(plain(a.intersection(b)).numbers == both);
    REQUIRE(is_tidy(a.intersection(b)));

    RangeSet united = a;
    united.add(b);
    REQUIRE(united.count() == x.size() + y.size() - both.size());
    RangeSet less = a;
    less.remove(b);
    REQUIRE(less.count() == x.size() - both.size());
    REQUIRE(less.intersection(b).empty());

    const Range window{random() % 40, 20 + random() % 40};
    RangeSet windowed;
    windowed.add(window);
    REQUIRE(a.clipped(window) == a.intersection(windowed));
  }
}
