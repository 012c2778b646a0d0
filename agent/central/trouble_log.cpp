// One period after the other; what came more than once in one is summed up at its end.
#include "agent/central/trouble_log.hpp"

#include "agent/contract/json_text.hpp"

namespace congto::central {

std::string TroubleLog::add(const std::string& whole, BootTime now) {
  const auto text = contract::clipped(whole, longest);
  if (again_.empty() && more_ == 0) began_ = now;
  const auto known = again_.find(text);
  if (known != again_.end()) {
    ++known->second;
    return {};
  }
  if (again_.size() == most) {
    ++more_;
    return {};
  }
  again_.emplace(text, 0);
  return text;
}

std::vector<std::string> TroubleLog::tick(BootTime now) {
  std::vector<std::string> lines;
  if ((again_.empty() && more_ == 0) || now - began_ < period) return lines;
  for (const auto& [text, times] : again_) {
    if (times > 0) lines.push_back(text + " (" + std::to_string(times) + " more within 10 minutes)");
  }
  if (more_ > 0) lines.push_back(std::to_string(more_) + " troubles of other kinds within 10 minutes");
  again_.clear();
  more_ = 0;
  return lines;
}

}  // namespace congto::central
