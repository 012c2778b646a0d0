// The keys of [uplink]: the broker's, and what settles a record.
#include "agent/app/uplink_settings.hpp"

#include <string_view>
#include <utility>

namespace congto::app {

UplinkSettings read_uplink(toml::Table& table, const std::filesystem::path& folder) {
  constexpr std::pair<std::string_view, AckMode> acks[] = {{"central", AckMode::central},
                                                           {"broker", AckMode::broker}};
  UplinkSettings uplink{mqtt::read_broker(table, "broker", folder), AckMode::central, {}};
  if (const auto ack = table.word("ack", acks)) uplink.ack = *ack;
  uplink.centre = table.string("centre").value_or("");
  if (!uplink.centre.empty() && uplink.ack == AckMode::broker) {
    table.error("centre",
                "with ack = \"broker\" no centre's acknowledgements count; take one of the two away");
  }
  return uplink;
}

}  // namespace congto::app
