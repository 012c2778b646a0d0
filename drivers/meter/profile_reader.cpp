// A profile on its own.
#include "drivers/meter/profile_reader.hpp"

#include <utility>

#include "drivers/meter/key_places.hpp"
#include "drivers/meter/profile_source.hpp"

namespace congto::meter {

namespace {

ProfileFile read(const std::optional<toml::Document>& document, toml::Report& report) {
  ProfileFile result;
  if (document) {
    if (auto source = read_profile_source(*document, report)) result.profile = std::move(source->profile);
  }
  result.errors = report.errors();
  result.warnings = report.warnings();
  return result;
}

}  // namespace

ProfileFile read_profile(const std::filesystem::path& file) {
  toml::Report report(key_places());
  const auto document = toml::Document::load(file, report);
  return read(document, report);
}

ProfileFile read_profile_text(std::string_view text, const std::string& file) {
  toml::Report report(key_places());
  const auto document = toml::Document::parse(text, file, report);
  return read(document, report);
}

Meter whole_meter(const Profile& profile, std::string name, std::string bus, modbus::UnitId unit_id) {
  Meter meter;
  meter.name = std::move(name);
  meter.bus = std::move(bus);
  meter.unit_id = unit_id;
  meter.profile = profile.name;
  meter.medium = profile.medium;
  meter.limits = profile.limits;
  for (const Point& point : profile.points) {
    (point.kind == Kind::info ? meter.info : meter.points).push_back(point);
  }
  return meter;
}

}  // namespace congto::meter
