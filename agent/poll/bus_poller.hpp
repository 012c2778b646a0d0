// BusPoller: one coroutine that polls the meters of one bus, each when it is due, one request at a time, and
// gives `congto read` a turn in between. Runs on the io_context thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/poll/bus_health.hpp"
#include "agent/poll/meter_about.hpp"
#include "agent/poll/schedule.hpp"
#include "agent/poll/sink.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/meter.hpp"
#include "drivers/meter/poll_run.hpp"
#include "drivers/meter/site.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/response_times.hpp"

namespace congto::poll {

// One meter of this bus, and its place in the layout that its samples name: its points are taken from there.
struct PolledMeter {
  meter::Meter meter;
  std::uint16_t layout_index = 0;
};

struct BusState {
  std::string name;
  std::string state;  // "ok", "no link: …", "other master: …"
  double load = 0;    // share of the time since start with a poll under way
  modbus::LinkCounters counters;
  std::uint64_t polls = 0, failed_polls = 0, skipped_slots = 0, overruns = 0;
};

struct MeterState {
  std::string name;
  std::string state;  // "ok", "not read yet", "silent since …", "refuses …"
  std::optional<BootTime> last_read;
  std::uint64_t failures = 0;
};

class BusPoller {
 public:
  // `clock` and `sink` must outlive the poller. Starts nothing.
  BusPoller(boost::asio::any_io_executor executor, meter::Bus bus, std::vector<PolledMeter> meters,
            meter::LayoutPtr layout, std::unique_ptr<modbus::Link> link, const Clock& clock, Sink& sink);
  ~BusPoller();

  // Polls until stop(); co_spawn it once.
  boost::asio::awaitable<void> run();
  // Ends run() after the exchange under way and reports the slots that nobody will poll.
  void stop();
  // The wall clock was stepped: slots are laid anew.
  void clock_stepped();

  // Polls this meter (by name) at the next turn; false when it is not on this bus. `done` gets the sample.
  bool read_now(const std::string& meter, std::function<void(meter::Sample)> done);

  bool has(const std::string& meter) const;

  BusState state() const;
  std::vector<MeterState> meters() const;

 private:
  struct Unit {
    modbus::ResponseTimes times;
    std::optional<BootTime> last_traffic;
  };
  struct Polled {
    Polled(PolledMeter configured, const meter::LayoutPtr& layout, const meter::Bus& bus);
    PolledMeter meter;
    meter::MeterPlan plan;
    std::optional<BootTime> plan_reset;  // nothing: due at the next poll
    MeterAbout about;
    std::optional<BootTime> last_read;
    // The first failed sample of the slot while there is time to try again in the slot.
    std::optional<meter::Sample> held;
  };
  struct Turn {
    std::size_t meter;
    std::function<void(meter::Sample)> done;
  };

  boost::asio::awaitable<void> listen();
  bool must_listen() const;
  void tell_warnings();
  void answer_turns_without_line();
  boost::asio::awaitable<void> wait_until(BootTime when);
  boost::asio::awaitable<void> poll(Due due, std::function<void(meter::Sample)> done);
  boost::asio::awaitable<void> run_requests(meter::PollRun& run, std::size_t meter);
  boost::asio::awaitable<void> read_info(std::size_t meter);
  boost::asio::awaitable<modbus::Exchanged<modbus::Reply>> ask(modbus::Request request,
                                                               std::chrono::milliseconds timeout, Unit& unit);
  void tell_about(Polled& polled);
  meter::Sample make_sample(const Polled& polled, const Due& due) const;
  void deliver(std::size_t meter, meter::Sample sample, bool failed);
  void emit(meter::Sample sample);
  void count(const meter::Sample& sample);
  void release_held(BootTime now);
  BootTime or_next_release(BootTime earliest) const;
  void judge(std::size_t meter, const std::optional<modbus::Failure>& failure);
  void report_missed(const Due& due, const std::string& why);
  std::optional<Due> next_due(BootTime now);
  BootTime next_event(BootTime now) const;

  meter::Bus bus_;
  meter::LayoutPtr layout_;
  std::unique_ptr<modbus::Link> link_;
  const Clock& clock_;
  Sink& sink_;
  boost::asio::steady_timer timer_;
  std::vector<Polled> meters_;
  std::map<modbus::UnitId, Unit> units_;
  BusHealth health_;
  Schedule schedule_;
  std::deque<Turn> turns_;
  bool stopping_ = false;
  bool line_is_ours_ = false;  // listened to since its port was there, and no other master heard
  bool other_master_ = false;
  bool port_missing_ = false;     // at the last listening
  BootTime listen_at_{};          // while the line is not ours
  std::uint64_t reconnects_ = 0;  // at the last listening
  std::vector<std::string> warnings_told_;
  std::uint64_t polls_ = 0, failed_polls_ = 0, skipped_slots_ = 0, overruns_ = 0;
  BootTime started_{};
  std::chrono::microseconds busy_{0};  // with a poll under way, since started_
};

}  // namespace congto::poll
