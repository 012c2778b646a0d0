// `congto run`: the agent until SIGINT or SIGTERM.
#include <iostream>

#include "agent/app/agent.hpp"
#include "agent/app/commands.hpp"
#include "agent/app/plan_report.hpp"
#include "agent/app/site_command.hpp"

namespace congto::app {

int run(const SiteOptions& options) {
  auto settings = load_settings(options, Warnings::told);
  if (!settings) return wrong_use;
  for (const auto& plan : plan_site(settings->plant)) {
    if (plan.overloaded()) {
      std::cerr << "warning: bus \"" << plan.bus->name
                << "\" needs more time than there is; slots will be missed (see `congto check`)\n";
    }
  }
  Agent agent(std::move(*settings));
  const auto ended = agent.run();
  if (!ended) {
    std::cerr << ended.error().message << "\n";
    return failed;
  }
  return good;
}

}  // namespace congto::app
