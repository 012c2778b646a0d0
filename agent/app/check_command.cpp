// `congto check`: errors with file:line:column, else every bus's plan and load.
#include <iostream>

#include "agent/app/commands.hpp"
#include "agent/app/plan_report.hpp"
#include "agent/app/site_command.hpp"

namespace congto::app {

int check(const SiteOptions& options, bool as_json) {
  const auto settings = load_settings(options, Warnings::told);
  if (!settings) return wrong_use;
  const auto plans = plan_site(settings->plant);
  std::cout << (as_json ? json(plans) + "\n" : text(plans));
  bool overloaded = false;
  for (const auto& plan : plans) {
    if (plan.overloaded()) {
      overloaded = true;
      std::cerr
          << settings->file.string() << ": bus \"" << plan.bus->name
          << "\": its meters need more time than there is; `run` would start all the same and miss slots\n";
    }
  }
  return overloaded ? failed : good;
}

}  // namespace congto::app
