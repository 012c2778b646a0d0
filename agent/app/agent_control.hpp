// AgentControl: answers the questions that come over the control socket: ping, status, read, export.
// io_context thread; answers that the journal's thread brings are given from there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "agent/contract/status.hpp"
#include "agent/control/socket.hpp"
#include "agent/journal/journal.hpp"
#include "agent/poll/bus_poller.hpp"
#include "drivers/core/clock.hpp"

namespace congto::app {

class AgentControl {
 public:
  using Pollers = std::vector<std::unique_ptr<poll::BusPoller>>;
  // All outlive this object.
  AgentControl(const Clock& clock, journal::Journal& journal, const Pollers& pollers,
               std::function<contract::Status()> status);

  void handle(const std::string& line, control::Respond respond);

 private:
  void read_meter(const std::string& meter, control::Respond respond);
  void list_epochs(control::Respond respond);
  void export_portion(const boost::json::object& question, control::Respond respond);

  const Clock& clock_;
  journal::Journal& journal_;
  const Pollers& pollers_;
  std::function<contract::Status()> status_;
};

}  // namespace congto::app
