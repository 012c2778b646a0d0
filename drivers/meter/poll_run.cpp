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

PollRun::PollRun(MeterPlan& plan, modbus::UnitId unit, BootTime now)
    : plan_(&plan), unit_(unit), begun_(now), probes_left_(plan.probes()) {
  plan.replan();
  const auto& reads = plan.reads().reads;
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
  line_up();
}

void PollRun::line_up() {
  const auto& reads = plan_->reads().reads;
  const auto paused = [&](const PlannedRead& read) {
    const auto* silent = plan_->unanswered(read);
    return silent != nullptr && begun_ < silent->retry_at;
  };
  const bool all_paused = std::all_of(reads.begin(), reads.end(), paused);
  pending_.reserve(reads.size());
  for (std::size_t i = 0; i < reads.size(); ++i) {
    if (paused(reads[i]) && !all_paused) {
      mark(reads[i], plan_->unanswered(reads[i])->quality);
    } else {
      pending_.push_back({reads[i], i, 0});
    }
  }
  if (pending_.empty()) return;
  const auto first = static_cast<std::ptrdiff_t>(plan_->begins_with() % pending_.size());
  std::rotate(pending_.begin(), pending_.begin() + first, pending_.end());
}

bool PollRun::unanswered_before() const {
  return current_ < pending_.size() && plan_->unanswered(pending_[current_].read) != nullptr;
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
  if (!reads_bits(read.function)) longest_read_ = std::max(longest_read_, read.count);
  origins_[pending_[current_].origin].answered = true;
  replied_ = true;
  outcome_.answered = true;
  outcome_.last_byte = reply.last_byte;
  ++current_;
}

void PollRun::take_failure(const Failure& failure) {
  const bool exception = failure.kind == FailureKind::exception;
  if (exception && !from_gateway(failure.exception)) outcome_.answered = true;
  const bool noise = failure.kind == FailureKind::crc || failure.kind == FailureKind::bad_reply;
  const int retries = pending_[current_].retries;
  switch (failure.severity()) {
    case Severity::point:
      take_refusal(failure);
      return;
    case Severity::retry:
      if (retries < busy_retries) {
        retry(busy_pause);
      } else {
        end(failure);
      }
      return;
    case Severity::unit:
      if (noise && retries < noise_retries) {
        retry(std::chrono::milliseconds(0));
      } else {
        leave_unanswered(failure);
      }
      return;
    case Severity::bus:
      end(failure);
      return;
  }
}

void PollRun::retry(std::chrono::milliseconds pause) {
  ++pending_[current_].retries;
  pause_ = pause;
}

void PollRun::take_refusal(const Failure& failure) {
  const Pending refused = pending_[current_];
  const Quality quality = exception_quality(failure.exception);
  Origin& origin = origins_[refused.origin];
  if (!refusal_) refusal_ = failure;
  origin.answered = true;
  const auto halves = split_read(refused.read, plan_->points(), plan_->limits(), plan_->cost());
  ++current_;
  if (halves.empty()) {
    origin.blamed = true;
    mark(refused.read, quality);
    for (const auto point : refused.read.points) refusals_.emplace_back(point, failure.exception);
  } else if (halves.size() > probes_left_) {
    cut_short_ = true;
    origin.blamed = true;
    mark(refused.read, quality);
  } else {
    if (has_gap(refused.read, plan_->points(), plan_->limits())) origin.gap_suspected = true;
    if (origin.least_refused == 0 || refused.read.count < origin.least_refused) {
      origin.least_refused = refused.read.count;
      origin.cut = halves.size() > 1 ? halves[1].at : 0;
    }
    probes_left_ -= halves.size();
    for (const auto& half : halves) pending_.push_back({half, refused.origin, 0});
  }
}

// A meter may stay silent for addresses that it lacks. A unit that is gone is told by a second silence.
void PollRun::leave_unanswered(const Failure& failure) {
  const Pending& silent = pending_[current_];
  Origin& origin = origins_[silent.origin];
  const bool whole = silent.read == plan_->reads().reads[silent.origin];
  if (replied_ && whole) origin.unanswered = quality_of(failure);
  if (!replied_ || passed_over_) {
    end(failure);
    return;
  }
  passed_over_ = failure;
  origin.blamed = true;
  mark(silent.read, quality_of(failure));
  ++current_;
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
  const auto& quality = outcome_.quality;
  const bool anything_good = std::find(quality.begin(), quality.end(), Quality::good) != quality.end();
  if (anything_good || refusal_) plan_->search_ended(cut_short_, anything_good);
  if (!anything_good) {
    if (!outcome_.failure) {
      outcome_.failure = passed_over_ ? passed_over_ : refusal_;
    } else if (!replied_ && outcome_.failure->severity() != Severity::bus) {
      plan_->begin_with_another();
    }
    return;
  }
  for (std::size_t i = 0; i < quality.size(); ++i) {
    if (quality[i] == Quality::good) plan_->given(i);
  }
  for (const auto& [point, exception] : refusals_) plan_->refuse(point, exception, begun_);
  const auto& reads = plan_->reads().reads;
  for (std::size_t i = 0; i < origins_.size(); ++i) {
    if (origins_[i].unanswered)
      plan_->went_unanswered(reads[i], *origins_[i].unanswered, begun_);
    else if (origins_[i].answered)
      plan_->answered(reads[i]);
    teach_limits(origins_[i], reads[i].function);
  }
}

// A read was refused, and all its parts were given: what stood between them?
void PollRun::teach_limits(const Origin& origin, modbus::Function function) {
  if (origin.blamed || origin.least_refused == 0) return;
  if (origin.gap_suspected) {
    plan_->forbid_gaps();
  } else if (!reads_bits(function) && longest_read_ < origin.least_refused) {
    plan_->limit_registers(longest_read_);
  } else if (origin.cut != 0) {
    plan_->cut(function, origin.cut);
  }
}

}  // namespace congto::meter
