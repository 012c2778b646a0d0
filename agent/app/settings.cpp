// The top of a site.toml, and the search for files. [uplink] and [journal] have files of their own.
#include "agent/app/settings.hpp"

#include <system_error>

#include "agent/app/journal_settings.hpp"
#include "agent/app/uplink_settings.hpp"
#include "agent/mqtt/tls_check.hpp"
#include "drivers/meter/key_places.hpp"
#include "drivers/meter/profile_library.hpp"
#include "drivers/meter/site_reader.hpp"
#include "drivers/toml/document.hpp"
#include "drivers/toml/nearest.hpp"
#include "drivers/toml/table.hpp"

namespace congto::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view top = "the top of site.toml, before its first [table]";
constexpr std::string_view in_uplink = "[uplink] of a site";
constexpr std::string_view in_journal = "[journal] of a site";
constexpr toml::KeyPlace own_places[] = {
    {"site", top},
    {"agent", top},
    {"state", top},
    {"clock", top},
    {"broker", in_uplink},
    {"ca", in_uplink},
    {"certificate", in_uplink},
    {"key", in_uplink},
    {"username", in_uplink},
    {"password-file", in_uplink},
    {"ack", in_uplink},
    {"centre", in_uplink},
    {"wait-for-time", in_uplink},
    {"commit-period", in_journal},
    {"max-age", in_journal},
    {"max-size", in_journal},
};

std::vector<toml::KeyPlace> all_key_places() {
  std::vector<toml::KeyPlace> places(std::begin(own_places), std::end(own_places));
  const auto others = meter::key_places();
  places.insert(places.end(), others.begin(), others.end());
  return places;
}

enum class ClockWord : std::uint8_t { trusted, ntp };

constexpr std::string_view default_state = "/var/lib/congto";

void read_agent(toml::Table& root, Settings& settings) {
  const auto agent = root.string("agent");
  if (!agent) {
    if (!root.has("agent"))
      root.missing("agent", "the agent's name, unique at the broker: 3 to 64 small letters, digits and -");
    return;
  }
  settings.agent = *agent;
  const bool good = agent->size() >= 3 && agent->size() <= 64 &&
                    agent->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!good)
    root.error("agent", "expected 3 to 64 small letters, digits and -, found " + toml::in_quotes(*agent));
}

void read_site_name(toml::Table& root, Settings& settings) {
  const auto site = root.string("site");
  if (!site) {
    if (!root.has("site")) root.missing("site", "the site's name, such as \"ice-plant-03\"");
    return;
  }
  settings.site = *site;
  if (site->size() > 128) root.error("site", "expected a name of at most 128 bytes");
}

void read_top(toml::Table& root, const fs::path& folder, Settings& settings) {
  constexpr std::pair<std::string_view, ClockWord> clocks[] = {{"trusted", ClockWord::trusted},
                                                               {"ntp", ClockWord::ntp}};
  read_site_name(root, settings);
  read_agent(root, settings);
  if (const auto state = root.string("state"))
    settings.state = fs::absolute(folder / *state).lexically_normal();
  if (const auto clock = root.word("clock", clocks)) {
    settings.trust_clock = *clock == ClockWord::trusted;
    settings.clock_by_host = *clock != ClockWord::ntp;
  }
}

// How long samples wait for the time where no centre can give it.
std::chrono::milliseconds read_wait_for_time(toml::Table& table, const UplinkSettings& uplink,
                                             std::chrono::milliseconds usual) {
  using namespace std::chrono_literals;
  const auto wait = table.duration("wait-for-time", 1s, 24h);
  if (wait && uplink.ack == AckMode::central) {
    table.error("wait-for-time",
                "only with ack = \"broker\": with a centre, its acknowledgements bring the time");
  }
  return wait.value_or(usual);
}

}  // namespace

SettingsReading read_settings(const fs::path& file, const fs::path& shipped) {
  const std::vector<toml::KeyPlace> places = all_key_places();
  toml::Report report(places);
  SettingsReading reading;
  Settings& settings = reading.settings;
  settings.file = file;
  settings.state = default_state;
  if (const auto document = toml::Document::load(file, report)) {
    const fs::path folder = file.parent_path();
    toml::Table root(document->root(), "the top of the site file", document->file(), report);
    read_top(root, folder, settings);
    if (auto table = root.table("uplink", "[uplink]")) {
      settings.uplink = read_uplink(*table, folder);
      if (const auto& certificate = settings.uplink->certificate; !certificate.empty()) {
        const auto wrong = mqtt::certificate_mismatch(certificate, settings.agent);
        if (!wrong.empty()) table->warning("certificate", wrong);
      }
      settings.wait_for_time = read_wait_for_time(*table, *settings.uplink, settings.wait_for_time);
      table->finish();
    } else if (!root.has("uplink")) {
      report.warning(root.place(),
                     "there is no [uplink]: nothing is published, readings stay in the journal");
    }
    if (auto table = root.table("journal", "[journal]")) settings.journal = read_journal(*table);
    settings.plant = meter::read_site(root, folder, profile_folders(file, shipped));
    root.finish();
  }
  for (const toml::ConfigError& error : report.errors()) reading.errors.push_back(error.text());
  for (const toml::ConfigError& warning : report.warnings()) reading.warnings.push_back(warning.text());
  return reading;
}

std::vector<fs::path> profile_folders(const fs::path& site_file, const fs::path& shipped) {
  return meter::profile_folders(site_file, {shipped});
}

std::optional<fs::path> find_config(const std::string& option) {
  const std::vector<fs::path> candidates = option.empty()
                                               ? std::vector<fs::path>{"site.toml", "/etc/congto/site.toml"}
                                               : std::vector<fs::path>{option};
  for (const fs::path& candidate : candidates) {
    std::error_code trouble;
    const auto status = fs::status(candidate, trouble);
    // One that may not be looked at is there: the loader says so.
    if (status.type() != fs::file_type::not_found) return candidate;
  }
  return std::nullopt;
}

}  // namespace congto::app
