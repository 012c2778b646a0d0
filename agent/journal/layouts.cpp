// Rows of the table `layout`, cached both ways.
#include "agent/journal/layouts.hpp"

#include <malloc.h>

namespace congto::journal {

std::uint64_t LayoutTable::newest_number(const std::string& id) {
  Statement row(database_, "SELECT max(no) FROM layout WHERE id = ?");
  return row.bind(1, std::string_view(id)).step() ? row.count(0) : 0;
}

std::uint64_t LayoutTable::number(const meter::LayoutPtr& layout) {
  if (const auto known = numbers_.find(layout->id()); known != numbers_.end()) return known->second;
  auto no = newest_number(layout->id());
  // A row whose text was damaged is left to the records that name it; new ones get a sound row.
  if (no == 0 || !find(no)) {
    no = static_cast<std::uint64_t>(database_.number("SELECT max(no) FROM layout")) + 1;
    Statement row(database_, "INSERT INTO layout(no, id, body) VALUES(?, ?, ?)");
    row.bind(1, no).bind(2, std::string_view(layout->id())).bind(3, std::string_view(layout->text())).run();
  }
  // At every start but the first it was parsed to be checked: that copy can go, and with it the memory that
  // parsing took, which this thread's heap would else keep for good (2 MB for 50 meters of 40 points).
  by_number_[no] = layout;
  malloc_trim(0);
  numbers_.emplace(layout->id(), no);
  return no;
}

meter::LayoutPtr LayoutTable::find(std::uint64_t no) {
  if (const auto known = by_number_.find(no); known != by_number_.end()) return known->second;
  Statement row(database_, "SELECT body, id FROM layout WHERE no = ?");
  meter::LayoutPtr layout;
  if (row.bind(1, no).step()) {
    auto parsed = meter::Layout::parse(row.text(0));
    // The id is a hash of the text: a flipped bit in a scale would decode history wrongly without a word.
    if (parsed && (*parsed)->id() == row.text(1)) layout = *parsed;
  }
  by_number_.emplace(no, layout);
  return layout;
}

meter::LayoutPtr LayoutTable::find(const std::string& id) {
  const auto no = newest_number(id);
  return no == 0 ? nullptr : find(no);
}

void LayoutTable::forget() {
  by_number_.clear();
  numbers_.clear();
}

}  // namespace congto::journal
