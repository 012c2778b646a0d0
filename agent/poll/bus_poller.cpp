// The polling coroutine. What to do next is decided by Schedule, UnitHealth and PollRun; here it is done.
#include "agent/poll/bus_poller.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace congto::poll {

namespace {

using namespace std::chrono_literals;

constexpr auto listen_time = 2s;  // design.md, Who owns the bus
constexpr auto listen_again_after = 60s;
constexpr auto daily_period = 24h;  // refused points are asked again
constexpr auto long_outage = 60s;
constexpr auto probe_waits = 5s;  // for an idle moment

std::vector<std::chrono::milliseconds> intervals(const std::vector<PolledMeter>& meters) {
  std::vector<std::chrono::milliseconds> all;
  for (const auto& polled : meters) all.push_back(polled.meter.every);
  return all;
}

std::vector<BusHealth::Place> places(const std::vector<PolledMeter>& meters) {
  std::vector<BusHealth::Place> all;
  for (const auto& polled : meters) all.push_back({polled.meter.unit_id, polled.meter.name});
  return all;
}

modbus::Failure stopped() { return {modbus::FailureKind::no_link, 0, "the poller was stopped"}; }

}  // namespace

BusPoller::Polled::Polled(PolledMeter configured, const meter::LayoutPtr& layout, const meter::Bus& bus)
    : meter(std::move(configured)),
      plan(meter::points_of(layout, meter.layout_index), meter.meter.limits.read,
           meter::wire_cost(bus, meter.meter.limits)),
      about(meter.meter, bus) {}

BusPoller::BusPoller(boost::asio::any_io_executor executor, meter::Bus bus, std::vector<PolledMeter> meters,
                     meter::LayoutPtr layout, std::unique_ptr<modbus::Link> link, const Clock& clock,
                     Sink& sink)
    : bus_(std::move(bus)),
      layout_(std::move(layout)),
      link_(std::move(link)),
      clock_(clock),
      sink_(sink),
      timer_(executor),
      health_(link_->name(), places(meters), [this](const std::string& text) { sink_.note(text); }),
      schedule_(intervals(meters)) {
  for (auto& configured : meters) {
    link_->set_pause(configured.meter.unit_id, configured.meter.limits.pause);
    units_.try_emplace(configured.meter.unit_id);
    meters_.emplace_back(std::move(configured), layout_, bus_);
    meters_.back().plan_reset = clock_.boot();
  }
}

BusPoller::~BusPoller() = default;

boost::asio::awaitable<void> BusPoller::run() {
  started_ = clock_.boot();
  co_await listen();
  // Slots count from here: what passed while listening was never promised.
  schedule_.align(clock_.boot(), clock_.wall());
  const std::function<void(meter::Sample)> to_the_sink;
  while (!stopping_) {
    const BootTime now = clock_.boot();
    release_held(now);
    if (must_listen() && now >= listen_at_) {
      co_await listen();
    } else if (must_listen()) {
      answer_turns_without_line();
      co_await wait_until(or_next_release(listen_at_));
    } else if (!turns_.empty()) {
      Turn turn = std::move(turns_.front());
      turns_.pop_front();
      Due due;
      due.meter = turn.meter;
      due.slot = now;
      co_await poll(due, std::move(turn.done));
    } else if (const auto due = next_due(now)) {
      co_await poll(*due, to_the_sink);
    } else {
      co_await wait_until(next_event(now));
    }
  }
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (auto held = std::exchange(meters_[i].held, std::nullopt)) emit(std::move(*held));
    const auto rest = schedule_.give_up(i, clock_.boot());
    if (rest) report_missed(*rest, health_.why_missed(i));
  }
  link_->close();
}

// Before the first request, and after a serial port was gone: somebody may have put another master on the
// line.
bool BusPoller::must_listen() const {
  const bool reopened = bus_.transport == meter::Transport::serial && !bus_.release &&
                        link_->counters().reconnects != reconnects_;
  return !line_is_ours_ || reopened;
}

boost::asio::awaitable<void> BusPoller::listen() {
  const auto heard = co_await link_->listen(listen_time);
  if (stopping_) co_return;
  const BootTime now = clock_.boot();
  reconnects_ = link_->counters().reconnects;
  const bool was_missing = std::exchange(port_missing_, heard.has_error());
  // State first: whoever gets a note may ask for it.
  const bool was_foreign = std::exchange(other_master_, heard.has_value() && heard->foreign_frames > 0);
  line_is_ours_ = heard.has_value() && !other_master_;
  if (heard.has_error()) {
    health_.port_failed(heard.error(), now);
    listen_at_ = health_.port_retry_at();
    co_return;
  }
  if (was_missing) health_.port_returned();
  tell_warnings();
  if (other_master_) {
    listen_at_ = now + listen_again_after;
    health_.other_master();
    if (!was_foreign) {
      sink_.note(link_->name() + ": another master polls this line (" +
                 std::to_string(heard->foreign_frames) +
                 " frames in 2 s that we did not send). It is not polled; disconnect the other master. "
                 "Listening again every minute.");
    }
  } else if (was_foreign) {
    sink_.note(link_->name() + ": the other master is gone; polling begins");
  }
}

void BusPoller::tell_warnings() {
  if (link_->warnings() == warnings_told_) return;
  warnings_told_ = link_->warnings();
  for (const auto& warning : warnings_told_) sink_.note(link_->name() + ": " + warning);
}

void BusPoller::answer_turns_without_line() {
  for (auto& turn : std::exchange(turns_, {})) {
    const Polled& polled = meters_[turn.meter];
    Due due;
    due.slot = clock_.boot();
    auto sample = make_sample(polled, due);
    sample.quality.assign(polled.plan.points().size(), meter::Quality::no_link);
    for (const auto& point : polled.plan.points())
      sample.words.resize(sample.words.size() + point.raw_words());
    turn.done(std::move(sample));
  }
}

boost::asio::awaitable<void> BusPoller::wait_until(BootTime when) {
  // The timer runs on the monotonic clock, which differs from boot time only across a suspend.
  timer_.expires_after(std::max(when - clock_.boot(), std::chrono::microseconds(0)));
  boost::system::error_code woken;
  co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
}

boost::asio::awaitable<void> BusPoller::poll(Due due, std::function<void(meter::Sample)> done) {
  Polled& polled = meters_[due.meter];
  if (!done) {
    if (polled.held && polled.held->slot != due.slot) emit(*std::exchange(polled.held, std::nullopt));
    if (due.missed > 0) report_missed(due, health_.why_missed(due.meter));
    health_.polled(due.meter);
  }
  const BootTime begun = clock_.boot();
  // Daily, and for who asks by hand, what the unit refused is asked again.
  if (done || !polled.plan_reset || begun - *polled.plan_reset >= daily_period) {
    polled.plan.reset();
    polled.plan_reset = begun;
  }
  meter::PollRun run(polled.plan, polled.meter.meter.unit_id, begun);
  co_await run_requests(run, due.meter);
  auto outcome = run.finish();
  if (stopping_ && outcome.failure && !done) co_return;  // cut short by stop(), not by the meter
  judge(due.meter, outcome.failure);

  auto sample = make_sample(polled, due);
  if (outcome.last_byte != BootTime{}) sample.stamp = outcome.last_byte;
  sample.took = std::chrono::ceil<std::chrono::milliseconds>(sample.stamp - begun);
  sample.words = std::move(outcome.words);
  sample.quality = std::move(outcome.quality);
  if (outcome.answered && !outcome.failure) polled.last_read = sample.stamp;
  if (done) {
    count(sample);
    done(std::move(sample));
  } else {
    deliver(due.meter, std::move(sample), outcome.failure.has_value());
  }
  if (outcome.answered && !outcome.failure && polled.about.info_due(clock_.boot())) {
    co_await read_info(due.meter);
  }
  tell_about(polled);
  busy_ += clock_.boot() - begun;
  if (bus_.release) link_->close();
}

boost::asio::awaitable<void> BusPoller::run_requests(meter::PollRun& run, std::size_t meter) {
  const auto& configured = meters_[meter].meter.meter;
  const auto& limits = configured.limits;
  Unit& unit = units_.at(configured.unit_id);
  auto request = run.next();
  if (request && limits.wake && (!unit.last_traffic || clock_.boot() - *unit.last_traffic > *limits.wake)) {
    // A sleeping device answers nothing to its first request; what comes back does not count.
    const auto ignored = co_await ask(*request, unit.times.timeout(limits.timeout), unit);
    static_cast<void>(ignored);
  }
  while (request) {
    const auto pause = run.pause_before_next();
    if (pause > 0ms) co_await wait_until(clock_.boot() + pause);
    // What was learned from a unit's quick replies must not lock it out when it becomes slow.
    const bool quick = health_.unit_healthy(meter) && !run.unanswered_before();
    const auto timeout = quick ? unit.times.timeout(limits.timeout) : limits.timeout;
    const auto outcome = co_await ask(*request, timeout, unit);
    run.take(outcome);
    request = run.next();
  }
}

boost::asio::awaitable<modbus::Exchanged<modbus::Reply>> BusPoller::ask(modbus::Request request,
                                                                        std::chrono::milliseconds timeout,
                                                                        Unit& unit) {
  if (stopping_) co_return stopped();
  auto outcome = co_await link_->exchange(request, timeout);
  if (outcome) {
    unit.times.add(outcome->took);
    unit.last_traffic = outcome->last_byte;
  }
  co_return outcome;
}

boost::asio::awaitable<void> BusPoller::read_info(std::size_t meter) {
  if (stopping_) co_return;
  Polled& polled = meters_[meter];
  meter::PollRun run(polled.about.begin_info(), polled.meter.meter.unit_id, clock_.boot());
  co_await run_requests(run, meter);
  if (!stopping_) polled.about.take_info(run.finish(), clock_.boot());
}

void BusPoller::tell_about(Polled& polled) {
  if (!polled.plan_reset) return;  // everything is about to be asked again: what is known now may be old
  if (auto refused = polled.about.news(polled.plan)) {
    std::string names;
    for (const auto& name : *refused) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty()) {
      sink_.note(link_->name() + ": " + polled.meter.meter.name + " refuses " + names +
                 ": left out, and asked again once a day");
    }
    sink_.about(polled.meter.layout_index, polled.about.info(), std::move(*refused));
  }
}

meter::Sample BusPoller::make_sample(const Polled& polled, const Due& due) const {
  meter::Sample sample;
  sample.layout = layout_;
  sample.meter = polled.meter.layout_index;
  sample.slot = due.slot;
  sample.stamp = clock_.boot();
  return sample;
}

// A poll that failed whole is tried again in its slot when its unit may be asked again before the next one:
// bills need quarter hours, and one lost frame must not cost one. A slot gives one sample.
void BusPoller::deliver(std::size_t meter, meter::Sample sample, bool failed) {
  Polled& polled = meters_[meter];
  if (failed && sample.failed_whole()) {
    if (polled.held) sample = std::move(*polled.held);
    polled.held.reset();
    if (health_.retry_at(meter) < sample.slot + polled.meter.meter.every) {
      polled.held = std::move(sample);
      return;
    }
  }
  polled.held.reset();
  emit(std::move(sample));
}

void BusPoller::release_held(BootTime now) {
  for (auto& polled : meters_) {
    if (polled.held && now >= polled.held->slot + polled.meter.meter.every) {
      emit(*std::exchange(polled.held, std::nullopt));
    }
  }
}

BootTime BusPoller::or_next_release(BootTime earliest) const {
  for (const auto& polled : meters_) {
    if (polled.held) earliest = std::min(earliest, polled.held->slot + polled.meter.meter.every);
  }
  return earliest;
}

void BusPoller::count(const meter::Sample& sample) {
  ++polls_;
  if (sample.failed_whole()) ++failed_polls_;
}

void BusPoller::emit(meter::Sample sample) {
  count(sample);
  sink_.sample(std::move(sample));
}

void BusPoller::judge(std::size_t meter, const std::optional<modbus::Failure>& failure) {
  const BootTime now = clock_.boot();
  const auto was_gone = health_.judge(meter, failure, now);
  if (failure && failure->kind == modbus::FailureKind::no_link &&
      bus_.transport == meter::Transport::serial) {
    line_is_ours_ = false;
    listen_at_ = health_.port_retry_at();
  }
  if (!was_gone) return;
  for (auto& other : meters_) {
    if (other.meter.meter.unit_id != meters_[meter].meter.meter.unit_id) continue;
    other.about.unit_returned();
    if (*was_gone > long_outage) other.plan_reset.reset();  // it may be another device by now
  }
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

// Who answers goes first: a probe of a silent unit may take the time of a whole slot. But on a line that is
// never idle it must have its turn, too.
std::optional<Due> BusPoller::next_due(BootTime now) {
  const auto able = health_.ready(now);
  auto first = able;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (health_.failures(i) > 0 && now - health_.retry_at(i) < probe_waits) first[i] = false;
  }
  if (auto due = schedule_.take(now, first)) return due;
  if (auto due = schedule_.take(now, able)) return due;
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (!able[i] || !meters_[i].held) continue;
    Due again;
    again.meter = i;
    again.slot = meters_[i].held->slot;
    return again;
  }
  return std::nullopt;
}

BootTime BusPoller::next_event(BootTime now) const {
  const auto able = health_.ready(now);
  BootTime earliest = schedule_.next(able).value_or(now + listen_again_after);
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (!able[i]) earliest = std::min(earliest, health_.retry_at(i));
  }
  return or_next_release(earliest);
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
  state.state = other_master_             ? "other master: this line is polled by somebody else"
                : !health_.port_healthy() ? health_.port_failure()
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
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    MeterState state;
    state.name = meters_[i].meter.meter.name;
    state.state = health_.trouble(i);
    if (state.state.empty()) state.state = meters_[i].last_read ? "ok" : "not read yet";
    state.last_read = meters_[i].last_read;
    state.failures = health_.failures(i);
    all.push_back(std::move(state));
  }
  return all;
}

}  // namespace congto::poll
