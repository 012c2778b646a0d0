// UnitSet: the simulated units behind one bus: takes a request PDU and decides the answer, fault included.
// No I/O; the buses put frames around it. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/simulate/fault.hpp"
#include "agent/simulate/random.hpp"
#include "agent/simulate/register_image.hpp"
#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/site.hpp"

namespace congto::simulate {

enum class Damage : std::uint8_t { none, wrong_crc, rubbish };

struct Answer {
  std::vector<std::uint8_t> pdu;
  std::chrono::milliseconds delay{0};  // beyond the usual turnaround
  Damage damage = Damage::none;
};

class UnitSet {
 public:
  // `advance` is called before registers are read: it brings the plant up to now.
  UnitSet(meter::Transport transport, bool strict, std::function<void()> advance, Random random);

  struct Unit {
    RegisterImage image;
    meter::ReadLimits limits;
    Fault fault;
    std::vector<std::string> meters;  // names of the meters that make up this unit
  };
  Unit& unit(modbus::UnitId id) { return units_[id]; }

  // True when one of the units has that meter, or `meter` is "*".
  bool set_fault(const std::string& meter, const Fault& fault);

  // Nothing where a real bus stays silent. A TCP gateway answers for units it does not reach with
  // exception 11.
  std::optional<Answer> answer(modbus::UnitId id, std::span<const std::uint8_t> pdu);

  // The bytes on the wire.
  std::vector<std::uint8_t> rtu_frame(modbus::UnitId id, const Answer& answer);
  std::vector<std::uint8_t> tcp_frame(std::uint16_t transaction, modbus::UnitId id, const Answer& answer);

 private:
  std::vector<std::uint8_t> read(const Unit& unit, std::span<const std::uint8_t> pdu) const;
  std::vector<std::uint8_t> rubbish(std::size_t size);

  meter::Transport transport_;
  bool strict_;
  std::function<void()> advance_;
  Random random_;
  std::map<modbus::UnitId, Unit> units_;
};

}  // namespace congto::simulate
