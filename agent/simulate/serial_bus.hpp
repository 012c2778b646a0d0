// SerialBus: the units of a UnitSet on a pty, at the true speed of the line. Used by Simulation.
// One thread: the executor's. Always held by shared_ptr: handlers under way keep it alive.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/simulate/line_pacing.hpp"
#include "agent/simulate/pty.hpp"
#include "agent/simulate/simulated_bus.hpp"
#include "agent/simulate/unit_set.hpp"

namespace congto::simulate {

class SerialBus final : public SimulatedBus, public std::enable_shared_from_this<SerialBus> {
 public:
  static Result<std::shared_ptr<SerialBus>> open(boost::asio::any_io_executor executor,
                                                 const std::string& name, const std::filesystem::path& link,
                                                 const LinePacing& pacing, std::shared_ptr<UnitSet> units);

  const std::string& address() const override { return address_; }
  const BusStatistics& statistics() const override { return statistics_; }
  void stop() override;

 private:
  struct Sending {
    Transmission transmission;
    std::vector<std::uint8_t> bytes;
    std::size_t sent = 0;
  };

  SerialBus(boost::asio::any_io_executor executor, Pty pty, const LinePacing& pacing,
            std::shared_ptr<UnitSet> units);
  void receive();
  void take(std::size_t size);
  bool take_frame();
  void answer(std::size_t frame_size);
  void drop_unfinished();
  void await_rest_of_frame();
  void deliver();
  void await_delivery();

  Pty pty_;
  std::string address_;
  LinePacing pacing_;
  std::shared_ptr<UnitSet> units_;
  BusStatistics statistics_;
  boost::asio::posix::stream_descriptor line_;
  boost::asio::steady_timer delivery_;
  boost::asio::steady_timer frame_gap_;
  bool stopped_ = false;
  std::array<std::uint8_t, 1024> received_{};
  std::vector<std::uint8_t> frame_;  // bytes of a request that is not whole yet
  std::deque<Sending> sending_;
};

}  // namespace congto::simulate
