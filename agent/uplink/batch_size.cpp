// Batches shrink at once and grow by doubling.
#include "agent/uplink/batch_size.hpp"

#include <algorithm>

#include "agent/contract/limits.hpp"

namespace congto::uplink {

namespace {
constexpr std::size_t smallest = 512;  // below that a batch is hardly more than its head
// PUBLISH: fixed header up to 5 bytes, length of the topic 2, packet id 2, properties 1 (MQTT 5, 3.3); and
// room for properties to come.
constexpr std::size_t packet_head = 64;
constexpr std::chrono::seconds slow{4}, quick{1};
}  // namespace

void BatchSize::connected(std::size_t packet, std::size_t topic_length) {
  const std::size_t head = packet_head + topic_length;
  const auto payload = [head](std::size_t whole) {
    return whole > head + smallest ? whole - head : smallest;
  };
  allowed_ = payload(packet);
  packet_ = std::min(payload(std::min(packet, contract::max_batch_bytes)), lasting_);
}

void BatchSize::too_large(std::size_t bytes) { packet_ = std::max(smallest, std::min(packet_, bytes / 2)); }

void BatchSize::ended_connection(std::size_t bytes) {
  too_large(bytes);
  lasting_ = packet_;
}

void BatchSize::answered(std::size_t bytes, std::chrono::microseconds after) {
  if (after > slow) {
    line_ = std::max(smallest, std::min(line_, bytes) / 2);
  } else if (after < quick && bytes >= line_ / 2) {
    line_ = std::min(line_ * 2, contract::max_batch_bytes);
  }
}

std::size_t BatchSize::backfill() const { return std::min(packet_, line_); }

}  // namespace congto::uplink
