// adjtimex, timesyncd's file, the boot id, and what they mean together.
#include "agent/time/kernel_clock.hpp"

#include <sys/stat.h>
#include <sys/timex.h>

#include <algorithm>
#include <fstream>

namespace congto::timing {

namespace {

using std::chrono::ceil;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds most_error{1000};

}  // namespace

KernelDiscipline ask_kernel() {
  timex answer{};  // modes = 0: only ask
  KernelDiscipline discipline;
  discipline.answered = adjtimex(&answer) != -1;
  discipline.unsynchronised = (answer.status & STA_UNSYNC) != 0;
  discipline.max_error = microseconds(answer.maxerror);
  return discipline;
}

std::optional<WallTime> timesyncd_said(const std::filesystem::path& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) return std::nullopt;
  return WallTime(std::chrono::seconds(found.st_mtim.tv_sec) + microseconds(found.st_mtim.tv_nsec / 1000));
}

KernelView judge(BootTime boot, WallTime wall, const KernelDiscipline& kernel,
                 std::optional<WallTime> timesyncd) {
  KernelView view;
  view.boot = boot;
  view.wall = wall;
  view.max_error = ceil<milliseconds>(kernel.max_error);
  view.synchronised = kernel.answered && !kernel.unsynchronised && view.max_error < most_error;
  const auto boot_began = wall - boot.time_since_epoch();
  // Between two polls of timesyncd (up to 34 min) the kernel's bound passes a second, and the flag stays
  // clear; a clock set by hand raises it, and then an earlier sync says nothing any more.
  const bool set_by_hand = kernel.answered && kernel.unsynchronised;
  if (!view.synchronised && !set_by_hand && timesyncd && *timesyncd >= boot_began && *timesyncd <= wall) {
    view.synchronised = true;
    view.max_error = most_error;
  }
  return view;
}

KernelView look(const Clock& clock) {
  const auto discipline = ask_kernel();
  const auto timesyncd = timesyncd_said();
  // The two clocks last and together; a preemption between them is far below what counts as news (250 ms).
  const auto boot = clock.boot();
  return judge(boot, clock.wall(), discipline, timesyncd);
}

Result<std::string> boot_id(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string id;
  if (!std::getline(in, id) || id.empty()) {
    return Error{"cannot read the boot id from " + file.string() + ": is /proc mounted?"};
  }
  return Result<std::string>(boost::system::in_place_value, id);
}

}  // namespace congto::timing
