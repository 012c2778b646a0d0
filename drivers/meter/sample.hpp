// Sample: what one poll of one meter brought: raw registers and a quality for every point, at one instant.
// Values are decoded on demand (decode.hpp); the journal keeps samples, never decoded values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/meter/layout.hpp"

namespace congto::meter {

// Why a point has no value in a sample. `good` covers all that was read: not-available marks and implausible
// numbers are found when decoding. The numbers are stored in journals: never renumber, only append.
enum class Quality : std::uint8_t {
  good = 0,
  timeout = 1,
  crc = 2,
  bad_reply = 3,
  no_link = 4,
  not_available = 5,
  implausible = 6,
  unsupported = 7,      // exceptions 1-3 earlier: not asked in this poll; stands in meta, not in `q`
  exception_base = 16,  // 16 + N: exception N, 1 <= N <= 239
};

Quality exception_quality(std::uint8_t code);
// "good", "timeout", "exception-2", …: the words of contract.md.
std::string text(Quality quality);

struct Sample {
  LayoutPtr layout;
  std::uint16_t meter = 0;            // index into layout->meters()
  BootTime stamp;                     // when the last byte of the poll's last reply arrived (or it failed)
  BootTime slot;                      // when the poll was due
  std::chrono::milliseconds took{0};  // from the first request to the stamp
  std::vector<std::uint16_t> words;   // points in layout order, Point::raw_words() each; 0 where not read
  std::vector<Quality> quality;       // one a point

  const LayoutMeter& layout_meter() const { return layout->meters()[meter]; }
  // The poll failed whole: every point that was asked has the same quality, and it is not good.
  bool failed_whole() const;
};

}  // namespace congto::meter
