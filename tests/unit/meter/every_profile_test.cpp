// Every shipped profile loads without a word, and says what the collected register tables say.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "drivers/meter/profile_reader.hpp"
#include "drivers/meter/read_plan.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::meter;

namespace {

namespace fs = std::filesystem;

const fs::path source = CONGTO_SOURCE_DIR;

const std::vector<std::string>& shipped() {
  static const std::vector<std::string> names{
      "eastron-sdm120",    "eastron-sdm230",   "eastron-sdm630-v2", "generic-emf-1010", "janitza-umg96rm",
      "schneider-iem3155", "schneider-pm2120", "selec-em4m",        "selec-mfm383a",    "tuf-2000m"};
  return names;
}

Profile load(const std::string& name) {
  const ProfileFile file = read_profile(source / "config/meters" / (name + ".toml"));
  for (const auto& error : file.errors) UNSCOPED_INFO(error.text());
  for (const auto& warning : file.warnings) UNSCOPED_INFO(warning.text());
  CHECK(file.warnings.empty());
  REQUIRE(file.profile);
  return *file.profile;
}

// One line of comma-separated values; quoted fields may hold commas.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> result(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

struct Row {
  std::string point, function, address, registers, type, word_order, scale, unit, kind, rollover, confidence;
};

std::vector<Row> table_of(const std::string& device) {
  std::ifstream file(source / "tests/data/meters" / (device + ".csv"));
  REQUIRE(file.is_open());
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);
  REQUIRE(line.starts_with(
      "point,function,address,registers,type,word_order,scale,unit,kind,rollover,confidence"));
  while (std::getline(file, line)) {
    const auto f = fields(line);
    REQUIRE(f.size() >= 11);
    rows.push_back({f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]});
  }
  return rows;
}

// Rows that are not in the profile under their own name and type, each with its reason.
enum class Why {
  second_encoding,  // the same quantity stands in a better encoding
  doubtful,         // the sources disagree
  fraction,         // part of the point that has the integer, by `plus`
};
const std::map<std::pair<std::string, std::string>, Why> left_out{
    {{"schneider-iem3155", "active_energy_import_f32"}, Why::second_encoding},
    {{"schneider-iem3155", "active_energy_export_f32"}, Why::second_encoding},
    {{"schneider-iem3155", "reactive_energy_import_f32"}, Why::second_encoding},
    {{"schneider-iem3155", "reactive_energy_export_f32"}, Why::second_encoding},
    {{"tuf-2000m", "volume_net_int"}, Why::doubtful},
    {{"tuf-2000m", "volume_net_frac"}, Why::doubtful},
    {{"generic-emf-1010", "flow_percent"}, Why::doubtful},
    {{"tuf-2000m", "volume_forward_frac"}, Why::fraction},
    {{"tuf-2000m", "volume_reverse_frac"}, Why::fraction},
    {{"tuf-2000m", "energy_forward_frac"}, Why::fraction},
    {{"tuf-2000m", "energy_reverse_frac"}, Why::fraction},
    {{"tuf-2000m", "energy_net_frac"}, Why::fraction},
    {{"generic-emf-1010", "volume_forward_frac"}, Why::fraction},
};

// The table's names for encodings become the plain name of the quantity.
std::string name_in_profile(const Row& row) {
  if (row.point == "signal_quality") return "signal_state";  // two bytes in one register, kept as they are
  for (const std::string_view suffix : {"_4q", "_int"}) {
    if (row.point.ends_with(suffix)) return row.point.substr(0, row.point.size() - suffix.size());
  }
  return row.point;
}

std::string type_in_profile(const Row& row) {
  if (row.point == "signal_quality") return "bits16";
  return row.point.ends_with("_4q") ? "pf4q" : row.type;
}

// Counters of the table that can fall: net values and what counts downwards (the profiles say why).
const std::set<std::pair<std::string, std::string>> gauges_after_all{
    {"selec-mfm383a", "active_energy_total"},
    {"selec-mfm383a", "reactive_energy_total"},
    {"selec-em4m", "active_energy_total"},
    {"selec-em4m", "reactive_energy_total"},
    {"selec-em4m", "rollover_count_active_energy_total"},
    {"tuf-2000m", "energy_reverse"}};

void compare(const std::string& device, const Row& row, const Point& point) {
  INFO(device << " " << row.point);
  CHECK(std::to_string(static_cast<int>(point.function)) == row.function);
  CHECK(std::to_string(point.at) == row.address);
  CHECK(std::to_string(point.registers) == row.registers);
  CHECK(text(point.type) == type_in_profile(row));
  if (!row.word_order.empty()) CHECK(text(point.word_order) == row.word_order);
  CHECK(point.scale == Decimal::parse(row.scale));
  const bool by_setting =
      device == "generic-emf-1010" && (row.point == "flow_rate" || point.name == "volume_forward");
  CHECK(text(point.unit) == (row.unit.empty() || by_setting ? "1" : row.unit));
  if (point.name == "signal_state") {
    CHECK(point.kind == Kind::status);
  } else {
    CHECK(text(point.kind) == (gauges_after_all.contains({device, point.name}) ? "gauge" : row.kind));
  }
  CHECK(point.verify == (row.confidence == "one_source"));
  const bool inferred = device == "selec-mfm383a";  // its rollover is that of sister models
  const bool has_rollover = !row.rollover.empty() && point.kind == Kind::counter && !inferred;
  CHECK(point.rollover.has_value() == has_rollover);
  if (point.rollover && has_rollover) CHECK(*point.rollover == Decimal::parse(row.rollover));
}

}  // namespace

TEST_CASE("every profile of the folder loads without errors and warnings, and is known here") {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(source / "config/meters")) {
    if (entry.path().extension() == ".toml") found.insert(entry.path().stem().string());
  }
  CHECK(found == std::set<std::string>(shipped().begin(), shipped().end()));
  for (const auto& name : shipped()) {
    INFO(name);
    const Profile profile = load(name);
    CHECK(profile.name == name);
    CHECK_FALSE(profile.vendor.empty());
    CHECK_FALSE(profile.model.empty());
    CHECK(((profile.medium == "electricity") || (profile.medium == "water")));
  }
}

TEST_CASE("a profile has what the tables have: address, type, order, scale, unit, kind") {
  for (const auto& device : shipped()) {
    const Profile profile = load(device);
    std::set<std::string> expected;
    for (const Row& row : table_of(device)) {
      if (left_out.contains({device, row.point})) continue;
      INFO(device << " " << row.point);
      CHECK(row.confidence != "doubtful");
      const auto point = std::ranges::find(profile.points, name_in_profile(row), &Point::name);
      REQUIRE(point != profile.points.end());
      compare(device, row, *point);
      expected.insert(point->name);
    }
    CHECK(expected.size() == profile.points.size());  // and nothing that the tables don't have
  }
}

TEST_CASE("integer and fraction are one point") {
  for (const auto& [key, why] : left_out) {
    if (why != Why::fraction) continue;
    const auto& [device, name] = key;
    INFO(device << " " << name);
    const Profile profile = load(device);
    const auto rows = table_of(device);
    const auto row = std::ranges::find(rows, name, &Row::point);
    REQUIRE(row != rows.end());
    const auto point = std::ranges::find(profile.points, name.substr(0, name.size() - 5), &Point::name);
    REQUIRE(point != profile.points.end());
    REQUIRE(point->plus);
    CHECK(std::to_string(point->plus->at) == row->address);
    CHECK(text(point->plus->type) == row->type);
  }
}

TEST_CASE("every profile can be read within its own limits") {
  for (const auto& name : shipped()) {
    INFO(name);
    const Profile profile = load(name);
    const ReadPlan plan = plan_reads(profile.points, {}, profile.limits.read, WireCost{});
    std::set<std::uint16_t> served;
    for (const PlannedRead& read : plan.reads) {
      CHECK(read.count <= profile.limits.read.max_registers);
      CHECK(read.at % profile.limits.read.align == 0);
      CHECK(read.count % profile.limits.read.align == 0);
      served.insert(read.points.begin(), read.points.end());
    }
    CHECK(served.size() == profile.points.size());
  }
}
