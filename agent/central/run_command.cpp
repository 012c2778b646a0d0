// `congto-central run`: a consumer until SIGINT or SIGTERM.
#include <cstdlib>

#include "agent/central/centre.hpp"
#include "agent/central/command_settings.hpp"
#include "agent/central/commands.hpp"
#include "agent/central/log.hpp"

namespace congto::central {

int run(const std::string& config) {
  auto settings = load_settings(config);
  if (!settings) return wrong_use;
  Centre centre(std::move(*settings));
  if (centre.run()) return good;
  log_warning(
      "the database does not answer; the transaction under way is given up, nothing of it was acknowledged");
  // A thread hangs in libpq: ending it is the kernel's business.
  std::_Exit(good);
}

}  // namespace congto::central
