// The strict reader of tables: typed values, exact numbers, the order of the file, unknown and misplaced
// keys.
#include "drivers/toml/table.hpp"

#include <fstream>

#include "drivers/toml/document.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace std::chrono_literals;
using test::marked;

namespace {

constexpr toml::KeyPlace places[] = {
    {"baud", "[[bus]]"}, {"baud", "[serial] of a profile"}, {"every", "[[meter]]"}};

// One document and the view of its root; `errors` after finish() if wanted.
struct Read {
  explicit Read(std::string_view text) : document(toml::Document::parse(text, "t.toml", report)) {
    REQUIRE(document);
    table.emplace(document->root(), "[top]", "t.toml", report);
  }
  std::vector<std::string> errors() const { return test::texts(report.errors()); }

  toml::Report report{places};
  std::optional<toml::Document> document;
  std::optional<toml::Table> table;
};

template <class Getter>
std::string wrong_about(std::string_view with_mark, std::initializer_list<std::string_view> words,
                        Getter get) {
  const auto expected = marked(with_mark);
  Read read(expected.text);
  if (get(*read.table)) return "a value was given";
  return test::mismatch(read.errors(), expected, words);
}

}  // namespace

TEST_CASE("values of the right kind are given, absent keys give nothing and no error") {
  Read read("s = \"a\"\ni = 0x10\nb = true\nd = \"15min\"\nl = [\"x\", \"y\"]");
  toml::Table& table = *read.table;
  CHECK(table.string("s") == "a");
  CHECK(table.integer("i", 0, 16) == 16);
  CHECK(table.boolean("b") == true);
  CHECK(table.duration("d", 1s, 1h) == 15min);
  const auto list = table.strings("l");
  REQUIRE(list);
  CHECK(list->at(1).text == "y");
  CHECK(list->at(1).place.text() == "t.toml:5:11");
  CHECK_FALSE(table.string("absent"));
  CHECK_FALSE(table.strings("absent"));
  CHECK_FALSE(table.decimal("absent"));
  CHECK(read.errors().empty());
}

TEST_CASE("a value of the wrong kind says what was expected and what was found") {
  const auto text = [](toml::Table& t) { return t.string("k"); };
  const auto number = [](toml::Table& t) { return t.integer("k", 1, 247); };
  const auto yes = [](toml::Table& t) { return t.boolean("k"); };
  const auto list = [](toml::Table& t) { return t.strings("k"); };
  CHECK(wrong_about("k = »5", {"k: ", "text in quotes", "\"5\"", "number 5"}, text) == "");
  CHECK(wrong_about("k = »\"\"", {"empty"}, text) == "");
  CHECK(wrong_about("k = »[]", {"text", "a list"}, text) == "");
  CHECK(wrong_about("k = »0", {"1 to 247", "number 0"}, number) == "");
  CHECK(wrong_about("k = »248", {"1 to 247"}, number) == "");
  CHECK(wrong_about("k = »1.0", {"whole number", "1.0"}, number) == "");
  CHECK(wrong_about("k = »\"3\"", {"without quotes"}, number) == "");
  CHECK(wrong_about("k = »\"true\"", {"true or false", "without quotes"}, yes) == "");
  CHECK(wrong_about("k = »\"a\"", {"list"}, list) == "");
  CHECK(wrong_about("k = [\"a\", »1]", {"text in quotes", "number 1"}, list) == "");
}

TEST_CASE("durations need a unit and keep to their range") {
  const auto get = [](toml::Table& t) { return t.duration("k", 100ms, 1h); };
  CHECK(wrong_about("k = »10", {"100ms to 1h", "\"10s\"", "number 10"}, get) == "");
  CHECK(wrong_about("k = »\"10\"", {"duration"}, get) == "");
  CHECK(wrong_about("k = »\"10 s\"", {"duration"}, get) == "");
  CHECK(wrong_about("k = »\"5m\"", {"min"}, get) == "");
  CHECK(wrong_about("k = »\"-5s\"", {"duration"}, get) == "");
  CHECK(wrong_about("k = »\"1.5s\"", {"whole"}, get) == "");
  CHECK(wrong_about("k = »\"99ms\"", {"100ms"}, get) == "");
  CHECK(wrong_about("k = »\"61min\"", {"1h"}, get) == "");
  CHECK(wrong_about("k = »\"9999999999999999999999s\"", {"duration"}, get) == "");
  Read edge("k = \"100ms\"\nl = \"1h\"\nm = \"0s\"");
  CHECK(edge.table->duration("k", 100ms, 1h) == 100ms);
  CHECK(edge.table->duration("l", 100ms, 1h) == 1h);
  CHECK(edge.table->duration("m", 0ms, 1h) == 0ms);
}

TEST_CASE("decimals are exact, as the file writes them") {
  Read read(
      "a = 0.1\nb = \"0.1\"\nc = 1_000.50\nd = 3\ne = 1e-3\nf = +2.5\ng = 0.1000000000000000055511151231");
  CHECK(read.table->decimal("a")->text() == "0.1");
  CHECK(read.table->decimal("b") == Decimal(1, -1));
  CHECK(read.table->decimal("c") == Decimal(10005, -1));
  CHECK(read.table->decimal("d") == Decimal(3, 0));
  CHECK(read.table->decimal("e") == Decimal(1, -3));
  CHECK(read.table->decimal("f") == Decimal(25, -1));
  CHECK(read.table->decimal("g")->text() == "0.1000000000000000055511151231");
  const auto get = [](toml::Table& t) { return t.decimal("k"); };
  CHECK(wrong_about("k = »inf", {"decimal", "inf"}, get) == "");
  CHECK(wrong_about("k = »nan", {"decimal"}, get) == "");
  CHECK(wrong_about("k = »\"1/10\"", {"decimal", "1/10"}, get) == "");
  CHECK(wrong_about("k = »true", {"decimal", "true"}, get) == "");
}

TEST_CASE("words come from a closed list, and the nearest is named") {
  static constexpr std::pair<std::string_view, int> words[] = {{"none", 0}, {"even", 1}, {"odd", 2}};
  const auto get = [](toml::Table& t) { return t.word("k", words); };
  CHECK(wrong_about("k = »\"evne\"", {"\"none\", \"even\" or \"odd\"", "\"evne\"", "did you mean \"even\"?"},
                    get) == "");
  CHECK(wrong_about("k = »\"mark\"", {"\"mark\""}, get) == "");
  Read read("k = \"odd\"");
  CHECK(read.table->word("k", words) == 2);
}

TEST_CASE("an unknown key names the nearest known one") {
  const auto expected = marked("name = \"a\"\n»unit_id = 1");
  Read read(expected.text);
  read.table->string("name");
  read.table->integer("unit-id", 0, 255);
  read.table->finish();
  CHECK(test::mismatch(read.errors(), expected, {"\"unit_id\"", "[top]", "did you mean \"unit-id\"?"}) == "");
}

TEST_CASE("an unknown key near none of the known ones is shown them") {
  const auto expected = marked("»colour = 1");
  Read read(expected.text);
  read.table->string("name");
  read.table->finish();
  CHECK(test::mismatch(read.errors(), expected, {"\"colour\"", "known here", "\"name\""}) == "");
}

TEST_CASE("a known key in the wrong table says where it belongs, every place of it") {
  const auto expected = marked("»baud = 9600");
  Read read(expected.text);
  read.table->finish();
  CHECK(test::mismatch(read.errors(), expected,
                       {"\"baud\"", "belongs in [[bus]] or [serial] of a profile"}) == "");
}

TEST_CASE("single and double brackets are told apart") {
  const auto one = [](toml::Table& t) { return !t.tables("bus").empty(); };
  CHECK(wrong_about("»[bus]\nname = \"a\"", {"bus", "[[bus]]"}, one) == "");
  CHECK(wrong_about("bus = »5", {"[[bus]]", "number 5"}, one) == "");
  const auto table = [](toml::Table& t) { return t.table("uplink", "[uplink]").has_value(); };
  CHECK(wrong_about("»[[uplink]]\nbroker = \"a\"", {"[uplink]", "single brackets"}, table) == "");
  CHECK(wrong_about("uplink = »\"x\"", {"[uplink]"}, table) == "");
}

TEST_CASE("entries come in the order of the file, not of the alphabet") {
  Read read("[p]\nz = 1\na = 2\nm = 3\n[p.q]\nb = 1");
  auto table = read.table->table("p", "[p]");
  REQUIRE(table);
  std::string order;
  for (const auto& entry : table->named_entries()) order += entry.key;
  CHECK(order == "zamq");
}

TEST_CASE("a report sorts by place and keeps the order of files") {
  toml::Report report;
  report.error({"b.toml", {9, 1}}, "last of b");
  report.error({"a.toml", {1, 1}}, "a");
  report.error({"b.toml", {2, 7}}, "second");
  report.error({"b.toml", {2, 3}}, "first");
  report.error({"b.toml", {2, 3}}, "first");
  CHECK(test::texts(report.errors()) == std::vector<std::string>{"b.toml:2:3: first", "b.toml:2:7: second",
                                                                 "b.toml:9:1: last of b", "a.toml:1:1: a"});
}

TEST_CASE("of many errors the first hundred are kept, and the rest counted") {
  toml::Report report;
  for (unsigned line = 150; line > 0; --line) report.error({"a.toml", {line, 1}}, "wrong");
  REQUIRE(report.errors().size() == 101);
  CHECK(report.errors().front().line == 51);
  CHECK(report.errors().back().text() == "a.toml: and 50 more");
  toml::Report whole;
  whole.error({"a.toml", {1, 1}}, "first");
  whole.add(report);
  CHECK(whole.errors().back().text() == "a.toml: and 51 more");
  CHECK(whole.warnings().empty());
}

TEST_CASE("a file of more than 256 KiB is no configuration") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory / "long.toml") << std::string(256 * 1024 + 1, '\n');
  toml::Report report;
  CHECK_FALSE(toml::Document::load(directory / "long.toml", report));
  REQUIRE(report.errors().size() == 1);
  CHECK(report.errors().at(0).text().find("256 KiB") != std::string::npos);
}

TEST_CASE("a key under the word of others is told ours where the table knows it") {
  static constexpr toml::KeyPlace words[] = {{"slave", "[[meter]]", "unit-id"}, {"every", "[[meter]]"}};
  toml::Report report(words);
  const auto document = toml::Document::parse("slave = 1", "t.toml", report);
  REQUIRE(document);
  toml::Table meter(document->root(), "[[meter]]", "t.toml", report);
  meter.integer("unit-id", 0, 255);
  meter.finish();
  REQUIRE(report.errors().size() == 1);
  CHECK(report.errors().at(0).message.find("here it is called \"unit-id\"") != std::string::npos);
  toml::Report elsewhere(words);
  toml::Table bus(document->root(), "[[bus]]", "t.toml", elsewhere);
  bus.string("tcp");
  bus.finish();
  CHECK(elsewhere.errors().at(0).message.find("unit-id") == std::string::npos);
}

TEST_CASE("a file that cannot be read says why") {
  const test::TemporaryDirectory directory;
  toml::Report report;
  CHECK_FALSE(toml::Document::load(directory / "absent.toml", report));
  CHECK_FALSE(toml::Document::load(directory.path(), report));
  REQUIRE(report.errors().size() == 2);
  CHECK(report.errors().at(0).text().find("cannot be read") != std::string::npos);
  CHECK(report.errors().at(1).text().find("not a regular file") != std::string::npos);
}
