// See control_line.hpp.
#include "agent/simulate/control_line.hpp"

#include <algorithm>
#include <vector>

namespace congto::simulate {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

Result<ControlLine> parse_control_line(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  ControlLine parsed;
  if (words.size() == 1 && words[0] == "statistics") return parsed;
  parsed.command = ControlLine::Command::set_fault;
  if (words.size() == 2 && words[0] == "clear") {
    parsed.meter = words[1];
    return parsed;
  }
  if (words.size() == 3 && words[0] == "fault") {
    const Result<Fault> fault = parse_fault(words[2]);
    if (!fault) return fault.error();
    parsed.meter = words[1];
    parsed.fault = *fault;
    return parsed;
  }
  return Error{"expected \"fault METER FAULT\", \"clear METER\" or \"statistics\", got \"" +
               std::string(line) + "\""};
}

}  // namespace congto::simulate
