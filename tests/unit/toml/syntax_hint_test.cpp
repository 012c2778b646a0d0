// What is said about a file that is no TOML: each mistake has its place and the mending it needs.
#include "drivers/toml/document.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"

using congto::test::marked;

namespace {

// Empty when parsing gives one error at the mark with these words.
std::string wrong_about(std::string_view with_mark, std::initializer_list<std::string_view> words) {
  const auto expected = marked(with_mark);
  congto::toml::Report report;
  const auto document = congto::toml::Document::parse(expected.text, "s.toml", report);
  if (document) return "it was taken as TOML";
  return congto::test::mismatch(congto::test::texts(report.errors()), expected, words);
}

}  // namespace

TEST_CASE("a text without quotes is given back with quotes") {
  CHECK(wrong_about("site = »ice-plant-03", {"missing quotes", "site = \"ice-plant-03\""}) == "");
  CHECK(wrong_about("site = »ice plant", {"site = \"ice plant\""}) == "");
  CHECK(wrong_about("every = »10s  # often", {"every = \"10s\""}) == "");
  CHECK(wrong_about("a = 1\ntcp = »10.0.0.5:502", {"tcp = \"10.0.0.5:502\""}) == "");
  CHECK(wrong_about("x = { at = 3, type = »u16, unit = \"V\" }", {"type = \"u16\""}) == "");
  CHECK(wrong_about("only = [\"a\", »b]", {"\"b\""}) == "");
  CHECK(wrong_about("broker = »mqtts://h:1", {"\"mqtts://h:1\""}) == "");
}

TEST_CASE("a text with a backslash and no quotes is given back in single quotes") {
  CHECK(wrong_about("x = »C:\\dir", {"x = 'C:\\dir'"}) == "");
}

TEST_CASE("an unclosed string is named where it begins") {
  CHECK(wrong_about("x = »\"abc\ny = 1", {"not closed", "put \" at its end"}) == "");
  CHECK(wrong_about("x = »'abc", {"not closed", "put '"}) == "");
  CHECK(wrong_about("x = \"\"»\"abc", {"not closed", "\"\"\""}) == "");
}

TEST_CASE("a backslash that is no escape") {
  CHECK(wrong_about("x = \"C:\\»dir\"", {"write \\\\", "'single quotes'"}) == "");
}

TEST_CASE("an inline table must stay on its line and have no last comma") {
  CHECK(wrong_about("x = { a = 1,»\n b = 2 }", {"one line"}) == "");
  CHECK(wrong_about("x = { a = 1»\n}", {"one line"}) == "");
  CHECK(wrong_about("x = { a = 1, »}", {"no comma"}) == "");
  CHECK(wrong_about("x = { a = 1 »b = 2 }", {"comma is missing"}) == "");
}

TEST_CASE("a number must not begin with 0") {
  CHECK(wrong_about("unit-id = »01 # first", {"begin with 0", "unit-id = 1", "\"01\""}) == "");
  CHECK(wrong_about("x = »0123.5", {"x = 123.5"}) == "");
  CHECK(wrong_about("x = »-007", {"x = -7"}) == "");
}

TEST_CASE("other broken numbers") {
  CHECK(wrong_about("x = ».5", {"0.5"}) == "");
  CHECK(wrong_about("x = »5.", {"5.0"}) == "");
  CHECK(wrong_about("x = »99999999999999999999", {"too large"}) == "");
  CHECK(wrong_about("scale = »0.", {"digits before and after the point"}) == "");
  CHECK(wrong_about("version = »0.0.1", {"\"0.0.1\""}) == "");
  CHECK(wrong_about("x = »00.5", {"x = 0.5"}) == "");
}

TEST_CASE("a division is to be written as the decimal that it is") {
  CHECK(wrong_about("scale = »1/10", {"decimal", "0.1"}) == "");
  CHECK(wrong_about("x = { at = 1, scale = »1/8, unit = \"V\" }", {"decimal, 0.125"}) == "");
  CHECK(wrong_about("scale = »200/5", {"decimal, 40"}) == "");
  CHECK(wrong_about("scale = »1/3", {"decimal, such as 0.1"}) == "");
  CHECK(wrong_about("ct = »200/5", {"ct = \"200/5\""}) == "");
}

TEST_CASE("a line that no hand wrote is refused before it is parsed") {
  std::string deep = "[a";
  for (int i = 0; i < 50'000; ++i) deep += ".a";
  CHECK(wrong_about("x = 1\r\n\n»" + deep + "]\n", {"100003 bytes", "4096"}) == "");
  // A CR alone ends a line of the file as it was meant.
  std::string old_mac = "a = 1»\r";
  for (int i = 0; i < 1000; ++i) old_mac += "# remark\r";
  CHECK(wrong_about(old_mac, {"CR alone"}) == "");
}

TEST_CASE("the value is named whose end the parser has noticed, not the next one") {
  CHECK(wrong_about("x = { at = »0012, type = \"u16\" }", {"begin with 0", "at = 12"}) == "");
  CHECK(wrong_about("x = { at = »99999999999999999999, type = \"u16\" }", {"too large"}) == "");
  CHECK(wrong_about("x = { unit = »kWh}", {"unit = \"kWh\""}) == "");
}

TEST_CASE("a decimal comma is told from a list") {
  CHECK(wrong_about("scale = »0,1", {"point, not a comma", "write 0.1"}) == "");
  CHECK(wrong_about("x = { at = 1, scale = »0,01, unit = \"V\" }", {"write 0.01"}) == "");
}

TEST_CASE("hexadecimal numbers as manuals print them") {
  CHECK(wrong_about("x = { at = »0X10, type = \"u16\" }", {"at = 0x10"}) == "");
  CHECK(wrong_about("x = { at = »10h, type = \"u16\" }", {"at = 0x10"}) == "");
  CHECK(wrong_about("x = { at = »5B00, type = \"u16\" }", {"at = 0x5B00"}) == "");
  CHECK(wrong_about("model = »B23", {"model = \"B23\""}) == "");
  CHECK(wrong_about("every = »10h", {"every = \"10h\""}) == "");
}

TEST_CASE("signs that look right and are not") {
  CHECK(wrong_about("x = { at = »\u00A05, type = \"u16\" }", {"non-breaking space"}) == "");
  CHECK(wrong_about("x = { at = »0; type = \"u16\" }", {"comma between the keys", "not ;"}) == "");
  CHECK(wrong_about("a = 1»\rb = 2\r", {"CR alone"}) == "");
}

TEST_CASE("what the parser says is never all that is said of { … }") {
  CHECK(wrong_about("x = { »[ }", {"expected a key"}) == "");
}

TEST_CASE("booleans are small and without quotes") {
  CHECK(wrong_about("x = »True", {"true or false"}) == "");
  CHECK(wrong_about("x = »yes", {"true or false"}) == "");
}

TEST_CASE("typographic quotes are named") { CHECK(wrong_about("x = »“abc”", {"typographic"}) == ""); }

TEST_CASE("a key or a table given twice names the first") {
  CHECK(wrong_about("x = 1\n»x = 2", {"\"x\"", "twice", "line 1"}) == "");
  CHECK(wrong_about("\n[a]\nb = 1\n»[a]", {"[a]", "twice", "line 2"}) == "");
  CHECK(wrong_about("[[m]]\nx = 1\n»[m]", {"[[m]]"}) == "");
}

TEST_CASE("a value, an equals sign, a comma or a bracket is missing") {
  CHECK(wrong_about("x = »", {"value is missing after x"}) == "");
  CHECK(wrong_about("x»", {"key = value"}) == "");
  CHECK(wrong_about("x»: 1", {"write ="}) == "");
  CHECK(wrong_about("[bus»", {"]"}) == "");
  CHECK(wrong_about("[[bus]»", {"]]"}) == "");
  CHECK(wrong_about("x = [1 »2]", {"comma"}) == "");
  CHECK(wrong_about("x = \"a\" »\"b\"", {"nothing but a # comment"}) == "");
}

TEST_CASE("a file that is not UTF-8 names line, byte and offset") {
  CHECK(wrong_about("a = 1\nx = \"a»\xE9\"", {"not UTF-8", "0xE9", "offset 12"}) == "");
  CHECK(wrong_about("»\xFF\xFE"
                    "a",
                    {"UTF-16"}) == "");
  // Overlong, surrogate, beyond U+10FFFF, cut off: RFC 3629.
  CHECK(wrong_about("#»\xC0\xAF", {"not UTF-8"}) == "");
  CHECK(wrong_about("#»\xED\xA0\x80", {"not UTF-8"}) == "");
  CHECK(wrong_about("#»\xF4\x90\x80\x80", {"not UTF-8"}) == "");
  CHECK(wrong_about("#»\xE2\x82", {"not UTF-8"}) == "");
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(wrong_about("x = { \"đồng\" = »hồ }", {"\"hồ\""}) == "");
}

TEST_CASE("a byte-order mark and Windows line ends are no mistakes") {
  congto::toml::Report report;
  const auto document = congto::toml::Document::parse("\xEF\xBB\xBFx = 0.50\r\ny = 2\r\n", "s.toml", report);
  REQUIRE(document);
  CHECK(document->root().entries.at(0).value.text == "0.50");
  CHECK(document->root().entries.at(1).value.text == "2");
}
