// Rows of point, value, unit and what is to be said of it.
#include "agent/app/reading_text.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace congto::app {

namespace {

std::int64_t unix_milliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

bool has_value(const meter::Reading& reading) {
  return reading.quality == meter::Quality::good || reading.quality == meter::Quality::implausible;
}

std::string iso_time(WallTime time) {
  const auto ms = unix_milliseconds(time);
  const auto into_second = ((ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (ms - into_second) / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(into_second));
  return text;
}

std::string table(const meter::Sample& sample, WallTime when) {
  std::vector<meter::Reading> readings;
  meter::decode(sample, readings);
  const auto& described = sample.layout_meter();
  std::size_t name_width = 5;
  std::size_t value_width = 5;
  for (const auto& reading : readings) {
    name_width = std::max(name_width, reading.point->name.size());
    if (has_value(reading)) value_width = std::max(value_width, reading.value.text().size());
  }
  std::string out = described.name + " (" + described.bus + ", unit " + std::to_string(described.unit_id) +
                    ", " + described.profile + ") at " + iso_time(when) + "\n";
  for (const auto& reading : readings) {
    const auto value = has_value(reading) ? reading.value.text() : "-";
    out += "  " + reading.point->name + std::string(name_width - reading.point->name.size() + 2, ' ') +
           std::string(value_width - std::min(value_width, value.size()), ' ') + value + " " +
           (reading.point->unit == meter::Unit::none ? "" : std::string(meter::text(reading.point->unit)));
    if (reading.quality != meter::Quality::good) out += "  " + meter::text(reading.quality);
    if (reading.point->verify) out += "  (one source: compare with the display)";
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += "\n";
  }
  return out;
}

std::string json(const meter::Sample& sample, WallTime when) {
  std::vector<meter::Reading> readings;
  meter::decode(sample, readings);
  std::string values;
  std::string qualities;
  for (const auto& reading : readings) {
    const std::string key = "\"" + reading.point->name + "\":";  // [a-z0-9_]+: nothing to escape
    if (has_value(reading)) {
      if (!values.empty()) values += ",";
      values += key + reading.value.text();
    }
    if (reading.quality != meter::Quality::good) {
      if (!qualities.empty()) qualities += ",";
      qualities += key + "\"" + meter::text(reading.quality) + "\"";
    }
  }
  return "{\"meter\":" + boost::json::serialize(boost::json::string(sample.layout_meter().name)) +
         ",\"ts\":" + std::to_string(unix_milliseconds(when)) + ",\"values\":{" + values + "},\"q\":{" +
         qualities + "}}";
}

}  // namespace congto::app
