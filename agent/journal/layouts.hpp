// LayoutTable: the layouts of the journal under their numbers, each read and parsed once.
// Used by the commit, by reading and by the export; journal's thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "agent/journal/database.hpp"
#include "drivers/meter/layout.hpp"

namespace congto::journal {

class LayoutTable {
 public:
  explicit LayoutTable(Database& database) : database_(database) {}

  // The number of this layout; a row is added, within the caller's transaction, when it is new.
  std::uint64_t number(const meter::LayoutPtr& layout);
  // nullptr when there is none or its text is damaged.
  meter::LayoutPtr find(std::uint64_t no);
  // The newest with this id; nullptr likewise.
  meter::LayoutPtr find(const std::string& id);
  // After a rollback: forgets what that transaction may have added.
  void forget();

 private:
  std::uint64_t newest_number(const std::string& id);  // 0: none

  Database& database_;
  std::unordered_map<std::uint64_t, meter::LayoutPtr> by_number_;
  std::unordered_map<std::string, std::uint64_t> numbers_;
};

}  // namespace congto::journal
