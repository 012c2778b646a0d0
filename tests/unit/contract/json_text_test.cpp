// Strings, times and ranges as JSON.
#include "agent/contract/json_text.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"

using namespace congto;
using namespace congto::test;

namespace {

const std::string unknown = "\xEF\xBF\xBD";  // U+FFFD

std::string as_json(std::string_view text) {
  std::string out;
  contract::append_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("quotes, backslashes and controls are escaped, other characters stay") {
  CHECK(as_json("") == "\"\"");
  CHECK(as_json("a\"b\\c/d\x7F") == "\"a\\\"b\\\\c/d\x7F\"");
  CHECK(as_json("\n\r\t\x01\x1F") == R"("\n\r\t\u0001\u001f")");
  CHECK(as_json("m\xC3\xA1y \xE1\xBA\xA5 \xF0\x9F\x92\xA7") ==
        "\"m\xC3\xA1y \xE1\xBA\xA5 \xF0\x9F\x92\xA7\"");
}

TEST_CASE("the first and last characters of each UTF-8 length stay") {
  for (const std::string text : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(as_json(text) == "\"" + text + "\"");
  }
}

TEST_CASE("each byte that is no UTF-8 becomes U+FFFD") {
  // Overlong forms, a surrogate, above U+10FFFF, a lone second byte, a cut character (RFC 3629, section 10).
  for (const std::string text : {"\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                 "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xE1\xBA"}) {
    std::string expected = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) expected += unknown;
    CHECK(as_json(text) == expected + "\"");
  }
  CHECK(as_json("\xE1\xBA"
                "a\xFF\"") == "\"" + unknown + unknown + "a" + unknown + "\\\"\"");
}

TEST_CASE("times are whole milliseconds, rounded down on either side of 1970") {
  CHECK(contract::unix_ms(WallTime(std::chrono::microseconds(1'999))) == 1);
  CHECK(contract::unix_ms(WallTime(std::chrono::microseconds(-1))) == -1);
  CHECK(contract::from_unix_ms(contract::unix_ms(midnight)) == midnight);
}

TEST_CASE("ranges are written lowest first, up to the greatest number") {
  std::string out;
  contract::append_ranges(out, {{500, 510}, {1, 1}, {UINT64_MAX, UINT64_MAX}});
  CHECK(out == "[[1,1],[500,510],[18446744073709551615,18446744073709551615]]");
}
