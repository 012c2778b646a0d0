// See meter_plan.hpp.
#include "drivers/meter/meter_plan.hpp"

#include <algorithm>
#include <utility>

namespace congto::meter {

namespace {

// Enough to find a few bad points in the largest meters, or all in a block of 32; on a 9600 baud line about
// 1.5 s. The next poll goes on from what was found.
constexpr std::size_t first_probes = 64;
constexpr std::uint64_t search_again_every = 8;

constexpr int unanswered_borne = 2;  // noise must not cost a read its place
constexpr std::chrono::minutes first_pause{1};
constexpr std::chrono::hours longest_pause{24};

constexpr std::chrono::minutes refusal_borne{5};

}  // namespace

MeterPlan::MeterPlan(std::vector<Point> points, ReadLimits limits, WireCost cost)
    : MeterPlan(std::make_shared<const std::vector<Point>>(std::move(points)), std::move(limits), cost) {}

MeterPlan::MeterPlan(std::shared_ptr<const std::vector<Point>> points, ReadLimits limits, WireCost cost)
    : points_(std::move(points)),
      configured_(std::move(limits)),
      limits_(configured_),
      cost_(cost),
      refused_(points_->size(), 0),
      history_(points_->size()),
      plan_(plan_reads(*points_, {}, limits_, cost_)),
      probes_(first_probes) {}

void MeterPlan::refuse(std::size_t point, std::uint8_t exception, BootTime now) {
  History& history = history_[point];
  if (!history.refused_since) history.refused_since = now;
  if (history.given && now - *history.refused_since < refusal_borne) return;
  changed_ = changed_ || refused_[point] == 0;
  refused_[point] = exception;
}

void MeterPlan::given(std::size_t point) {
  history_[point].given = true;
  history_[point].refused_since.reset();
}

void MeterPlan::forbid_gaps() {
  changed_ = changed_ || limits_.max_gap != 0;
  limits_.max_gap = 0;
}

void MeterPlan::limit_registers(std::uint16_t most) {
  changed_ = changed_ || most < limits_.max_registers;
  limits_.max_registers = std::min(most, limits_.max_registers);
}

void MeterPlan::cut(modbus::Function function, std::uint32_t at) {
  changed_ = true;
  limits_.cuts.push_back({function, at});
}

std::size_t MeterPlan::probes() const { return fruitless_ % search_again_every == 0 ? probes_ : 0; }

void MeterPlan::search_ended(bool cut_short, bool anything_good) {
  const bool searched = probes() > 0;
  if (anything_good) fruitless_ = 0;
  if (searched && cut_short) {
    // Halving ends at single parts: so many are enough for any meter.
    probes_ = std::min(2 * probes_, 4 * (points_->size() + first_probes));
  } else if (!anything_good) {
    ++fruitless_;
  }
}

const MeterPlan::Unanswered* MeterPlan::unanswered(const PlannedRead& read) const {
  const auto known = std::find_if(unanswered_.begin(), unanswered_.end(),
                                  [&](const Unanswered& one) { return one.read == read; });
  return known == unanswered_.end() ? nullptr : &*known;
}

void MeterPlan::went_unanswered(const PlannedRead& read, Quality quality, BootTime now) {
  auto known = std::find_if(unanswered_.begin(), unanswered_.end(),
                            [&](const Unanswered& one) { return one.read == read; });
  if (known == unanswered_.end()) known = unanswered_.insert(known, Unanswered{read, quality, 0, {}, {}});
  known->quality = quality;
  if (++known->in_a_row <= unanswered_borne) return;
  known->pause = known->pause.count() == 0 ? first_pause
                                           : std::min<std::chrono::minutes>(2 * known->pause, longest_pause);
  known->retry_at = now + known->pause;
}

void MeterPlan::answered(const PlannedRead& read) {
  unanswered_.erase(std::remove_if(unanswered_.begin(), unanswered_.end(),
                                   [&](const Unanswered& one) { return one.read == read; }),
                    unanswered_.end());
}

void MeterPlan::reset() {
  changed_ = true;
  limits_ = configured_;
  fruitless_ = 0;
  unanswered_.clear();
  std::fill(refused_.begin(), refused_.end(), std::uint8_t{0});
}

void MeterPlan::replan() {
  if (!changed_) return;
  std::vector<bool> wanted(points_->size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = refused_[i] == 0;
  // plan_reads takes an empty list for "all"; with no points there is nothing to plan either way.
  plan_ = plan_reads(*points_, wanted, limits_, cost_);
  const auto& reads = plan_.reads;
  const auto gone = [&](const Unanswered& one) {
    return std::find(reads.begin(), reads.end(), one.read) == reads.end();
  };
  unanswered_.erase(std::remove_if(unanswered_.begin(), unanswered_.end(), gone), unanswered_.end());
  changed_ = false;
}

}  // namespace congto::meter
