// Captured and printed replies of real meters decode to their known values (tests/data/frames.csv,
// dumps.csv).
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "drivers/meter/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::Decimal;
using congto::test::make_point;
using congto::test::scaled;

namespace {

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::map<std::string, Row> rows_by_id(const std::string& file) {
  std::ifstream in(std::string(CONGTO_SOURCE_DIR) + "/tests/data/" + file);
  std::string line;
  REQUIRE(std::getline(in, line));
  const auto header = csv_fields(line);
  std::map<std::string, Row> rows;
  while (std::getline(in, line)) {
    const auto fields = csv_fields(line);
    REQUIRE(fields.size() == header.size());
    Row row;
    for (std::size_t i = 0; i < fields.size(); ++i) row[header[i]] = fields[i];
    rows[row["id"]] = row;
  }
  return rows;
}

template <class Integer>
Integer number(std::string_view text, int base = 10) {
  Integer value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  REQUIRE(parsed.ptr == text.data() + text.size());
  return value;
}

// The registers of a reply to function 3 or 4. Framing and CRC are the modbus tests' business; here only
// f11's stray byte in front has to be stepped over.
std::vector<std::uint16_t> registers(const Row& row) {
  auto bytes = split(row.at("reply_hex"), ' ');
  if (bytes.front() == "00") bytes.erase(bytes.begin());
  const auto count = number<std::size_t>(bytes.at(2), 16) / 2;
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i < count; ++i) {
    words.push_back(number<std::uint16_t>(bytes.at(3 + 2 * i) + bytes.at(4 + 2 * i), 16));
  }
  return words;
}

Type type_named(const std::string& name) {
  const auto type = parse_type(name);
  REQUIRE(type);
  return *type;
}

// "s32+f32": an integer and its fraction behind it; "u32@0x5B02": at that address, else behind the one
// before.
Point point_of(const std::string& name, const std::string& type, std::uint16_t next, WordOrder order) {
  const auto at = split(type, '@');
  const auto parts = split(at[0], '+');
  const auto address = at.size() > 1 ? number<std::uint16_t>(std::string_view(at[1]).substr(2), 16) : next;
  Point point = make_point(name, address, type_named(parts[0]), order);
  if (parts.size() > 1) {
    point.plus = Plus{static_cast<std::uint16_t>(address + point.registers), type_named(parts[1])};
  }
  return point;
}

// README of the collected facts: ABB marks missing unsigned values with all ones, signed ones with 7FFF….
void add_abb_marks(Point& point) {
  point.not_available.push_back(point.type == Type::s32
                                    ? std::vector<std::uint16_t>{0x7FFF, 0xFFFF}
                                    : std::vector<std::uint16_t>(point.registers, 0xFFFF));
}

// Equal in the digits that were printed: floats have more, so half a unit of the last one may be left over.
bool agrees(const Decimal& value, const std::string& printed) {
  const Decimal known = Decimal::parse(printed).value();
  const double half_a_digit = 0.5 * std::pow(10.0, known.exponent());
  return std::abs(value.to_double() - known.to_double()) <= half_a_digit * 1.0001;
}

std::size_t check_row(const Row& row) {
  const auto words = registers(row);
  const auto start = number<std::uint16_t>(row.at("start_address"));
  const auto names = split(row.at("point"), '|');
  const auto types = split(row.at("type"), '|');
  const auto scales = split(row.at("scale"), '|');
  const auto values = split(row.at("decoded_value"), '|');
  const WordOrder order = row.at("word_order") == "little" ? WordOrder::little : WordOrder::big;
  std::uint16_t next = start;
  const bool one_point = types[0].find('+') != std::string::npos;
  for (std::size_t i = 0; i < (one_point ? 1 : names.size()); ++i) {
    CAPTURE(row.at("id"), names[i]);
    Point point = scaled(point_of(names[i], types[i], next, order), scales[i].c_str());
    if (row.at("device_id") == "abb-m4m") add_abb_marks(point);
    next = static_cast<std::uint16_t>(point.at + point.raw_words());
    const auto own = std::span(words).subspan(static_cast<std::size_t>(point.at - start), point.raw_words());
    const Reading reading = decode(point, own);
    if (values[i] == "not_available") {
      CHECK(reading.quality == Quality::not_available);
    } else {
      CHECK(reading.quality == Quality::good);
      CHECK(agrees(reading.value, values[i]));
    }
  }
  return values.size();
}

}  // namespace

TEST_CASE("a float one step above 230.2 is published as what it is") {
  const auto rows = rows_by_id("frames.csv");
  CHECK(decode(make_point("voltage_l1_n", 0, Type::f32), registers(rows.at("f01"))).value.text() ==
        "230.20001");
  CHECK(decode(make_point("voltage_l1_n", 0, Type::f32), registers(rows.at("f03"))).value.text() == "238.41");
}

TEST_CASE("every captured or printed reply decodes to its known values") {
  const auto rows = rows_by_id("frames.csv");
  REQUIRE(rows.size() == 12);
  std::size_t values = 0;
  for (const auto& [id, row] : rows) values += check_row(row);
  CHECK(values == 21);  // 10 single ones, 6 of f09, 5 of f10
}

namespace {

struct Expected {
  const char* name;
  std::uint16_t at;
  Type type;
};

// The points of the TUF-2000M map that the dump gives values for; low word first.
constexpr Expected tuf_points[] = {
    {"flow_rate", 0, Type::f32},
    {"velocity", 4, Type::f32},
    {"sound_speed", 6, Type::f32},
    {"volume_forward_int", 8, Type::s32},
    {"volume_forward_frac", 10, Type::f32},
    {"energy_forward_int", 16, Type::s32},
    {"energy_reverse_int", 20, Type::s32},
    {"energy_net_int", 28, Type::s32},
    {"temperature_supply", 32, Type::f32},
    {"temperature_return", 34, Type::f32},
    {"resistance_pt100_supply", 76, Type::f32},
    {"resistance_pt100_return", 78, Type::f32},
    {"signal_strength_upstream", 92, Type::u16},
    {"signal_strength_downstream", 93, Type::u16},
};

std::vector<std::uint16_t> dump_words(const Row& row) {
  std::vector<std::uint16_t> words;
  for (const auto& word : split(row.at("registers"), ' ')) words.push_back(number<std::uint16_t>(word));
  return words;
}

Reading decode_at(const std::vector<std::uint16_t>& words, const Point& point) {
  return decode(point, std::span(words).subspan(point.at, point.raw_words()));
}

}  // namespace

TEST_CASE("the register dump of a TUF-2000M decodes to its known values") {
  const auto rows = rows_by_id("dumps.csv");
  const auto words = dump_words(rows.at("d01"));
  REQUIRE(words.size() == 100);
  std::map<std::string, std::string> expected;
  for (const auto& pair : split(rows.at("d01").at("expected"), ';')) {
    const auto parts = split(pair, '=');
    expected[parts.at(0)] = parts.at(1);
  }
  CHECK(expected.size() == std::size(tuf_points) + 1);  // and signal_quality, below
  for (const auto& one : tuf_points) {
    CAPTURE(one.name);
    const Reading reading = decode_at(words, make_point(one.name, one.at, one.type, WordOrder::little));
    REQUIRE(reading.quality == Quality::good);
    CHECK(agrees(reading.value, expected.at(one.name)));
  }
}

TEST_CASE("the dump's totals with their fractions are one value each") {
  const auto words = dump_words(rows_by_id("dumps.csv").at("d01"));
  Point forward = make_point("volume_forward", 8, Type::s32, WordOrder::little);
  forward.plus = Plus{10, Type::f32};
  CHECK(decode_at(words, forward).value.to_double() == Approx(23.879739).epsilon(1e-8));
  Point reverse = make_point("energy_reverse", 20, Type::s32, WordOrder::little);
  reverse.plus = Plus{22, Type::f32};
  CHECK(decode_at(words, reverse).value.to_double() < -1104);
  CHECK(decode_at(words, reverse).value.to_double() > -1105);
}

TEST_CASE("the dump's signal quality is the low byte of its register") {
  const auto words = dump_words(rows_by_id("dumps.csv").at("d01"));
  const Reading reading = decode_at(words, make_point("signal_quality", 91, Type::u16));
  CHECK(reading.value.text() == "829");
  CHECK((reading.value.coefficient() & 0xFF) == 61);
}
