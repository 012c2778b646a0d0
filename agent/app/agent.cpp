// Building, starting and stopping the parts in order; every decision of its own kind is made elsewhere.
#include "agent/app/agent.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "agent/app/links.hpp"
#include "agent/app/log.hpp"
#include "agent/app/site_command.hpp"
#include "agent/app/version.hpp"
#include "agent/control/notify.hpp"
#include "agent/time/host_clock.hpp"

namespace congto::app {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr auto clock_period = 10min;        // between two looks at NTP's state
constexpr auto clock_period_unknown = 10s;  // while the time is not known
constexpr auto meta_pause = 2s;             // info of several meters arrives together and goes out once
constexpr auto poller_patience = 300ms;     // of a clean stop, which takes less than 2 s in all
constexpr auto uplink_patience = 700ms;
// How wrong a clock may be that nobody vouches for: a box without battery can have been off for a season.
constexpr auto unknown_error = std::chrono::hours(24 * 366);

const char* source_name(timing::Source source) {
  switch (source) {
    case timing::Source::centre:
      return "centre";
    case timing::Source::ntp:
      return "ntp";
    case timing::Source::configured:
      return "configured";
    case timing::Source::none:
      break;
  }
  return "none";
}

std::int64_t seconds_since(BootTime then, BootTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
}

}  // namespace

Agent::Agent(Settings settings)
    : settings_(std::move(settings)),
      context_(1),
      signals_(context_),
      clock_timer_(context_),
      undated_timer_(context_),
      watchdog_timer_(context_),
      meta_timer_(context_),
      stop_timer_(context_),
      time_(settings_.trust_clock || (settings_.clock_by_host && timing::host_keeps_time())) {}

Agent::~Agent() = default;

Result<void> Agent::run() {
  started_ = clock_.boot();
  if (auto opened = open_journal(); !opened) return opened.error();
  make_pollers();
  make_uplink();
  open_control();
  watch_clock();
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](boost::system::error_code cancelled, int) {
    if (!cancelled) begin_stop();
  });
  for (auto& poller : pollers_) {
    ++running_pollers_;
    const auto ended = [this](const std::exception_ptr& broken) { poller_ended(broken); };
    asio::co_spawn(context_, poller->run(), ended);
  }
  control::notify("READY=1");
  feed_watchdog();
  log_info(settings_.agent + ": " + std::to_string(layout_->meters().size()) + " meters on " +
           std::to_string(pollers_.size()) + " buses; journal " + journal_path(settings_).string());
  context_.run();
  if (broken_) std::rethrow_exception(broken_);
  return {};
}

Result<void> Agent::open_journal() {
  const auto boot = timing::boot_id();
  if (!boot) return boot.error();
  journal::Settings wanted;
  wanted.file = journal_path(settings_);
  wanted.agent = settings_.agent;
  wanted.boot_id = *boot;
  wanted.commit_period = settings_.journal.commit_period;
  wanted.max_age = settings_.journal.max_age;
  wanted.max_bytes = settings_.journal.max_bytes;
  journal::Handlers handlers;
  handlers.committed = [this](journal::Commit commit) {
    asio::post(context_, [this, commit = std::move(commit)]() mutable {
      if (!commit.records.empty()) last_ = commit.records.back().id;
      if (uplink_) uplink_->committed(std::move(commit));
    });
  };
  handlers.dated = [this](EpochId epoch, Range range) {
    asio::post(context_, [this, epoch, range] {
      if (uplink_) uplink_->dated(epoch, range);
    });
  };
  handlers.found = [this](journal::EpochState epoch) {
    asio::post(context_, [this, epoch = std::move(epoch)] {
      if (uplink_) uplink_->found(epoch);
    });
  };
  handlers.trouble = [](const std::string& text) { log_warning("journal: " + text); };
  auto opened = journal::Journal::open(std::move(wanted), clock_, std::move(handlers));
  if (!opened) return opened.error();
  journal_ = std::move(*opened);
  return {};
}

void Agent::make_pollers() {
  std::vector<meter::LayoutMeter> described;
  for (auto& meter : settings_.plant.meters) described.push_back(meter.take_layout());
  layout_ = std::make_shared<const meter::Layout>(std::move(described));
  meta_.layout = layout_;
  meta_.info.resize(layout_->meters().size());
  meta_.unsupported.resize(layout_->meters().size());
  for (const auto& bus : settings_.plant.buses) {
    std::vector<poll::PolledMeter> polled;
    for (std::size_t i = 0; i < settings_.plant.meters.size(); ++i) {
      if (layout_->meters()[i].bus != bus.name) continue;
      polled.push_back({std::move(settings_.plant.meters[i]), static_cast<std::uint16_t>(i)});
    }
    if (polled.empty()) continue;
    pollers_.push_back(
        std::make_unique<poll::BusPoller>(context_.get_executor(), bus, std::move(polled), layout_,
                                          make_link(context_.get_executor(), bus, clock_), clock_, *this));
  }
  // The pollers and the layout have all that is needed of them.
  settings_.plant = {};
  // A layout that the journal does not know yet is told before its first sample.
  // The answer comes on the journal's thread: it has a copy of its own.
  journal_->layout(layout_->id(), [this, meta = meta_](const meter::LayoutPtr& known) {
    if (!known) journal_->append(meta);
  });
}

void Agent::make_uplink() {
  if (!settings_.uplink) return;
  const auto& configured = *settings_.uplink;
  uplink::Settings wanted;
  wanted.agent = settings_.agent;
  wanted.site = settings_.site;
  wanted.central = configured.ack == AckMode::central;
  wanted.centre = configured.centre;
  wanted.connection = mqtt::connection_to(configured);
  uplink::Handlers handlers;
  handlers.status = [this] { return own_status(); };
  handlers.centre_time = [this](WallTime now, BootTime at, std::chrono::milliseconds round_trip) {
    if (const auto offset = time_.centre_says(now, at, round_trip)) adopt(*offset);
  };
  handlers.note = [](const std::string& line) { log_info(line); };
  uplink_ = uplink::Uplink::create(context_.get_executor(), std::move(wanted), clock_, *journal_,
                                   std::move(handlers));
  uplink_->meta(meta_);
  uplink_->start();
}

// Tried again with each look at the clock: the state folder may be on a disk that comes late.
void Agent::open_control() {
  if (server_) return;
  if (!control_) {
    control_ = std::make_unique<AgentControl>(clock_, *journal_, pollers_, [this] { return status(); });
  }
  auto opened = control::Server::open(context_.get_executor(), socket_path(settings_),
                                      [this](const std::string& line, control::Respond respond) {
                                        control_->handle(line, std::move(respond));
                                      });
  if (opened) {
    server_ = std::move(*opened);
  } else if (std::exchange(control_trouble_, opened.error().message) != opened.error().message) {
    log_warning(control_trouble_ + "; `status`, `read` and `export` cannot ask this agent");
  }
}

void Agent::watch_clock() {
  auto watching = steps_.start([this] { observe_clock(true); });
  if (!watching) log_warning(watching.error().message);
  observe_clock(false);
  if (settings_.uplink && settings_.uplink->ack == AckMode::broker) {
    undated_timer_.expires_after(settings_.wait_for_time);
    undated_timer_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) date_without_time();
    });
  }
}

void Agent::observe_clock(bool stepped) {
  const auto view = timing::look(clock_);
  if (const auto offset = time_.observe(view)) adopt(*offset);
  if (stepped) {
    log_info("the clock was stepped to " + std::to_string(view.wall.time_since_epoch() / 1s) +
             " (Unix time): slots are laid anew; clock: " + time_.describe());
    for (auto& poller : pollers_) poller->clock_stepped();
  }
  open_control();
  clock_timer_.expires_after(time_.offset() ? std::chrono::seconds(clock_period) : clock_period_unknown);
  clock_timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) observe_clock(false);
  });
}

void Agent::adopt(const timing::Offset& offset) {
  const BootTime now = clock_.boot();
  const WallTime wall(now.time_since_epoch() + offset.wall_minus_boot);
  journal_->reference({now, wall, offset.error, source_name(offset.source)});
  meter::Dating dating;
  dating.offset = offset.wall_minus_boot;
  dating.error = offset.error;
  journal_->date(dating);
}

void Agent::date_without_time() {
  if (time_.offset()) return;
  log_warning(
      "the time is still not known: readings go out with clock = \"estimated\"; give the box NTP, or set "
      "clock = \"trusted\" where its clock is right");
  meter::Dating dating;
  dating.offset = clock_.wall().time_since_epoch() - clock_.boot().time_since_epoch();
  dating.estimated = true;
  dating.error = unknown_error;
  journal_->date(dating);
}

void Agent::feed_watchdog() {
  const auto period = control::watchdog_period();
  if (!period) return;
  control::notify("WATCHDOG=1");
  watchdog_timer_.expires_after(*period / 3);
  watchdog_timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) feed_watchdog();
  });
}

void Agent::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  control::notify("STOPPING=1");
  clock_timer_.cancel();
  undated_timer_.cancel();
  watchdog_timer_.cancel();
  steps_.stop();
  for (auto& poller : pollers_) poller->stop();
  stop_timer_.expires_after(poller_patience);
  stop_timer_.async_wait([this](boost::system::error_code) { commit_last(); });
  if (running_pollers_ == 0) stop_timer_.cancel();
}

void Agent::poller_ended(const std::exception_ptr& broken) {
  --running_pollers_;
  if (broken) {
    broken_ = broken;
    begin_stop();
  }
  if (stopping_ && running_pollers_ == 0) stop_timer_.cancel();
}

void Agent::commit_last() {
  server_.reset();
  journal_->commit_now([this] { asio::post(context_, [this] { finish_stop(); }); });
}

void Agent::finish_stop() {
  const auto end = [this] { context_.stop(); };
  if (uplink_) {
    uplink_->stop(uplink_patience, end);
  } else {
    end();
  }
}

void Agent::sample(meter::Sample sample) { journal_->append(std::move(sample)); }
void Agent::skipped(meter::Skipped skipped) { journal_->append(std::move(skipped)); }
void Agent::note(const std::string& text) { log_info(text); }

void Agent::about(std::size_t meter, std::vector<std::pair<std::string, std::string>> info,
                  std::vector<std::string> unsupported) {
  meta_.info[meter] = std::move(info);
  meta_.unsupported[meter] = std::move(unsupported);
  if (std::exchange(meta_waits_, true)) return;
  meta_timer_.expires_after(meta_pause);
  meta_timer_.async_wait([this](boost::system::error_code cancelled) {
    meta_waits_ = false;
    if (cancelled || stopping_) return;
    journal_->append(meta_);
    if (uplink_) uplink_->meta(meta_);
  });
}

contract::Status Agent::own_status() const {
  contract::Status status;
  const BootTime now = clock_.boot();
  const auto kept = journal_->status();
  status.agent = settings_.agent;
  status.site = settings_.site;
  status.version = version;
  status.sent = clock_.wall();
  status.clock = time_.describe();
  status.clock_known = time_.offset().has_value();
  status.journal = kept.durable ? "file" : "memory";
  status.journal_trouble = kept.trouble;
  status.journal_bytes = kept.file_bytes;
  status.waiting_for_time = kept.undated;
  status.uptime_s = static_cast<std::uint64_t>(seconds_since(started_, now));
  status.ack = settings_.uplink ? (settings_.uplink->ack == AckMode::central ? "central" : "broker") : "none";
  status.epoch = journal_->current();
  // While nothing can be committed the journal takes a new epoch at each try: nothing of that one exists yet.
  status.last_seq = last_.epoch == status.epoch ? last_.seq : 0;
  for (const auto& poller : pollers_) {
    const auto bus = poller->state();
    status.samples += bus.polls;
    status.failed_polls += bus.failed_polls;
    status.skipped_slots += bus.skipped_slots;
    status.overruns += bus.overruns;
    status.buses.push_back({bus.name, bus.state, bus.load, bus.counters.requests, bus.counters.timeouts,
                            bus.counters.crc_errors, bus.counters.stale_bytes, bus.counters.foreign_frames,
                            bus.overruns});
    if (bus.counters.foreign_frames > 0) {
      status.alarms.push_back(bus.name + ": frames of another master were heard");
    }
    for (const auto& meter : poller->meters()) {
      contract::Status::Meter told;
      told.name = meter.name;
      told.state = meter.state;
      told.failures = meter.failures;
      if (meter.last_read) told.last_read_age_s = seconds_since(*meter.last_read, now);
      status.meters.push_back(std::move(told));
    }
  }
  return status;
}

contract::Status Agent::status() const {
  auto status = own_status();
  if (uplink_) uplink_->complete(status);
  return status;
}

}  // namespace congto::app
