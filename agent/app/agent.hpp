// Agent: the composition root of `congto run`: the one file pair that knows every part and wires them.
// Everything runs on one io_context thread, but the journal's and Paho's own threads; their handlers post
// here.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/app/agent_control.hpp"
#include "agent/app/settings.hpp"
#include "agent/control/socket.hpp"
#include "agent/journal/journal.hpp"
#include "agent/poll/bus_poller.hpp"
#include "agent/time/clock_steps.hpp"
#include "agent/time/kernel_clock.hpp"
#include "agent/time/reference.hpp"
#include "agent/uplink/uplink.hpp"
#include "drivers/core/clock.hpp"

namespace congto::app {

class Agent final : public poll::Sink {
 public:
  explicit Agent(Settings settings);
  ~Agent() override;

  // Runs until SIGINT or SIGTERM; an error when it could not begin.
  Result<void> run();

  // poll::Sink
  void sample(meter::Sample sample) override;
  void skipped(meter::Skipped skipped) override;
  void about(std::size_t meter, std::vector<std::pair<std::string, std::string>> info,
             std::vector<std::string> unsupported) override;
  void note(const std::string& text) override;

 private:
  Result<void> open_journal();
  void make_pollers();
  void make_uplink();
  void open_control();
  void watch_clock();
  void observe_clock(bool stepped);
  void adopt(const timing::Offset& offset);
  void date_without_time();
  void feed_watchdog();
  void begin_stop();
  void poller_ended(const std::exception_ptr& broken);
  void commit_last();
  void finish_stop();
  contract::Status own_status() const;  // all but the uplink's part
  contract::Status status() const;

  Settings settings_;
  SystemClock clock_;
  boost::asio::io_context context_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer clock_timer_, undated_timer_, watchdog_timer_, meta_timer_, stop_timer_;
  meter::LayoutPtr layout_;
  meter::Meta meta_;
  timing::TimeKeeper time_;
  timing::ClockSteps steps_{context_};
  std::unique_ptr<journal::Journal> journal_;
  std::vector<std::unique_ptr<poll::BusPoller>> pollers_;
  std::unique_ptr<uplink::Uplink> uplink_;
  std::unique_ptr<AgentControl> control_;
  std::unique_ptr<control::Server> server_;
  std::string control_trouble_;  // why there is no server yet
  BootTime started_;
  RecordId last_;  // committed last
  std::size_t running_pollers_ = 0;
  bool meta_waits_ = false;
  bool stopping_ = false;
  std::exception_ptr broken_;  // a poller's bug: ends the agent, systemd starts it again
};

}  // namespace congto::app
