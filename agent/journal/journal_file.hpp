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

  Database database;
  LayoutTable layouts;
  RecordTable records;
};

struct OpenedFile {
  std::unique_ptr<JournalFile> file;
  std::string set_aside;  // the name that a damaged file was given; empty if there was none
};

// Opens the journal for writing; makes directory and file where they are missing; a file that is no journal
// or is damaged is set aside first. Throws DatabaseError when the disk does not let it.
OpenedFile open_for_writing(const std::filesystem::path& path, const std::string& agent);
// Throws DatabaseError also for what is not a journal.
std::unique_ptr<JournalFile> open_for_reading(const std::filesystem::path& path);
// Renames journal and WAL to PATH.WHY-N and gives that name. Throws DatabaseError.
std::string set_aside(const std::filesystem::path& path, const std::string& why);

}  // namespace congto::journal
