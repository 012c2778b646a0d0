// Registry: the agents, meters and layouts that a transaction meets, with their numbers in the database;
// makes the rows of those that are new. Nothing is kept from one transaction to the next, so that nothing can
// be stale.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/central/database.hpp"
#include "agent/contract/meta_reader.hpp"

namespace congto::central {

struct EnrolledAgent {
  std::int64_t id = 0;
  std::string site;
};
// Those of the names that are enrolled and not removed.
std::map<std::string, EnrolledAgent> enrolled(Database& database, const std::set<std::string>& names);

struct KnownMeter {
  std::int64_t id = 0;
  std::vector<std::string> points;                         // as sample.values are ordered
  std::unordered_map<std::string, std::size_t> positions;  // of the points
};

struct KnownLayout {
  std::int64_t id = 0;
  bool has_body = false;
  std::unordered_map<std::int64_t, std::int64_t> every;  // by meter, ms
};

class Registry {
 public:
  using Name = std::pair<std::int64_t, std::string>;  // of an agent
  // More names than any device has: beyond this a meter's names are rubbish.
  static constexpr std::size_t max_points = 2'000;

  explicit Registry(Database& database) : database_(database) {}

  // Knows these, and their points, from now on; once before meter() and layout().
  void load(const std::set<Name>& meters, const std::set<Name>& layouts);
  const KnownMeter& meter(const Name& name) const { return meters_.at(name); }
  const KnownLayout& layout(const Name& name) const { return layouts_.at(name); }
  // Makes sure that each meter has these points. Meters that would have too many keep what they have.
  void need_points(const std::map<Name, std::set<std::string>>& points);

  // Takes a layout apart into its tables, and gives samples that came before it their slots. `newest`: the
  // body replaces an older one (serial numbers and the like may have changed). The meters must be loaded.
  void save_layout(std::int64_t agent_id, const contract::ParsedMeta& meta, const std::string& text,
                   bool newest);

 private:
  void load_meters(const std::set<Name>& names);
  void load_layouts(const std::set<Name>& names);
  void save_meters(std::int64_t agent_id, std::int64_t layout_id, const contract::ParsedMeta& meta);
  void save_points(std::int64_t agent_id, std::int64_t layout_id, const contract::ParsedMeta& meta);
  void date_waiting_samples(std::int64_t agent_id, std::int64_t layout_id);

  Database& database_;
  std::map<Name, KnownMeter> meters_;
  std::map<Name, KnownLayout> layouts_;
};

}  // namespace congto::central
