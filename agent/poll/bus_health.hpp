// BusHealth: which meters of one bus may be asked now: its port or gateway, its units, and meters that their
// unit refuses; and why slots pass meanwhile. Used by the bus poller. Pure; the clock is handed in.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/poll/unit_health.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::poll {

class BusHealth {
 public:
  struct Place {
    modbus::UnitId unit = 0;
    std::string name;  // of the meter
  };
  // `note` is told of changes worth a line in the log. `link`: how they name the bus.
  BusHealth(std::string link, const std::vector<Place>& meters, std::function<void(const std::string&)> note);

  // How a poll of this meter ended. Where its unit answers again: for how long it had not.
  std::optional<BootTime::duration> judge(std::size_t meter, const std::optional<modbus::Failure>& failure,
                                          BootTime now);
  void port_failed(const modbus::Failure& failure, BootTime now);
  void port_returned();

  bool port_healthy() const { return port_.healthy(); }
  const std::string& port_failure() const { return port_.last_failure(); }
  BootTime port_retry_at() const { return port_.retry_at(); }
  bool unit_healthy(std::size_t meter) const { return unit(meter).healthy(); }
  BootTime retry_at(std::size_t meter) const;
  std::vector<bool> ready(BootTime now) const;  // one a meter
  // Polls in a row, and the last failure; empty: none.
  std::uint64_t failures(std::size_t meter) const;
  std::string trouble(std::size_t meter) const;

  // Why slots of this meter passed without a poll since its last one.
  const std::string& why_missed(std::size_t meter) const { return meters_[meter].why_missed; }
  void polled(std::size_t meter) { meters_[meter].why_missed = "overrun"; }
  void other_master();

 private:
  struct Meter {
    explicit Meter(const Place& where);
    Place place;
    UnitHealth refusals;  // its unit refuses it whole; the unit's other meters are not held up
    std::string why_missed = "overrun";
  };
  void unit_failed(std::size_t meter, const modbus::Failure& failure, BootTime now);
  std::string text(std::size_t meter) const;
  UnitHealth& unit(std::size_t meter) { return units_.at(meters_[meter].place.unit); }
  const UnitHealth& unit(std::size_t meter) const { return units_.at(meters_[meter].place.unit); }

  std::string link_;
  std::function<void(const std::string&)> note_;
  UnitHealth port_;  // port, connection, gateway
  std::map<modbus::UnitId, UnitHealth> units_;
  std::vector<Meter> meters_;
};

}  // namespace congto::poll
