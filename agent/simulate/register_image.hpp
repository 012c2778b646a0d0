// RegisterImage: the registers and coils of one simulated unit, as its points lay them out; answers reads as
// real meters do. Words are made when they are asked for. Pure but for where the values come from.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "drivers/meter/point.hpp"
#include "drivers/meter/read_plan.hpp"

namespace congto::simulate {

class RegisterImage {
 public:
  // Gives point.raw_words() words: value, scale register, plus part.
  using Source = std::function<std::vector<std::uint16_t>()>;

  void add(const meter::Point& point, Source source);

  struct Read {
    std::uint8_t exception = 0;        // 0: `words` count
    std::vector<std::uint16_t> words;  // one a register, or one (0 or 1) a coil
  };
  // Exception 3 for a count that the standard (strict: the unit's own limits, too) does not allow. Exception
  // 2 for registers that it does not have. Gaps read as zero, as on real meters: up to 16 registers or what
  // `limits` bear, whichever is more; strict: what `limits` bear. A strict unit refuses requests that split a
  // value.
  Read read(modbus::Function function, std::uint16_t at, std::uint16_t count, const meter::ReadLimits& limits,
            bool strict) const;

 private:
  // A run of consecutive registers of one point.
  struct Run {
    modbus::Function function;
    std::uint16_t at;
    std::size_t count;
    std::size_t source;  // index
    std::size_t offset;  // of its first word among the source's
  };
  static bool lacks(std::uint16_t at, std::uint16_t count, const std::vector<const Run*>& runs,
                    std::size_t gap);
  static bool splits(std::uint16_t at, std::uint16_t count, const std::vector<const Run*>& runs);

  std::vector<Run> runs_;  // by function, then address
  std::vector<Source> sources_;
};

}  // namespace congto::simulate
