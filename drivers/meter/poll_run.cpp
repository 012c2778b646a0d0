// The state of one poll: a list of reads that only grows at its end, so that what the unit gives readily is
// read first and close together, and the halves of refused blocks come after.
#include "drivers/meter/poll_run.hpp"

#include <algorithm>
#include <stdexcept>

namespace congto::meter {

namespace {

using modbus::Failure;
using modbus::FailureKind;
using modbus::Severity;

constexpr std::uint8_t value_part = 1;
constexpr std::uint8_t scale_part = 2;

// Enough to find a few bad points in the largest meters, or all in a block of 32; on a 9600 baud line about
// 1.5 s. The next poll goes on from what was found.
constexpr std::size_t first_probes = 64;

constexpr int noise_retries = 1;  // a damaged reply: chance
constexpr int busy_retries = 2;   // exceptions 5 and 6
constexpr std::chrono::milliseconds busy_pause{500};

Quality quality_of(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::timeout:
      return Quality::timeout;
    case FailureKind::crc:
      return Quality::crc;
    case FailureKind::bad_reply:
      return Quality::bad_reply;
    case FailureKind::no_link:
      return Quality::no_link;
    case FailureKind::exception:
      break;
  }
  return exception_quality(failure.exception);
}

// 10 and 11 are a gateway's own words: the unit behind it was not heard.
bool from_gateway(std::uint8_t exception) { return exception == 10 || exception == 11; }

std::uint8_t parts_of(const Point& point) { return point.scale_at ? value_part | scale_part : value_part; }

}  // namespace

MeterPlan::MeterPlan(std::span<const Point> points, ReadLimits limits, WireCost cost)
    : points_(points.begin(), points.end()),
      limits_(limits),
      configured_gap_(limits.max_gap),
      cost_(cost),
      refused_(points.size(), 0),
      plan_(plan_reads(points_, {}, limits_, cost_)),
      probes_(first_probes) {}

void MeterPlan::refuse(std::size_t point, std::uint8_t exception) {
  changed_ = changed_ || (refused_[point] == 0) != (exception == 0);
  refused_[point] = exception;
}

void MeterPlan::forbid_gaps() {
  changed_ = changed_ || limits_.max_gap != 0;
  limits_.max_gap = 0;
}

// Halving ends at single points, so a few doublings are enough for any meter.
void MeterPlan::search_ended(bool fruitless) {
  probes_ =
      fruitless ? std::min(2 * probes_, std::size_t{4} * (points_.size() + first_probes)) : first_probes;
}

void MeterPlan::reset() {
  changed_ = true;
  probes_ = first_probes;
  limits_.max_gap = configured_gap_;
  std::fill(refused_.begin(), refused_.end(), std::uint8_t{0});
}

void MeterPlan::replan() {
  if (!changed_) return;
  std::vector<bool> wanted(points_.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = refused_[i] == 0;
  // plan_reads takes an empty list for "all"; with no points there is nothing to plan either way.
  plan_ = plan_reads(points_, wanted, limits_, cost_);
  changed_ = false;
}

PollRun::PollRun(MeterPlan& plan, modbus::UnitId unit)
    : plan_(&plan), unit_(unit), probes_left_(plan.probes()) {
  plan.replan();
  const auto& reads = plan.reads().reads;
  pending_.reserve(reads.size());
  for (std::size_t i = 0; i < reads.size(); ++i) pending_.push_back({reads[i], i, 0});
  origins_.resize(reads.size());
  std::size_t words = 0;
  for (const auto& point : plan.points()) {
    offset_.push_back(words);
    words += point.raw_words();
    missing_.push_back(parts_of(point));
  }
  outcome_.words.resize(words);
  outcome_.quality.assign(plan.points().size(), Quality::good);
  for (std::size_t i = 0; i < plan.refused().size(); ++i) {
    if (plan.refused()[i] != 0) outcome_.quality[i] = Quality::unsupported;
  }
}

std::optional<modbus::Request> PollRun::next() {
  if (current_ >= pending_.size()) return std::nullopt;
  const PlannedRead& read = pending_[current_].read;
  return modbus::Request{unit_, read.function, read.at, read.count};
}

void PollRun::take(const modbus::Exchanged<modbus::Reply>& outcome) {
  if (current_ >= pending_.size()) throw std::logic_error("PollRun: an outcome without a request");
  pause_ = std::chrono::milliseconds(0);
  if (outcome.has_error()) {
    take_failure(outcome.error());
  } else if (outcome->words.size() != pending_[current_].read.count) {
    take_failure({FailureKind::bad_reply, 0, "a reply of another length than was asked for"});
  } else {
    take_reply(*outcome);
  }
}

void PollRun::take_reply(const modbus::Reply& reply) {
  const PlannedRead& read = pending_[current_].read;
  const Span whole = span_of(read);
  const auto copy = [&](Span from, std::size_t to) {
    std::copy_n(reply.words.begin() + (from.begin - whole.begin), from.end - from.begin,
                outcome_.words.begin() + static_cast<std::ptrdiff_t>(to));
  };
  for (const auto index : read.points) {
    const Point& point = plan_->points()[index];
    std::size_t to = offset_[index];
    const bool value = whole.holds(value_span(point));
    if (value) {
      copy({point.at, std::uint32_t{point.at} + point.registers}, to);
      missing_[index] &= static_cast<std::uint8_t>(~value_part);
    }
    to += point.registers;
    if (const auto scale = scale_span(point)) {
      if (whole.holds(*scale)) {
        copy(*scale, to);
        missing_[index] &= static_cast<std::uint8_t>(~scale_part);
      }
      to += 1;
    }
    if (value && point.plus) {
      copy({point.plus->at, std::uint32_t{point.plus->at} + registers_of(point.plus->type)}, to);
    }
  }
  outcome_.answered = true;
  outcome_.last_byte = reply.last_byte;
  ++current_;
}

void PollRun::take_failure(const Failure& failure) {
  const bool exception = failure.kind == FailureKind::exception;
  if (exception && !from_gateway(failure.exception)) outcome_.answered = true;
  switch (failure.severity()) {
    case Severity::point:
      take_refusal(failure.exception);
      return;
    case Severity::retry:
      if (pending_[current_].retries < busy_retries) {
        retry(busy_pause);
      } else {
        mark(pending_[current_].read, quality_of(failure));
        origins_[pending_[current_].origin].blamed = true;
        ++current_;
      }
      return;
    case Severity::unit:
    case Severity::bus:
      break;
  }
  const bool noise = failure.kind == FailureKind::crc || failure.kind == FailureKind::bad_reply;
  if (noise && pending_[current_].retries < noise_retries) {
    retry(std::chrono::milliseconds(0));
  } else {
    end(failure);
  }
}

void PollRun::retry(std::chrono::milliseconds pause) {
  ++pending_[current_].retries;
  pause_ = pause;
}

void PollRun::take_refusal(std::uint8_t exception) {
  const Pending refused = pending_[current_];
  Origin& origin = origins_[refused.origin];
  const auto halves = split_read(refused.read, plan_->points(), plan_->limits(), plan_->cost());
  ++current_;
  if (halves.empty()) {
    origin.blamed = true;
    mark(refused.read, exception_quality(exception));
    for (const auto point : refused.read.points) refusals_.emplace_back(point, exception);
  } else if (halves.size() > probes_left_) {
    cut_short_ = true;
    origin.blamed = true;
    mark(refused.read, exception_quality(exception));
  } else {
    if (has_gap(refused.read, plan_->points(), plan_->limits())) origin.gap_suspected = true;
    probes_left_ -= halves.size();
    for (const auto& half : halves) pending_.push_back({half, refused.origin, 0});
  }
}

// The first reason stays: it is the one that the rest follows from.
void PollRun::mark(const PlannedRead& read, Quality quality) {
  for (const auto point : read.points) {
    if (missing_[point] != 0 && outcome_.quality[point] == Quality::good) outcome_.quality[point] = quality;
  }
}

void PollRun::end(const Failure& failure) {
  outcome_.failure = failure;
  for (; current_ < pending_.size(); ++current_) {
    mark(pending_[current_].read, quality_of(failure));
    origins_[pending_[current_].origin].blamed = true;
  }
}

PollRun::Outcome PollRun::finish() {
  if (current_ < pending_.size()) throw std::logic_error("PollRun: finished before its last request");
  const auto points = plan_->points();
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (outcome_.quality[i] == Quality::good) continue;
    std::fill_n(outcome_.words.begin() + static_cast<std::ptrdiff_t>(offset_[i]), points[i].raw_words(),
                std::uint16_t{0});
  }
  teach();
  return std::move(outcome_);
}

void PollRun::teach() {
  plan_->search_ended(cut_short_);
  const auto& quality = outcome_.quality;
  if (std::find(quality.begin(), quality.end(), Quality::good) == quality.end()) return;
  for (const auto& [point, exception] : refusals_) plan_->refuse(point, exception);
  const auto only_gap = [](const Origin& origin) { return origin.gap_suspected && !origin.blamed; };
  if (std::any_of(origins_.begin(), origins_.end(), only_gap)) plan_->forbid_gaps();
}

}  // namespace congto::meter
