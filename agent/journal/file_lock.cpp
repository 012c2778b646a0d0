// flock on JOURNAL.lock. The file stays: removing it would let two processes lock two files of one name.
#include "agent/journal/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace congto::journal {

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

FileLock::Outcome FileLock::take(const std::filesystem::path& journal, Kind kind) {
  if (descriptor_ >= 0) return Outcome::taken;
  const auto path = journal.string() + ".lock";
  const bool exclusive = kind == Kind::exclusive;
  const int opened = exclusive ? open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)
                               : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) {
    reason_ = path + ": " + std::system_category().message(errno);
    return Outcome::unavailable;
  }
  if (flock(opened, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    const int why = errno;
    std::array<char, 32> text{};
    const auto size = pread(opened, text.data(), text.size() - 1, 0);
    holder_ = size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "unknown";
    close(opened);
    if (why == EWOULDBLOCK) return Outcome::held;
    reason_ = path + ": " + std::system_category().message(why);
    return Outcome::unavailable;
  }
  descriptor_ = opened;
  if (exclusive) {
    const auto pid = std::to_string(getpid());
    // The id only makes the message better; the lock itself holds without it (on a full disk, say).
    if (ftruncate(opened, 0) == 0) (void)!pwrite(opened, pid.data(), pid.size(), 0);
  }
  return Outcome::taken;
}

}  // namespace congto::journal
