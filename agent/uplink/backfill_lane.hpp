// BackfillLane: reads what Delivery claims from the journal, a portion ahead, and makes batches of it.
// io_context thread only; the journal's answers are posted there.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/contract/batch.hpp"
#include "agent/journal/journal.hpp"
#include "agent/uplink/delivery.hpp"
#include "agent/uplink/packing.hpp"
#include "drivers/core/clock.hpp"

namespace congto::uplink {

struct Batch {
  Flight flight;
  Payload payload;
};

// Published only when dated: samples and skipped slots. Events carry what times they have.
bool waits_for_time(const meter::StoredRecord& record);

class BackfillLane {
 public:
  // `arrived` runs when something was read. `delivery` and `journal` outlive the lane.
  BackfillLane(boost::asio::any_io_executor executor, Delivery& delivery, journal::Journal& journal,
               contract::BatchWriter writer, std::function<void()> arrived);
  ~BackfillLane();

  // The next batch, if one may go now and its records are here. Its records stay claimed until it is
  // published.
  std::optional<Batch> next(BootTime now, WallTime sent);
  // Asks the journal for the next portion unless enough is here or on the way.
  void read_ahead(BootTime now);
  // Gives back what was read and not published: the lane starts again, or the connection is gone.
  void start_again();

 private:
  std::vector<meter::StoredRecord> fill(const contract::BatchLimits& limits, std::size_t room);
  void put_back(std::vector<meter::StoredRecord> records);
  void take(const Delivery::Claim& claim, std::vector<meter::StoredRecord> records, BootTime now);
  meter::StoredRecord take_front();
  bool portion_here() const;

  boost::asio::any_io_executor executor_;
  Delivery& delivery_;
  journal::Journal& journal_;
  contract::BatchWriter writer_;
  Packing packing_;
  std::function<void()> arrived_;
  std::deque<meter::StoredRecord> here_;  // claimed, read, not published
  std::size_t readings_here_ = 0;
  bool reading_ = false;
  BootTime paused_until_;  // for reading, while the journal gives nothing
  bool outdated_ = false;  // what is being read was given back meanwhile
  std::shared_ptr<BackfillLane*> alive_;
};

}  // namespace congto::uplink
