// One acknowledgement may hold several epochs; an agent takes at most 256 KiB in one packet.
#include "agent/central/downlink.hpp"

#include <utility>

#include "agent/contract/ack.hpp"
#include "agent/contract/topic.hpp"

namespace congto::central {

namespace {

// 64 ranges of two 16-digit numbers each: some 2.4 kB an epoch at most.
constexpr std::size_t epochs_an_ack = 64;

}  // namespace

Downlink::Due& Downlink::due(const std::string& agent) {
  const auto [found, is_new] = due_.try_emplace(agent);
  if (is_new) order_.push_back(agent);
  return found->second;
}

void Downlink::add(const Outcome& outcome) {
  for (const auto& settled : outcome.settled) due(settled.agent).settled[settled.epoch] = settled.ranges;
  for (const auto& answer : outcome.answers) {
    auto& its = due(answer.agent);
    its.answer = true;
    for (const auto& settled : answer.settled) its.settled[settled.epoch] = settled.ranges;
    if (!answer.request.empty()) its.requests.push_back(answer.request);
  }
}

bool Downlink::flush_one(const std::string& agent, Due& due, WallTime now) {
  while (due.answer || !due.settled.empty()) {
    contract::Ack ack;
    ack.centre = centre_;
    ack.now = now;
    auto next = due.settled.begin();
    for (; next != due.settled.end() && ack.acks.size() < epochs_an_ack; ++next) {
      ack.acks.push_back({next->first, next->second});
    }
    if (!publish_(contract::topic(agent, contract::Topic::ack), contract::write(ack))) return false;
    due.settled.erase(due.settled.begin(), next);
    due.answer = false;
  }
  for (; !due.requests.empty(); due.requests.pop_front()) {
    const auto text = contract::write(due.requests.front());
    if (!publish_(contract::topic(agent, contract::Topic::request), text)) return false;
  }
  return true;
}

void Downlink::flush(WallTime now) {
  while (!order_.empty()) {
    const auto agent = order_.front();
    if (!flush_one(agent, due_.at(agent), now)) return;
    due_.erase(agent);
    order_.pop_front();
  }
}

}  // namespace congto::central
