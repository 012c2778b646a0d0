// BatchSize: how many bytes a batch may have: what the broker takes, and what this line carries in time.
// Pure; used by Delivery only.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "agent/contract/limits.hpp"

namespace congto::uplink {

class BatchSize {
 public:
  // A new connection: `packet` bytes is what the broker takes in one packet. The measured size of the line
  // stays.
  void connected(std::size_t packet, std::size_t topic_length);
  // Reason 0x95 for a batch of so many bytes: the broker takes less than it said.
  void too_large(std::size_t bytes);
  // The broker ended the connection with that reason: the next ones are not to end in the same way.
  void ended_connection(std::size_t bytes);
  // A backfill batch had its PUBACK after so long (contract.md: below 5 s).
  void answered(std::size_t bytes, std::chrono::microseconds after);

  // What CONNACK said: beyond it nothing must be published, not even a record alone.
  std::size_t allowed() const { return allowed_; }
  // Of that, what a message other than records may have.
  std::size_t message() const { return std::min(allowed_, contract::max_batch_bytes); }
  std::size_t live() const { return packet_; }
  std::size_t backfill() const;

 private:
  std::size_t allowed_ = 0;
  std::size_t packet_ = 0;
  std::size_t lasting_ = SIZE_MAX;  // of packet_, learned from connections that ended
  std::size_t line_ = 16 * 1024;
};

}  // namespace congto::uplink
