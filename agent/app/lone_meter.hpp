// A meter that the command line describes instead of a site: `congto read --serial … --profile …`.
// The bus goes through the reader of site files, so that the same values are allowed, with the same words.
#pragma once

#include <iosfwd>
#include <optional>

#include "agent/app/commands.hpp"
#include "drivers/meter/meter.hpp"
#include "drivers/meter/site.hpp"

namespace congto::app {

struct LoneMeter {
  meter::Bus bus;
  meter::Meter meter;  // all points of its profile
};

// Nothing when an option is wrong. Errors, and warnings of the profile, are told to `messages`.
std::optional<LoneMeter> lone_meter(const ReadOptions& options, std::ostream& messages);

}  // namespace congto::app
