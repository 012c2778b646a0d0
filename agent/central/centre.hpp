// Centre: one consumer: takes what the broker hands over, has it stored, and tells the agents what is
// settled. Everything runs on one io_context thread, but the writer's and Paho's own; their handlers post
// here.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "agent/central/downlink.hpp"
#include "agent/central/settings.hpp"
#include "agent/central/trouble_log.hpp"
#include "agent/central/writer.hpp"
#include "agent/mqtt/client.hpp"
#include "drivers/core/clock.hpp"

namespace congto::central {

class Centre {
 public:
  explicit Centre(Settings settings);
  ~Centre();

  // Until SIGINT or SIGTERM. False: the database did not let go in time; the process should end at once.
  bool run();

 private:
  mqtt::Settings connection() const;
  mqtt::Handlers handlers();
  void arrived(mqtt::Message message);
  void stored(const Outcome& outcome);
  void flush();
  void tell_ready();
  void tick();
  void tell_late_database(BootTime now);
  void tell_counts();
  void stop();

  Settings settings_;
  SystemClock clock_;
  boost::asio::io_context context_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_timer_;
  std::unique_ptr<mqtt::Client> client_;
  std::unique_ptr<Writer> writer_;
  Downlink downlink_;
  TroubleLog troubles_;
  std::string broker_trouble_;
  bool database_up_ = false, database_late_ = false, ready_told_ = false, stopping_ = false, clean_ = true;
  std::uint64_t token_ = 0;
  std::uint64_t given_back_ = 0;  // batches that found no room, since it was last told
  Counts counts_;                 // since they were last told
  BootTime counts_told_;
};

}  // namespace congto::central
