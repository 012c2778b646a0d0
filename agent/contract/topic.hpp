// Names of contract.md: the agent's name and the topics under it. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace congto::contract {

enum class Topic { data, backfill, online, status, meta, ack, request };

// "congto/v1/{agent}/up/data", …
std::string topic(std::string_view agent, Topic what);

// The opposite; nothing for a topic that is not of this contract or names no valid agent.
struct AgentTopic {
  std::string agent;
  Topic what = Topic::data;
};
std::optional<AgentTopic> parse_topic(std::string_view topic);

// [a-z0-9-]{3,64}
bool valid_agent_name(std::string_view name);

}  // namespace congto::contract
