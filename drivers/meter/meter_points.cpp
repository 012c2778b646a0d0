// [meter.points], only, ct and vt.
#include "drivers/meter/meter_points.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "drivers/meter/point_maker.hpp"
#include "drivers/meter/quantity.hpp"
#include "drivers/meter/transformer.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::meter {

namespace {

using toml::in_quotes;

// A point that the meter may read: as written, and whether the meter itself brought it.
struct Candidate {
  PointSpec spec;
  bool own = false;
};

std::string suggestion_of(std::string_view word, const std::vector<Candidate>& candidates) {
  std::vector<std::string_view> names;
  for (const Candidate& candidate : candidates) names.push_back(candidate.spec.name);
  return toml::suggestion(word, names);
}

class MeterPoints {
 public:
  MeterPoints(toml::Table& table, const ProfileSource& source, const DeviceHead& head, Meter& meter)
      : table_(table), report_(table.report()), source_(source), head_(head), meter_(meter) {
    for (const PointSpec& spec : source.specs) candidates_.push_back({spec, false});
  }

  void read() {
    if (auto points = table_.table("points", "[meter.points]")) {
      for (const toml::Entry& entry : points->named_entries()) {
        if (auto spec = read_point_spec(entry, SpecOf::meter, *points)) take_own(std::move(*spec));
      }
    }
    const auto ct = read_ratio("ct", multiplied_by_ct);
    const auto vt = read_ratio("vt", multiplied_by_vt);
    choose();
    meter_.points.reserve(candidates_.size());  // they stay as long as the agent runs: without room to spare
    for (const Candidate& candidate : candidates_) make(candidate, ct, vt);
    if (!report_.failed()) warn_without_transformers(ct.has_value(), vt.has_value());
    if (meter_.points.empty() && !failed_ && !report_.failed()) {
      report_.error(table_.place(),
                    table_.title() + ": there is no point left that could be read at every poll");
    }
  }

 private:
  std::vector<Candidate>::iterator find(std::string_view name) {
    return std::ranges::find_if(candidates_, [&](const Candidate& c) { return c.spec.name == name; });
  }

  void fail(const toml::Place& place, const std::string& message) {
    report_.error(place, message);
    failed_ = true;
  }

  // A full point, a profile's point under another name, or keys laid over a profile's point of the same name.
  void take_own(PointSpec spec) {
    own_names_.insert(spec.name);
    if (spec.unit && spec.unit->value == "setting") {
      fail(spec.unit->place,
           "unit: expected the unit that the device is set to; \"setting\" is for profiles");
    }
    if (spec.from) {
      replace(std::move(spec));
    } else if (const auto same = find(spec.name); spec.at) {
      if (same != candidates_.end()) candidates_.erase(same);
      candidates_.push_back({std::move(spec), true});
    } else if (same != candidates_.end()) {
      if (auto merged = laid_over(same->spec, spec, report_)) {
        same->spec = std::move(*merged);
      } else {
        failed_ = true;
      }
    } else {
      fail(spec.place, "profile " + source_.profile.name + " has no point " + in_quotes(spec.name) +
                           suggestion_of(spec.name, candidates_) +
                           "; a point of your own needs at = …, a renamed one from = \"…\"");
    }
  }

  void replace(PointSpec spec) {
    const std::string from = spec.from->value;
    const auto& specs = source_.specs;
    const auto base = std::ranges::find(specs, from, &PointSpec::name);
    if (base == specs.end()) {
      fail(spec.from->place, "from: profile " + source_.profile.name + " has no point " + in_quotes(from) +
                                 suggestion_of(from, candidates_));
      return;
    }
    if (spec.at) {
      fail(spec.at->place, "at: from = " + in_quotes(from) + " already says which register; one of the two");
      return;
    }
    if (spec.name != from && find(spec.name) != candidates_.end()) {
      fail(spec.place, in_quotes(spec.name) + " is a point of profile " + source_.profile.name +
                           " already; take another name");
      return;
    }
    auto merged = laid_over(*base, spec, report_);
    if (const auto old = find(from); old != candidates_.end() && !old->own) candidates_.erase(old);
    if (merged) {
      candidates_.push_back({std::move(*merged), true});
    } else {
      failed_ = true;
    }
  }

  std::optional<Ratio> read_ratio(std::string_view key, bool (*multiplies)(Unit)) {
    const auto text = table_.string(key);
    if (!text) return std::nullopt;
    const auto ratio = parse_ratio(*text);
    if (!ratio) {
      table_.error(key, ratio.error().message);
      failed_ = true;
      return std::nullopt;
    }
    const bool needed = std::ranges::any_of(candidates_, [&](const Candidate& candidate) {
      const PointSpec& spec = candidate.spec;
      if (!spec.secondary || !spec.secondary->value || !spec.unit) return false;
      const auto unit = parse_unit(spec.unit->value);
      return unit && multiplies(*unit);
    });
    if (!needed) {
      table_.error(
          key,
          "profile " + source_.profile.name +
              " has no point with side = \"secondary\" that it would multiply; the meter counts in its own "
              "transformers (a setting in its menu)");
      failed_ = true;
    }
    return *ratio;
  }

  void choose() {
    const auto names = table_.strings("only");
    if (!names) {
      if (table_.has("only")) failed_ = true;
      return;
    }
    if (names->empty() && own_names_.empty()) {
      table_.error("only", "expected the names of the points to read, found an empty list");
      failed_ = true;
    }
    std::set<std::string_view> wanted;
    for (const toml::PlacedText& name : *names) {
      if (find(name.text) == candidates_.end()) {
        fail(name.place, "only: " + no_such_point(name.text));
      } else if (!wanted.insert(name.text).second) {
        fail(name.place, "only: " + in_quotes(name.text) + " is given twice");
      }
    }
    std::erase_if(candidates_, [&](const Candidate& c) { return !c.own && !wanted.contains(c.spec.name); });
  }

  std::string no_such_point(const std::string& name) {
    const auto renamed = std::ranges::find_if(candidates_, [&](const Candidate& candidate) {
      return candidate.spec.from && candidate.spec.from->value == name;
    });
    if (renamed != candidates_.end())
      return in_quotes(name) + " is renamed " + in_quotes(renamed->spec.name) + " in [meter.points]";
    return "profile " + source_.profile.name + " has no point " + in_quotes(name) +
           suggestion_of(name, candidates_);
  }

  void make(const Candidate& candidate, const std::optional<Ratio>& ct, const std::optional<Ratio>& vt) {
    toml::Report found;
    auto made = make_point(candidate.spec, head_, found);
    // The profile is right by itself; where it is not with this meter's keys, these are the place to mend it.
    for (const toml::ConfigError& error : found.errors()) {
      if (error.file == table_.file()) {
        fail({error.file, {error.line, error.column}}, error.message);
      } else {
        fail(candidate.own ? candidate.spec.place : table_.place(),
             table_.title() + ": with its own keys, point " + candidate.spec.name + " of profile " +
                 source_.profile.name + " is wrong: " + error.message);
      }
    }
    for (const toml::ConfigError& warning : found.warnings()) {
      if (warning.file == table_.file())
        report_.warning({warning.file, {warning.line, warning.column}}, warning.message);
    }
    if (!made) return;
    if (made->unit_by_setting) {
      fail(table_.place(), needs_unit(candidate.spec));
      return;
    }
    Point& point = made->point;
    apply_transformers(point, ct, vt);
    (point.kind == Kind::info ? meter_.info : meter_.points).push_back(std::move(point));
  }

  std::string needs_unit(const PointSpec& spec) const {
    const auto unit = unit_of_name(spec.name);
    const std::string example = unit ? std::string(text(*unit)) : "m3";
    return table_.title() + ": the unit of " + spec.name +
           " is a setting in the device's menu; say it under [meter.points]: " + spec.name +
           " = { unit = " + in_quotes(example) +
           ", scale = 1 } (the scale that brings the display's unit to " + example +
           "), or leave the point out with only";
  }

  // Without both, ct is what to begin with.
  void warn_without_transformers(bool ct, bool vt) {
    const auto warn = [&](auto multiplied, const std::string& advice) {
      const auto secondary = std::ranges::find_if(
          meter_.points, [&](const Point& point) { return point.secondary && multiplied(point.unit); });
      if (secondary == meter_.points.end()) return;
      report_.warning(table_.place(), table_.title() + ": " + secondary->name +
                                          " and others are values of the secondary side; " + advice);
    };
    if (!ct) {
      warn(multiplied_by_ct,
           "give ct = \"200/5\" as on the current transformers, or ct = \"1/1\" where there are none");
    } else if (!vt) {
      warn([](Unit unit) { return unit == Unit::volt; },
           "give vt = \"22000/110\" as on the voltage transformers, or vt = \"1/1\" where there are none");
    }
  }

  toml::Table& table_;
  toml::Report& report_;
  const ProfileSource& source_;
  const DeviceHead& head_;
  Meter& meter_;
  std::vector<Candidate> candidates_;
  std::set<std::string> own_names_;
  bool failed_ = false;
};

}  // namespace

void read_meter_points(toml::Table& table, const ProfileSource& source, const DeviceHead& head,
                       Meter& meter) {
  MeterPoints(table, source, head, meter).read();
}

void skip_meter_points(toml::Table& table) {
  for (const std::string_view key : {"only", "ct", "vt", "points"}) table.has(key);
}

}  // namespace congto::meter
