// Writes and takes apart the topics of the contract.
#include "agent/contract/topic.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace congto::contract {

namespace {

constexpr std::string_view root = "congto/v1/";

constexpr std::array<std::pair<Topic, std::string_view>, 7> ends{{
    {Topic::data, "/up/data"},
    {Topic::backfill, "/up/backfill"},
    {Topic::online, "/up/online"},
    {Topic::status, "/up/status"},
    {Topic::meta, "/up/meta"},
    {Topic::ack, "/down/ack"},
    {Topic::request, "/down/request"},
}};

}  // namespace

std::string topic(std::string_view agent, Topic what) {
  const auto* const end =
      std::find_if(ends.begin(), ends.end(), [&](const auto& e) { return e.first == what; });
  return std::string(root).append(agent).append(end->second);
}

std::optional<AgentTopic> parse_topic(std::string_view topic) {
  if (!topic.starts_with(root)) return std::nullopt;
  topic.remove_prefix(root.size());
  for (const auto& [what, end] : ends) {
    if (!topic.ends_with(end)) continue;
    const auto agent = topic.substr(0, topic.size() - end.size());
    if (valid_agent_name(agent)) return AgentTopic{std::string(agent), what};
  }
  return std::nullopt;
}

bool valid_agent_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace congto::contract
