// [journal] of a site: how often it commits, and how much it keeps.
// Used by read_settings only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/app/settings.hpp"
#include "drivers/toml/table.hpp"

namespace congto::app {

JournalSettings read_journal(toml::Table& table);

// "500MB", "2GB", "512MiB": a whole number and kB, MB, GB (powers of 1000) or KiB, MiB, GiB (of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace congto::app
