// What the centre asks for: holes that the agent does not list itself.
#include "agent/central/hole_finder.hpp"

#include "agent/contract/limits.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;
using namespace std::chrono_literals;

namespace {

EpochId epoch(std::uint8_t number) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[15] = number;
  return EpochId(bytes);
}
const EpochId current = epoch(9);

contract::Status status(std::uint64_t last) {
  contract::Status status;
  status.epoch = current;
  status.last_seq = last;
  return status;
}

}  // namespace

TEST_CASE("nothing is asked for when everything is settled or listed as unacknowledged") {
  auto said = status(100);
  CHECK(find_holes(said, {{current, {{1, 100}}, {}, {}, {}}}).empty());
  said.epochs = {{current, 91, 100}};
  CHECK(find_holes(said, {{current, {{1, 90}}, {}, {}, {}}}).empty());
}

TEST_CASE("a hole below what the agent lists is asked for") {
  auto said = status(100);
  said.epochs = {{current, 91, 100}};
  const auto holes = find_holes(said, {{current, {{1, 40}, {60, 90}}, {}, {}, {}}});
  REQUIRE(holes.size() == 1);
  CHECK(holes[0].epoch == current);
  CHECK(holes[0].ranges == RangeSet{{41, 59}});
  CHECK(holes[0].pause == first_pause);
}

TEST_CASE("a current epoch that the centre has never heard of is asked for whole") {
  const auto holes = find_holes(status(5000), {});
  REQUIRE(holes.size() == 1);
  CHECK(holes[0].ranges == RangeSet{{1, 5000}});
  CHECK(find_holes(status(0), {}).empty());
}

TEST_CASE("an earlier epoch is asked for up to the last that its successor named") {
  const auto holes = find_holes(status(1), {{epoch(1), {}, 500, {}, {}}, {current, {{1, 1}}, {}, {}, {}}});
  REQUIRE(holes.size() == 1);
  CHECK(holes[0].epoch == epoch(1));
  CHECK(holes[0].ranges == RangeSet{{1, 500}});
}

TEST_CASE("an earlier epoch without a successor is asked for up to the highest that came") {
  const auto holes =
      find_holes(status(1), {{epoch(1), {{4, 9}}, {}, {}, {}}, {current, {{1, 1}}, {}, {}, {}}});
  REQUIRE(holes.size() == 1);
  CHECK(holes[0].ranges == RangeSet{{1, 3}});
  CHECK(find_holes(status(1), {{epoch(1), {}, {}, {}, {}}, {current, {{1, 1}}, {}, {}, {}}}).empty());
}

TEST_CASE("numbers above what the successor named are kept and cause nothing") {
  CHECK(
      find_holes(status(1), {{epoch(1), {{1, 700}}, 500, {}, {}}, {current, {{1, 1}}, {}, {}, {}}}).empty());
}

TEST_CASE("while the agent has more epochs than it lists, nothing is asked for") {
  auto said = status(5000);
  said.more = 1;
  CHECK(find_holes(said, {}).empty());
}

TEST_CASE("a request is repeated after a pause that doubles up to an hour") {
  const LedgerEntry asked{current, {}, {}, 119s, 120s};
  CHECK(find_holes(status(9), {asked}).empty());
  auto later = asked;
  later.asked_ago = 120s;
  REQUIRE(find_holes(status(9), {later}).size() == 1);
  CHECK(find_holes(status(9), {later})[0].pause == 240s);
  later.asked_ago = 9999s;
  later.pause = 3000s;
  CHECK(find_holes(status(9), {later})[0].pause == last_pause);
}

TEST_CASE("a request has at most as many ranges as a message may have, lowest first") {
  RangeSet settled;
  for (std::uint64_t seq = 2; seq <= 2000; seq += 2) settled.add({seq, seq});
  const auto holes = find_holes(status(2000), {{current, settled, {}, {}, {}}});
  REQUIRE(holes.size() == 1);
  CHECK(holes[0].ranges.size() == contract::max_ack_ranges);
  CHECK(holes[0].ranges.lowest() == 1);
}

TEST_CASE("at most as many epochs as an agent takes in one message are asked for") {
  std::vector<LedgerEntry> entries;
  for (int i = 0; i < 300; ++i) {
    std::array<std::uint8_t, 16> bytes{1, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    entries.push_back({EpochId(bytes), {}, 10, {}, {}});
  }
  CHECK(find_holes(status(0), entries).size() == max_holes);
}
