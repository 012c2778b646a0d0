// JournalFile: the open database with its tables; making a new one, and setting a damaged one aside.
// Used by the store and the export; journal's thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "agent/journal/database.hpp"
#include "agent/journal/layouts.hpp"
#include "agent/journal/records.hpp"

namespace congto::journal {

struct JournalFile {
  explicit JournalFile(Database opened)
      : database(std::move(opened)), layouts(database), records(database, layouts) {}
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  std::string agent();
  // Bytes of pages that hold something, and of the whole file.
  std::uint64_t used_bytes();
  std::uint64_t file_bytes();
  // 16 MB at most: about half a second to look at on a slow card, a few to copy.
  bool small();
  // Of a small file the whole tree is looked at. Damage in a larger one shows when the page is used.
  bool sound();

  Database database;
  LayoutTable layouts;
  RecordTable records;
};

// Opens the journal for writing; makes directory and file where they are missing. nullptr: what is there is
// damaged or no journal. Throws DatabaseError when the disk does not let it.
std::unique_ptr<JournalFile> open_for_writing(const std::filesystem::path& path, const std::string& agent);
// Throws DatabaseError also for what is not a journal.
std::unique_ptr<JournalFile> open_for_reading(const std::filesystem::path& path);
// Renames journal and WAL to PATH.WHY-N and gives that name. Throws DatabaseError.
std::string set_aside(const std::filesystem::path& path, const std::string& why);

}  // namespace congto::journal
