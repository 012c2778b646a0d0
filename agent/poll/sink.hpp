// Sink: where a bus poller puts what it found; the agent's composition root implements it, tests record it.
// Called on the io_context thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "drivers/meter/record.hpp"

namespace congto::poll {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void sample(meter::Sample sample) = 0;
  virtual void skipped(meter::Skipped skipped) = 0;
  // What the info points of a meter (index in the layout) said, and which points its unit refuses.
  virtual void about(std::size_t meter, std::vector<std::pair<std::string, std::string>> info,
                     std::vector<std::string> unsupported) = 0;
  // A change worth a line in the log: "line-1: unit 3 (compressor-2) is silent: timeout".
  virtual void note(const std::string& text) = 0;
};

}  // namespace congto::poll
