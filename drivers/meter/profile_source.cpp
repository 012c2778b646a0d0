// The tables of a profile: head, [serial], [points].
#include "drivers/meter/profile_source.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "drivers/meter/point_maker.hpp"

namespace congto::meter {

namespace {

constexpr std::pair<std::string_view, Parity> parities[] = {
    {"none", Parity::none}, {"even", Parity::even}, {"odd", Parity::odd}};

// The speeds that termios(3) has names for, from the slowest that meters use.
constexpr std::array<std::int64_t, 13> speeds{300,    600,    1200,    2400,    4800,    9600,   19'200,
                                              38'400, 57'600, 115'200, 230'400, 460'800, 921'600};

std::optional<unsigned> read_baud(toml::Table& table) {
  const auto baud = table.integer("baud", speeds.front(), speeds.back());
  if (!baud) return std::nullopt;
  if (std::ranges::find(speeds, *baud) == speeds.end()) {
    std::string known;
    for (const std::int64_t speed : speeds) known += (known.empty() ? "" : ", ") + std::to_string(speed);
    table.error("baud", "expected one of " + known + ", found " + std::to_string(*baud));
  }
  return static_cast<unsigned>(*baud);
}

SerialSettings with_defaults(const FactorySerial& factory) {
  const SerialSettings usual;
  return {factory.baud.value_or(usual.baud), factory.parity.value_or(usual.parity),
          factory.stop_bits.value_or(usual.stop_bits)};
}

std::string modicon_warning(const ProfileSource& source, std::int64_t number, modbus::Function given,
                            modbus::Function by_digit) {
  const auto digit = [](modbus::Function function) { return std::to_string(static_cast<int>(function)); };
  std::string text = "at: " + std::to_string(number) +
                     " reads like a Modicon number; if the manual counts so, " +
                     "write numbering = \"modicon\" in the head";
  if (by_digit != given) {
    text += " and no function (by its first digit it is " + digit(by_digit) +
            ", but function = " + digit(given) + " is read)";
  }
  if (source.head.numbering == Numbering::one) return text;
  return text + "; if it is the wire address, " +
         (source.head.numbering_given ? "write it in hexadecimal" : "say numbering = \"wire\"");
}

// Numbers that read like 40013 are mostly a manual's, copied as they stand. A profile that also has others
// and says its numbering means it.
void warn_of_modicon_numbers(const ProfileSource& source, toml::Report& report) {
  if (source.head.numbering == Numbering::modicon) return;
  const auto& points = source.profile.points;
  const auto by_digit = [&](const PointSpec& spec) {
    const auto point = std::ranges::find(points, spec.name, &Point::name);
    return modicon_function(point->function, spec.at->value);
  };
  const bool all =
      std::ranges::all_of(source.specs, [&](const PointSpec& spec) { return by_digit(spec).has_value(); });
  if (source.head.numbering_given && !all) return;
  for (const PointSpec& spec : source.specs) {
    const auto function = by_digit(spec);
    if (!function) continue;
    const auto given = std::ranges::find(points, spec.name, &Point::name)->function;
    report.warning(spec.at->place, modicon_warning(source, spec.at->value.number, given, *function));
  }
}

void read_factory(toml::Table& root, ProfileSource& source) {
  auto serial = root.table("serial", "[serial]");
  if (!serial) return;
  source.factory = read_serial_keys(*serial);
  source.profile.serial = with_defaults(source.factory);
  serial->finish();
}

void read_points(toml::Table& root, ProfileSource& source, toml::Report& report) {
  auto points = root.table("points", "[points]");
  if (!points) {
    if (!root.has("points")) root.missing("points", "a table [points] with a line for each point");
    return;
  }
  const auto& entries = points->named_entries();
  if (entries.empty())
    report.error(points->place(), "[points] is empty; expected name = { at = …, type = \"…\" }");
  for (const toml::Entry& entry : entries) {
    auto spec = read_point_spec(entry, SpecOf::profile, *points);
    if (!spec) continue;
    if (const auto made = make_point(*spec, source.head, report)) {
      source.profile.points.push_back(made->point);
      if (made->unit_by_setting) source.profile.setting_units.push_back(spec->name);
    }
    source.specs.push_back(std::move(*spec));
  }
}

void check_function(toml::Table& root, const ProfileSource& source, toml::Report& report) {
  if (source.head.function || root.has("function") || source.head.numbering == Numbering::modicon) return;
  const bool all_say =
      std::ranges::all_of(source.specs, [](const PointSpec& spec) { return spec.function.has_value(); });
  if (all_say) return;
  report.warning(
      root.place(),
      "function is not given: 3 (holding registers) is taken; write function = 3, or 4 for input registers");
}

void take_head(toml::Table& root, const toml::Document& document, ProfileSource& source) {
  Profile& profile = source.profile;
  profile.file = document.file();
  profile.name = std::filesystem::path(document.file()).stem().string();
  profile.vendor = root.string("vendor").value_or("");
  profile.model = root.string("model").value_or(profile.name);
  source.head.medium = "other";
  read_head(root, source.head);
  profile.medium = source.head.medium;
  profile.function = source.head.function.value_or(profile.function);
  profile.word_order = source.head.word_order;
  profile.limits = source.head.limits;
}

}  // namespace

FactorySerial read_serial_keys(toml::Table& table) {
  FactorySerial keys;
  keys.baud = read_baud(table);
  keys.parity = table.word("parity", parities);
  if (const auto bits = table.integer("stop-bits", 1, 2)) keys.stop_bits = static_cast<unsigned>(*bits);
  return keys;
}

std::optional<ProfileSource> read_profile_source(const toml::Document& document, toml::Report& report) {
  toml::Report found(report.key_places());
  toml::Table root(document.root(), "the head of a profile", document.file(), found);
  ProfileSource source;
  take_head(root, document, source);
  read_factory(root, source);
  read_points(root, source, found);
  check_function(root, source, found);
  root.finish();
  if (!found.failed()) warn_of_modicon_numbers(source, found);
  report.add(found);
  if (found.failed()) return std::nullopt;
  return source;
}

}  // namespace congto::meter
