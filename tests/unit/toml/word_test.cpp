// Edit distance, nearest words and the text of durations.
#include "drivers/toml/duration.hpp"
#include "drivers/toml/nearest.hpp"
#include "tests/support/catch.hpp"

using namespace congto::toml;
using namespace std::chrono_literals;

TEST_CASE("the edit distance counts inserted, deleted, replaced and swapped letters") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("baud", "baud") == 0);
  CHECK(edit_distance("bauds", "baud") == 1);
  CHECK(edit_distance("buad", "baud") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the edit distance is symmetric and keeps the triangle of lengths") {
  constexpr std::string_view words[] = {
      "", "a", "at", "ct", "baud", "unit-id", "max-registers", "voltage_l1_n"};
  for (const auto a : words) {
    for (const auto b : words) {
      CHECK(edit_distance(a, b) == edit_distance(b, a));
      CHECK(edit_distance(a, b) <= std::max(a.size(), b.size()));
      CHECK((edit_distance(a, b) == 0) == (a == b));
    }
  }
}

TEST_CASE("the nearest word ignores case and - against _, and a far one is none") {
  constexpr std::string_view known[] = {"unit-id", "profile", "every"};
  CHECK(nearest_word("unit_id", known) == "unit-id");
  CHECK(nearest_word("UNIT-ID", known) == "unit-id");
  CHECK(nearest_word("profil", known) == "profile");
  CHECK_FALSE(nearest_word("temperature", known));
  CHECK_FALSE(nearest_word("", known));
  CHECK_FALSE(nearest_word(std::string(100'000, 'a'), known));
}

TEST_CASE("a duration's text parses back to it") {
  for (const auto duration : {0ms, 1ms, 100ms, 999ms, 1000ms, 1500ms, 60'000ms, 90'000ms, 900'000ms,
                              3'600'000ms, 86'400'000ms, 2'678'400'000ms}) {
    CHECK(parse_duration(duration_text(duration)) == duration);
  }
  CHECK(duration_text(900s) == "15min");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(24h) == "1d");
  CHECK_FALSE(parse_duration("s"));
  CHECK_FALSE(parse_duration("1"));
  CHECK_FALSE(parse_duration("1S"));
  CHECK_FALSE(parse_duration("+1s"));
}
