// Which table each key of sites and profiles belongs in, for the message about a key in the wrong one.
// Constant data; the application adds the keys of its own tables.
#pragma once

#include <span>

#include "drivers/toml/report.hpp"

namespace congto::meter {

std::span<const toml::KeyPlace> key_places();

}  // namespace congto::meter
