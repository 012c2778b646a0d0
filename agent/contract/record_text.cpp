// Records as JSON. Names are escaped once a layout; a value costs its decoding and its digits.
#include "agent/contract/record_text.hpp"

#include <algorithm>
#include <chrono>

#include "agent/contract/json_text.hpp"

namespace congto::contract {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds took_worth_telling{1000};  // contract.md, Records: `took` when above 1 s
constexpr milliseconds slot_tolerance{50};

microseconds at_least_one_ms(milliseconds every) { return std::max<microseconds>(every, milliseconds(1)); }

// The start of the interval that `time` lies in, also before 1970.
microseconds floor_to(microseconds time, microseconds every) {
  const auto rest = time % every;
  return time - (rest < microseconds(0) ? rest + every : rest);
}

bool is_meter_of(const meter::LayoutPtr& layout, std::uint16_t meter) {
  return layout != nullptr && meter < layout->meters().size();
}

}  // namespace

std::int64_t slot_ms(BootTime slot, milliseconds every, const meter::Dating& dating) {
  const auto wall = dating.wall(slot);
  const auto period = at_least_one_ms(every);
  const auto nearest = floor_to(wall.time_since_epoch() + period / 2, period);
  const auto off = std::chrono::abs(wall.time_since_epoch() - nearest);
  return unix_ms(dating.estimated || off > slot_tolerance ? wall : WallTime(nearest));
}

bool RecordText::fits(const meter::Sample& sample) {
  if (!is_meter_of(sample.layout, sample.meter)) return false;
  const auto& meter = sample.layout_meter();
  return sample.quality.size() == meter.points.size() && sample.words.size() == meter.raw_words();
}

bool RecordText::fits(const meter::Skipped& skipped) { return is_meter_of(skipped.layout, skipped.meter); }

void RecordText::prepare(const meter::LayoutPtr& layout) {
  // Another object with the same id is the same layout read again.
  if (layout == layout_ || (layout_ != nullptr && layout->id() == layout_->id())) return;
  names_.clear();
  for (const auto& meter : layout->meters()) {
    MeterNames names;
    names.head = ",\"meter\":";
    append_string(names.head, meter.name);
    names.head += ",\"values\":{";
    names.points.reserve(meter.points.size());  // kept for good
    for (const auto& point : meter.points) {
      append_string(names.points.emplace_back(), point.name);
      names.points.back() += ':';
    }
    names_.push_back(std::move(names));
  }
  layout_ = layout;
}

std::size_t RecordText::append_readings(std::string& out, const MeterNames& names) {
  std::size_t written = 0;
  bool first_value = true;
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    const auto& reading = readings_[i];
    if (reading.quality == meter::Quality::unsupported || reading.point->type == meter::Type::ascii) continue;
    ++written;
    if (reading.quality == meter::Quality::good || reading.quality == meter::Quality::implausible) {
      if (!first_value) out += ',';
      first_value = false;
      out += names.points[i];
      reading.value.append_to(out);
    }
    if (reading.quality != meter::Quality::good) {
      if (!q_.empty()) q_ += ',';
      q_ += names.points[i];
      append_string(q_, meter::text(reading.quality));
    }
  }
  return written;
}

std::size_t RecordText::append_sample(std::string& out, std::uint64_t seq, const meter::Sample& sample,
                                      const meter::Dating& dating) {
  prepare(sample.layout);
  const auto every = sample.layout_meter().every;
  const auto stamp = dating.wall(sample.stamp);
  const auto ts = unix_ms(stamp);
  ObjectText record(out);
  record.integer("seq", seq).integer("ts", ts);
  const auto slot = slot_ms(sample.slot, every, dating);
  const auto own_slot = floor_to(stamp.time_since_epoch(), at_least_one_ms(every));
  if (slot != unix_ms(WallTime(own_slot))) record.integer("slot", slot);
  if (sample.took > took_worth_telling) record.integer("took", std::int64_t{sample.took.count()});

  const auto& names = names_[sample.meter];
  out += names.head;
  q_.clear();
  std::size_t written = 1;
  if (sample.failed_whole()) {
    const auto asked = std::find_if(sample.quality.begin(), sample.quality.end(),
                                    [](meter::Quality q) { return q != meter::Quality::unsupported; });
    q_ = "\"*\":";
    append_string(q_, meter::text(asked == sample.quality.end() ? meter::Quality::unsupported : *asked));
  } else {
    meter::decode(sample, readings_);
    written = append_readings(out, names);
  }
  out += '}';
  if (!q_.empty()) record.key("q").append(1, '{').append(q_).append(1, '}');
  if (dating.estimated) {
    record.text("clock", "estimated").integer("clock_error", std::int64_t{dating.error.count()});
  }
  record.close();
  return written;
}

void RecordText::append_skipped(std::string& out, std::uint64_t seq, const meter::Skipped& skipped,
                                const meter::Dating& dating) {
  const auto& meter = skipped.layout->meters()[skipped.meter];
  ObjectText record(out);
  record.integer("seq", seq)
      .text("event", "skipped")
      .text("meter", meter.name)
      .integer("from", slot_ms(skipped.from, meter.every, dating))
      .integer("to", slot_ms(skipped.to, meter.every, dating))
      .integer("count", skipped.count)
      .text("why", skipped.why);
  if (dating.estimated) {
    record.text("clock", "estimated").integer("clock_error", std::int64_t{dating.error.count()});
  }
  record.close();
}

void RecordText::append_start(std::string& out, std::uint64_t seq, const meter::Start& start) {
  ObjectText record(out);
  record.integer("seq", seq).text("event", "start");
  if (start.prev) {
    ObjectText prev(record.key("prev"));
    prev.text("epoch", start.prev->epoch.text()).integer("last", start.prev->last).close();
  } else {
    record.null("prev");
  }
  if (start.since) {
    record.integer("since", unix_ms(*start.since));
  } else {
    record.null("since");
  }
  record.text("why", start.why).close();
}

void RecordText::append_void(std::string& out, std::uint64_t seq, const meter::Void& gone) {
  ObjectText record(out);
  if (seq != 0) record.integer("seq", seq);
  ObjectText range(record.key("void"));
  range.text("epoch", gone.epoch.text()).integer("first", gone.first);
  if (gone.last) {
    range.integer("last", *gone.last);
  } else {
    range.null("last");
  }
  range.close();
  record.text("why", gone.why).close();
}

void RecordText::append_meta(std::string& out, std::uint64_t seq, const std::string& id,
                             const std::string& meta) {
  ObjectText record(out);
  record.integer("seq", seq).text("event", "meta").text("id", id).key("meta") += meta;
  record.close();
}

}  // namespace congto::contract
