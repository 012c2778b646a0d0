// Inbox: what the centre says on down/ack and down/request, handed on to Delivery, journal, outbox and clock.
// io_context thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/contract/messages.hpp"
#include "agent/journal/journal.hpp"
#include "agent/uplink/centre_clock.hpp"
#include "agent/uplink/delivery.hpp"
#include "agent/uplink/outbox.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/record.hpp"

namespace congto::uplink {

class Inbox {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    Delivery& delivery;
    journal::Journal& journal;
    Outbox& outbox;
    CentreClock& clock;
    std::function<void(const std::string&)> note;
  };
  // centre: whose acks count; empty: the first one heard. central: acks count at all.
  Inbox(Parts parts, std::string centre, bool central);

  void ack(const std::string& payload, BootTime now);
  void request(const std::string& payload, BootTime now);
  // The newest meta, for a request of its layout.
  void meta(meter::Meta meta) { meta_ = std::move(meta); }
  std::vector<std::string> alarms(BootTime now) const;

 private:
  // A trouble with what comes down: in status for an hour after it was last seen, in the log when it changes,
  // but once a minute at most: whoever may publish there must not fill the log.
  struct Trouble {
    std::string text;
    BootTime seen;
    std::optional<BootTime> noted;
  };
  void request_meta(const std::string& id, BootTime now);
  void tell(Trouble& trouble, std::string text, BootTime now);

  Parts parts_;
  std::string centre_;
  bool central_;
  Trouble stranger_, ack_trouble_, request_trouble_, time_trouble_;
  std::optional<meter::Meta> meta_;
  std::map<std::string, BootTime> metas_answered_;
  std::shared_ptr<Inbox*> alive_;
};

}  // namespace congto::uplink
