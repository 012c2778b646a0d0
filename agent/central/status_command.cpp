// `congto-central check` and `status`: is the centre as it should be, and what do its agents do.
#include <algorithm>
#include <iostream>
#include <vector>

#include "agent/central/command_settings.hpp"
#include "agent/central/commands.hpp"
#include "agent/central/database.hpp"
#include "agent/central/schema_check.hpp"

namespace congto::central {

namespace {

void print_table(const Rows& rows, const std::vector<std::string>& titles) {
  std::vector<std::size_t> widths;
  for (const auto& title : titles) widths.push_back(title.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < titles.size(); ++c) {
      widths[c] = std::max(widths[c], rows.text(i, static_cast<int>(c)).size());
    }
  }
  const auto print = [&](std::size_t column, std::string_view text) {
    for (const char c : text) std::cout << (static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
    if (column + 1 < titles.size())
      std::cout << std::string(widths[column] - text.size() + 2, ' ');
    else
      std::cout << "\n";
  };
  for (std::size_t c = 0; c < titles.size(); ++c) print(c, titles[c]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < titles.size(); ++c) print(c, rows.text(i, static_cast<int>(c)));
  }
}

}  // namespace

int check(const std::string& config) {
  const auto settings = load_settings(config);
  if (!settings) return wrong_use;
  std::cout << settings->file.string() << ": good\n";
  try {
    Database database(settings->database.url, settings->database.password);
    database.connect();
    check_schema(database);
    const auto version = database.run("select version from schema_version");
    const auto place =
        database.run("select current_database(), current_user, current_setting('server_version')");
    std::cout << "database " << place.text(0, 0) << " as " << place.text(0, 1) << ", PostgreSQL "
              << place.text(0, 2) << ", tables of version " << version.text(0, 0) << "\n";
    for (const char* const setting : {"fsync", "full_page_writes"}) {
      const auto value = database.run(std::string("show ") + setting);
      if (value.text(0, 0) != "on") {
        std::cout << "warning: " << setting << " is " << value.text(0, 0)
                  << ": after a power cut the database may have lost what was acknowledged\n";
      }
    }
  } catch (const DatabaseError& error) {
    std::cerr << error.what() << "\n";
    return failed;
  }
  return good;
}

int status(const std::string& config) {
  const auto settings = load_settings(config);
  if (!settings) return wrong_use;
  try {
    Database database(settings->database.url, settings->database.password);
    database.connect();
    const auto agents = database.run(
        "select a.name, a.site, case when s.online then 'yes' else 'no' end, "
        "coalesce(to_char(s.status_at, 'YYYY-MM-DD HH24:MI:SS'), 'never'), "
        "coalesce(s.status->>'unacknowledged', '-'), "
        "coalesce(s.status->'clock'->>'text', s.status->>'clock', '-'), "
        "(select count(*) from dead_letter d where d.agent = a.name)::text "
        "from agent a left join agent_status s using (agent_id) where a.removed_at is null order by a.name");
    print_table(agents,
                {"agent", "site", "online", "last status (UTC)", "unacknowledged", "clock", "parked"});
    const auto strangers = database.run(
        "select d.agent, sum(d.times)::text, max(d.last_at)::timestamp(0)::text from dead_letter d "
        "where not exists (select from agent a where a.name = d.agent and a.removed_at is null) group by "
        "d.agent "
        "order by 3 desc limit 20");
    if (strangers.size() > 0) {
      std::cout << "\nnot enrolled, and parked:\n";
      print_table(strangers, {"agent", "messages", "last (UTC)"});
    }
    const auto gaps = database.run(
        "select agent, kind, epoch, first, last, count, why from gaps order by agent, epoch, first limit 20");
    std::cout << "\ngaps: " << (gaps.size() == 0 ? "none" : "") << "\n";
    if (gaps.size() > 0) print_table(gaps, {"agent", "kind", "epoch", "first", "last", "count", "why"});
  } catch (const DatabaseError& error) {
    std::cerr << error.what() << "\n";
    return failed;
  }
  return good;
}

}  // namespace congto::central
