// One sample as `congto read` shows it: a table for people, one JSON object for scripts. Pure.
#pragma once

#include <string>

#include "drivers/core/clock.hpp"
#include "drivers/meter/decode.hpp"
#include "drivers/meter/sample.hpp"

namespace congto::app {

// Whether there is a value to show; an implausible one is shown, too.
bool has_value(const meter::Reading& reading);

// "2026-11-24T00:15:04.250Z"
std::string iso_time(WallTime time);

std::string table(const meter::Sample& sample, WallTime when);
// {"meter","ts","values":{…},"q":{…}}; ts in Unix ms; q names only what is not good.
std::string json(const meter::Sample& sample, WallTime when);

}  // namespace congto::app
