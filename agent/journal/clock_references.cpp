// Rows of the table clock_reference.
#include "agent/journal/clock_references.hpp"

namespace congto::journal {

void add_references(Database& database, const std::string& boot_id,
                    const std::vector<ClockReference>& references) {
  if (references.empty()) return;
  Statement row(
      database,
      "INSERT INTO clock_reference(boot_id, boot_us, wall_us, error_ms, source) VALUES(?, ?, ?, ?, ?)");
  for (const auto& reference : references) {
    row.bind(1, std::string_view(boot_id)).bind(2, std::int64_t{reference.boot.time_since_epoch().count()});
    row.bind(3, std::int64_t{reference.wall.time_since_epoch().count()});
    row.bind(4, std::int64_t{reference.error.count()}).bind(5, std::string_view(reference.source)).run();
  }
  database.execute("DELETE FROM clock_reference WHERE no <= (SELECT max(no) FROM clock_reference) - 1000");
}

std::optional<ClockReference> newest_reference(Database& database, const std::string& boot_id) {
  Statement row(database,
                "SELECT boot_us, wall_us, error_ms, source FROM clock_reference WHERE boot_id = ? "
                "ORDER BY no DESC LIMIT 1");
  if (!row.bind(1, std::string_view(boot_id)).step()) return std::nullopt;
  return ClockReference{BootTime(std::chrono::microseconds(row.integer(0))),
                        WallTime(std::chrono::microseconds(row.integer(1))),
                        std::chrono::milliseconds(row.integer(2)), row.text(3)};
}

std::optional<WallTime> latest_reference_before(Database& database, const std::string& boot_id) {
  Statement row(database,
                "SELECT wall_us FROM clock_reference WHERE boot_id <> ? ORDER BY wall_us DESC LIMIT 1");
  if (!row.bind(1, std::string_view(boot_id)).step()) return std::nullopt;
  return WallTime(std::chrono::microseconds(row.integer(0)));
}

}  // namespace congto::journal
