// ReadPlan: which requests fetch a meter's points in the least wire time. Pure; property-tested.
// Rules: every wanted word is read; nothing beyond the allowed gaps; never over the limits.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/meter/point.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

// What a device bears, from the head of its profile. max_registers and align count registers; for coils
// (functions 1 and 2) the standard's 2000 a request is the only limit, and nothing is aligned.
struct ReadLimits {
  // No request runs over this address: the unit gives what lies on either side, but not both in one reply.
  struct Cut {
    modbus::Function function = modbus::Function::read_holding_registers;
    std::uint32_t at = 0;
  };
  std::uint16_t max_registers = 50;  // 1-125
  std::uint16_t max_gap = 0;         // unwanted registers (or coils) between two wanted ones in one request
  std::uint16_t align = 1;           // start and count must be multiples of this (SDM120: 2)
  bool single = false;  // one point a request: one register a request, but the two of a float stay together
  std::vector<Cut> cuts{};  // learned from refusals, never in a profile
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
// standard allows it. Registers that only alignment brings in are not gaps.
// Throws std::invalid_argument for a point that is not readable().
ReadPlan plan_reads(std::span<const Point> points, const std::vector<bool>& wanted, const ReadLimits& limits,
                    const WireCost& cost);

// Whether one request of the standard's length can hold the value with its plus part, below address 65536.
bool readable(const Point& point);

// Coils and discrete inputs.
bool reads_bits(modbus::Function function);

std::chrono::nanoseconds wire_time(const PlannedRead& read, const WireCost& cost);

// Parts of a point: the value with its plus part, and the scale register. Half-open addresses.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  auto operator<=>(const Span&) const = default;
  bool holds(const Span& other) const { return begin <= other.begin && other.end <= end; }
};
Span value_span(const Point& point);
std::optional<Span> scale_span(const Point& point);
Span span_of(const PlannedRead& read);

// The parts that `read` serves, in two halves and each planned anew, for finding the one that a unit refuses;
// nothing when it serves a single part. A read has a gap when it covers registers that no point wants.
std::vector<PlannedRead> split_read(const PlannedRead& read, std::span<const Point> points,
                                    const ReadLimits& limits, const WireCost& cost);
bool has_gap(const PlannedRead& read, std::span<const Point> points, const ReadLimits& limits);

}  // namespace congto::meter
