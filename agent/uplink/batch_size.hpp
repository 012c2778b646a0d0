// BatchSize: how many bytes a batch may have: what the broker takes, and what this line carries in time.
// Pure; used by Delivery only.
#pragma once

#include <chrono>
#include <cstddef>

namespace congto::uplink {

class BatchSize {
 public:
  // A new connection: `packet` bytes is what the broker takes in one packet. The measured size of the line
  // stays.
  void connected(std::size_t packet, std::size_t topic_length);
  // Reason 0x95 for a batch of so many bytes: the broker takes less than it said.
  void too_large(std::size_t bytes);
  // A backfill batch had its PUBACK after so long (contract.md: below 5 s).
  void answered(std::size_t bytes, std::chrono::microseconds after);

  std::size_t live() const { return packet_; }
  std::size_t backfill() const;

 private:
  std::size_t packet_ = 0;
  std::size_t line_ = 16 * 1024;
};

}  // namespace congto::uplink
