// up/online: whether the agent is connected; true at connect, false by its will. Pure.
#pragma once

#include <string>
#include <string_view>

#include "drivers/core/error.hpp"

namespace congto::contract {

std::string write_online(bool online);
Result<bool> parse_online(std::string_view text);

}  // namespace congto::contract
