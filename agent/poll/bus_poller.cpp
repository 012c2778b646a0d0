// The polling coroutine. What to do next is decided by Schedule, UnitHealth and PollRun; here it is done.
#include "agent/poll/bus_poller.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "drivers/meter/decode.hpp"

namespace congto::poll {

namespace {

using namespace std::chrono_literals;

constexpr auto first_unit_pause = 1s;
constexpr auto longest_unit_pause = 60s;  // design.md, Schedule: capped at 60 s
constexpr auto longest_port_pause = 30s;
constexpr auto listen_time = 2s;  // design.md, Who owns the bus
constexpr auto listen_again_after = 60s;
constexpr auto daily_period = 24h;  // refused points and info are asked again

std::vector<std::chrono::milliseconds> intervals(const std::vector<PolledMeter>& meters) {
  std::vector<std::chrono::milliseconds> all;
  for (const auto& polled : meters) all.push_back(polled.meter.every);
  return all;
}

}  // namespace

BusPoller::Unit::Unit() : health(first_unit_pause, longest_unit_pause) {}

BusPoller::Polled::Polled(PolledMeter configured, const meter::Bus& bus)
    : meter(std::move(configured)),
      plan(meter.meter.points, meter.meter.limits.read, meter::wire_cost(bus, meter.meter.limits)),
      info_plan(meter.meter.info, meter.meter.limits.read, meter::wire_cost(bus, meter.meter.limits)),
      info_wanted(!meter.meter.info.empty()) {}

BusPoller::BusPoller(boost::asio::any_io_executor executor, meter::Bus bus, std::vector<PolledMeter> meters,
                     meter::LayoutPtr layout, std::unique_ptr<modbus::Link> link, const Clock& clock,
                     Sink& sink)
    : bus_(std::move(bus)),
      layout_(std::move(layout)),
      link_(std::move(link)),
      clock_(clock),
      sink_(sink),
      timer_(executor),
      port_(first_unit_pause, longest_port_pause),
      schedule_(intervals(meters)),
      missed_why_(meters.size(), "overrun") {
  for (auto& configured : meters) {
    link_->set_pause(configured.meter.unit_id, configured.meter.limits.pause);
    units_.try_emplace(configured.meter.unit_id);
    meters_.emplace_back(std::move(configured), bus_);
    meters_.back().plan_reset = clock_.boot();
  }
}

BusPoller::~BusPoller() = default;

boost::asio::awaitable<void> BusPoller::run() {
  started_ = clock_.boot();
  bool ours = co_await line_is_ours();
  // Slots count from here: what passed while listening was never promised.
  schedule_.align(clock_.boot(), clock_.wall());
  while (!ours && !stopping_) {
    co_await wait_until(clock_.boot() + listen_again_after);
    if (!stopping_) ours = co_await line_is_ours();
  }
  while (!stopping_) {
    const BootTime now = clock_.boot();
    if (!turns_.empty()) {
      Turn turn = std::move(turns_.front());
      turns_.pop_front();
      Due due;
      due.meter = turn.meter;
      due.slot = now;
      co_await poll(due, std::move(turn.done));
      continue;
    }
    const auto due = schedule_.take(now, ready(now));
    if (due) {
      co_await poll(*due, {});
    } else {
      co_await wait_until(next_event(now).value_or(now + listen_again_after));
    }
  }
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    const auto rest = schedule_.give_up(i, clock_.boot());
    if (rest) report_missed(*rest, why_missed(i));
  }
  link_->close();
}

boost::asio::awaitable<bool> BusPoller::line_is_ours() {
  const auto heard = co_await link_->listen(listen_time);
  if (heard.has_error()) co_return true;  // no port yet: the first exchange tells it, and tries again
  const bool foreign = heard->foreign_frames > 0;
  const bool was_foreign =
      std::exchange(other_master_, foreign);  // first: whoever gets a note may ask state()
  if (foreign && !was_foreign) {
    sink_.note(link_->name() + ": another master polls this line (" + std::to_string(heard->foreign_frames) +
               " frames in 2 s that we did not send). It is not polled; disconnect the other master. "
               "Listening again every minute.");
  }
  if (!foreign && was_foreign) sink_.note(link_->name() + ": the other master is gone; polling begins");
  std::fill(missed_why_.begin(), missed_why_.end(), foreign ? "other-master" : "overrun");
  co_return !foreign;
}

boost::asio::awaitable<void> BusPoller::wait_until(BootTime when) {
  // The timer runs on the monotonic clock, which differs from boot time only across a suspend.
  timer_.expires_after(std::max(when - clock_.boot(), std::chrono::microseconds(0)));
  boost::system::error_code woken;
  co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
}

boost::asio::awaitable<void> BusPoller::poll(Due due, std::function<void(meter::Sample)> done) {
  Polled& polled = meters_[due.meter];
  Unit& unit = unit_of(polled);
  if (due.missed > 0) report_missed(due, why_missed(due.meter));
  missed_why_[due.meter] = "overrun";
  const BootTime begun = clock_.boot();
  daily(polled, begun);

  meter::PollRun run(polled.plan, polled.meter.meter.unit_id);
  co_await run_requests(run, polled, unit);
  auto outcome = run.finish();
  if (stopping_ && outcome.failure && !done) co_return;  // cut short by stop(), not by the meter
  judge(polled, unit, outcome);

  meter::Sample sample;
  sample.layout = layout_;
  sample.meter = polled.meter.layout_index;
  sample.slot = due.slot;
  sample.stamp = outcome.last_byte == BootTime{} ? clock_.boot() : outcome.last_byte;
  sample.took = std::chrono::ceil<std::chrono::milliseconds>(sample.stamp - begun);
  sample.words = std::move(outcome.words);
  sample.quality = std::move(outcome.quality);
  ++polls_;
  if (sample.failed_whole()) ++failed_polls_;
  if (outcome.answered && !outcome.failure) polled.last_read = sample.stamp;
  if (done) {
    done(std::move(sample));
  } else {
    sink_.sample(std::move(sample));
  }
  if (outcome.answered && polled.info_wanted) co_await read_info(polled, unit);
  tell_about(polled);
  busy_ += clock_.boot() - begun;
  if (bus_.release) link_->close();
}

boost::asio::awaitable<void> BusPoller::run_requests(meter::PollRun& run, Polled& polled, Unit& unit) {
  const auto& wake = polled.meter.meter.limits.wake;
  auto request = run.next();
  if (request && wake && (!unit.last_traffic || clock_.boot() - *unit.last_traffic > *wake)) {
    // A sleeping device answers nothing to its first request; what comes back does not count.
    const auto ignored = co_await ask(*request, polled, unit);
    static_cast<void>(ignored);
  }
  while (request) {
    const auto pause = run.pause_before_next();
    if (pause > 0ms) co_await wait_until(clock_.boot() + pause);
    const auto outcome = co_await ask(*request, polled, unit);
    run.take(outcome);
    request = run.next();
  }
}

boost::asio::awaitable<modbus::Exchanged<modbus::Reply>> BusPoller::ask(modbus::Request request,
                                                                        const Polled& polled, Unit& unit) {
  const auto timeout = unit.times.timeout(polled.meter.meter.limits.timeout);
  auto outcome = co_await link_->exchange(request, timeout);
  if (outcome) {
    unit.times.add(outcome->took);
    unit.last_traffic = outcome->last_byte;
  }
  co_return outcome;
}

boost::asio::awaitable<void> BusPoller::read_info(Polled& polled, Unit& unit) {
  polled.info_plan.replan();
  meter::PollRun run(polled.info_plan, polled.meter.meter.unit_id);
  co_await run_requests(run, polled, unit);
  const auto outcome = run.finish();
  if (outcome.failure) co_return;  // asked again after the next good poll
  polled.info_wanted = false;
  polled.info_read = clock_.boot();
  polled.info.clear();
  std::size_t offset = 0;
  for (std::size_t i = 0; i < polled.info_plan.points().size(); ++i) {
    const auto& point = polled.info_plan.points()[i];
    const auto words = std::span(outcome.words).subspan(offset, point.raw_words());
    offset += point.raw_words();
    if (outcome.quality[i] != meter::Quality::good) continue;
    const auto reading = meter::decode(point, words);
    if (reading.quality != meter::Quality::good) continue;
    polled.info.emplace_back(point.name,
                             point.type == meter::Type::ascii ? reading.text : reading.value.text());
  }
  polled.refused = SIZE_MAX;  // so that tell_about() speaks
}

void BusPoller::daily(Polled& polled, BootTime now) {
  if (now - polled.plan_reset >= daily_period) {
    polled.plan.reset();
    polled.plan_reset = now;
  }
  if (polled.info_read && now - *polled.info_read >= daily_period) {
    polled.info_plan.reset();
    polled.info_wanted = true;
  }
  polled.plan.replan();
}

void BusPoller::judge(Polled& polled, Unit& unit, const meter::PollRun::Outcome& outcome) {
  const BootTime now = clock_.boot();
  const auto unit_text = link_->name() + ": unit " + std::to_string(polled.meter.meter.unit_id) + " (" +
                         polled.meter.meter.name + ")";
  const bool bus_down = outcome.failure && outcome.failure->severity() == modbus::Severity::bus;
  if (bus_down) {
    if (port_.healthy())
      sink_.note(link_->name() + ": " + outcome.failure->word() + ": " + outcome.failure->detail);
    port_.failed(*outcome.failure, now);
    return;
  }
  if (!port_.healthy()) sink_.note(link_->name() + ": is back");
  port_.answered();
  if (!outcome.failure) {
    if (!unit.health.healthy()) {
      sink_.note(unit_text + " answers again");
      for (auto& other : meters_) {
        if (other.meter.meter.unit_id == polled.meter.meter.unit_id)
          other.info_wanted = !other.meter.meter.info.empty();
      }
    }
    unit.health.answered();
    return;
  }
  if (unit.health.healthy())
    sink_.note(unit_text + ": " + outcome.failure->word() + " " + outcome.failure->detail);
  unit.health.failed(*outcome.failure, now);
}

void BusPoller::tell_about(Polled& polled) {
  const auto& refused = polled.plan.refused();
  const auto count = static_cast<std::size_t>(
      std::count_if(refused.begin(), refused.end(), [](std::uint8_t code) { return code != 0; }));
  if (count == polled.refused) return;
  polled.refused = count;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    if (refused[i] != 0) names.push_back(polled.plan.points()[i].name);
  }
  sink_.about(polled.meter.layout_index, polled.info, std::move(names));
}

void BusPoller::report_missed(const Due& due, const std::string& why) {
  skipped_slots_ += due.missed;
  if (why == "overrun") overruns_ += due.missed;
  meter::Skipped skipped;
  skipped.layout = layout_;
  skipped.meter = meters_[due.meter].meter.layout_index;
  skipped.from = due.missed_from;
  skipped.to = due.missed_to;
  skipped.count = due.missed;
  skipped.why = why;
  sink_.skipped(std::move(skipped));
}

std::string BusPoller::why_missed(std::size_t meter) const {
  if (!port_.healthy()) return "no-link";
  const auto& unit = units_.at(meters_[meter].meter.meter.unit_id);
  if (!unit.health.healthy()) return "back-off";
  return missed_why_[meter];
}

std::vector<bool> BusPoller::ready(BootTime now) const {
  std::vector<bool> all(meters_.size(), port_.ready(now));
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (!units_.at(meters_[i].meter.meter.unit_id).health.ready(now)) all[i] = false;
  }
  return all;
}

std::optional<BootTime> BusPoller::next_event(BootTime now) const {
  const auto able = ready(now);
  auto earliest = schedule_.next(able);
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (able[i]) continue;
    const auto retry =
        std::max(port_.retry_at(), units_.at(meters_[i].meter.meter.unit_id).health.retry_at());
    if (!earliest || retry < *earliest) earliest = retry;
  }
  return earliest;
}

void BusPoller::stop() {
  stopping_ = true;
  timer_.cancel();
  link_->close();  // ends an exchange under way at once
}

void BusPoller::clock_stepped() {
  schedule_.align(clock_.boot(), clock_.wall());
  timer_.cancel();
}

bool BusPoller::read_now(const std::string& meter, std::function<void(meter::Sample)> done) {
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (meters_[i].meter.meter.name != meter) continue;
    turns_.push_back({i, std::move(done)});
    timer_.cancel();
    return true;
  }
  return false;
}

bool BusPoller::has(const std::string& meter) const {
  return std::any_of(meters_.begin(), meters_.end(),
                     [&](const Polled& polled) { return polled.meter.meter.name == meter; });
}

BusState BusPoller::state() const {
  BusState state;
  state.name = bus_.name;
  state.state = other_master_      ? "other master: this line is polled by somebody else"
                : !port_.healthy() ? port_.last_failure()
                                   : "ok";
  const auto elapsed = clock_.boot() - started_;
  if (elapsed.count() > 0) {
    state.load = std::min(1.0, static_cast<double>(busy_.count()) / static_cast<double>(elapsed.count()));
  }
  state.counters = link_->counters();
  state.polls = polls_;
  state.failed_polls = failed_polls_;
  state.skipped_slots = skipped_slots_;
  state.overruns = overruns_;
  return state;
}

std::vector<MeterState> BusPoller::meters() const {
  std::vector<MeterState> all;
  for (const auto& polled : meters_) {
    const auto& unit = units_.at(polled.meter.meter.unit_id);
    MeterState state;
    state.name = polled.meter.meter.name;
    state.last_read = polled.last_read;
    state.failures = unit.health.failures();
    if (!port_.healthy()) {
      state.state = port_.last_failure();
    } else if (!unit.health.healthy()) {
      state.state = unit.health.last_failure();
    } else {
      state.state = polled.last_read ? "ok" : "not read yet";
    }
    all.push_back(std::move(state));
  }
  return all;
}

}  // namespace congto::poll
