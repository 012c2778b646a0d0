// Values as PostgreSQL reads them: arrays, COPY rows, times, the ledger's multiranges.
#include "agent/central/sql_text.hpp"

#include <random>

#include "agent/contract/limits.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;

TEST_CASE("an array's texts are quoted whatever they hold") {
  CHECK(ArrayText().text() == "{}");
  CHECK(ArrayText().add("a").add("").add(R"(q"\,{})").add_null().add(std::int64_t{-7}).text() ==
        R"({"a","","q\"\\,{}",NULL,-7})");
}

TEST_CASE("a COPY row escapes what would end a field or a row") {
  std::string rows;
  CopyRow(rows).integer(5).text("a\tb\nc\\d\re").null().end();
  CopyRow(rows).integer(std::optional<std::int64_t>()).text("").end();
  CHECK(rows == "5\ta\\tb\\nc\\\\d\\re\t\\N\n\\N\t\n");
}

TEST_CASE("a time is told in UTC with its milliseconds, before 1970 too") {
  CHECK(timestamp_text(0) == "1970-01-01 00:00:00.000+00");
  CHECK(timestamp_text(-1) == "1969-12-31 23:59:59.999+00");
  CHECK(timestamp_text(1'795'853'902'001) == "2026-11-28 08:18:22.001+00");
  CHECK(timestamp_text(1'709'164'800'000) == "2024-02-29 00:00:00.000+00");
}

TEST_CASE("a multirange is read back as it was written") {
  CHECK(multirange_text({}) == "{}");
  CHECK(multirange_text({{1, 480}, {500, 500}}) == "{[1,481),[500,501)}");
  const auto whole = RangeSet{{1, static_cast<std::uint64_t>(contract::max_integer)}};
  CHECK(parse_multirange(multirange_text(whole)) == whole);
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    RangeSet set;
    for (auto i = random() % 20; i > 0; --i) {
      const std::uint64_t first = 1 + random() % 1000;
      set.add({first, first + random() % 5});
    }
    CHECK(parse_multirange(multirange_text(set)) == set);
  }
}

TEST_CASE("what is no canonical multirange of sequence numbers is nothing") {
  for (const char* const text : {"", "{", "[1,2)", "{[1,2]}", "{(0,5)}", "{[0,5)}", "{[5,5)}", "{[5,4)}",
                                 "{[1,)}", "{[1,2),}", "{[1,2) [4,5)}", "{,[1,2)}", "{[a,2)}"}) {
    INFO(text);
    CHECK_FALSE(parse_multirange(text).has_value());
  }
}
