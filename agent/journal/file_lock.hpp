// FileLock: the lock file beside the journal, which says that an agent has it and which process that is.
// Used by the store and by the export; not thread-safe. The database's own file must not be locked this way:
// closing any descriptor of it would drop SQLite's locks (sqlite.org/howtocorrupt.html 2.2).
#pragma once

#include <filesystem>
#include <string>

namespace congto::journal {

class FileLock {
 public:
  enum class Kind { exclusive, shared };
  enum class Outcome {
    taken,
    held,         // by another process: holder() is its id
    unavailable,  // the lock file can't be made: reason()
  };

  FileLock() = default;
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Lasts until destruction; taking again what is taken does nothing. An exclusive one writes our process id.
  Outcome take(const std::filesystem::path& journal, Kind kind);
  const std::string& holder() const { return holder_; }
  const std::string& reason() const { return reason_; }

 private:
  int descriptor_ = -1;
  std::string holder_;
  std::string reason_;
};

}  // namespace congto::journal
