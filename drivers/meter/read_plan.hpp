// ReadPlan: which requests fetch a meter's points in the least wire time. Pure; property-tested.
// Rules: every wanted word is read; nothing beyond the allowed gaps; never over the limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/meter/point.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

// What a device bears, from the head of its profile.
struct ReadLimits {
  std::uint16_t max_registers = 50;  // 1-125; coils are limited to 2000 by the standard alone
  std::uint16_t max_gap = 0;         // unwanted registers that a request may run over
  std::uint16_t align = 1;           // start and count must be multiples of this (SDM120: 2)
  bool single = false;               // one register a request (coils likewise)
};

// What a request costs on this bus. Serial: from baud, parity and stop bits; TCP: per_byte is nearly nothing,
// per_request the round trip.
struct WireCost {
  std::chrono::nanoseconds per_byte{1'041'667};  // 10 bits at 9600 baud
  std::chrono::nanoseconds per_request{0};       // turnaround of the unit plus both silences
  unsigned request_bytes = 8;                    // RTU read request; TCP 12
  unsigned reply_overhead = 5;                   // RTU: unit, function, byte count, CRC; TCP 9
};

struct PlannedRead {
  modbus::Function function = modbus::Function::read_holding_registers;
  std::uint16_t at = 0;
  std::uint16_t count = 0;
  std::vector<std::uint16_t> points;  // indexes into the span given to plan_reads, all served by this read
  bool operator==(const PlannedRead&) const = default;
};

struct ReadPlan {
  std::vector<PlannedRead> reads;  // by function, then address
  std::chrono::nanoseconds wire_time{0};
};

// `wanted`: which points to fetch; an empty vector means all. Point parts that must come in one request
// (value and plus) are never split. A scale register may come in another request of the same plan: then its
// point is listed in both reads. A point longer than max_registers gets a request of its own length when the
// standard allows it.
ReadPlan plan_reads(std::span<const Point> points, const std::vector<bool>& wanted, const ReadLimits& limits,
                    const WireCost& cost);

std::chrono::nanoseconds wire_time(const PlannedRead& read, const WireCost& cost);

}  // namespace congto::meter
