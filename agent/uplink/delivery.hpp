// Delivery: which record goes out when, until it is acknowledged: the rules of contract.md "Delivery" as a
// state machine without I/O. The clock and random numbers are handed in; Uplink does what it says. One
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/uplink/batch_size.hpp"
#include "agent/uplink/epoch_ledger.hpp"
#include "agent/uplink/refusals.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"
#include "drivers/meter/record.hpp"

namespace congto::uplink {

enum class Lane { live, backfill };

// A batch that the MQTT client took. One of answers to the centre is a flight of backfill without seqs.
struct Flight {
  Lane lane = Lane::live;
  EpochId epoch;
  RangeSet seqs;
  std::size_t readings = 0;
  std::size_t bytes = 0;
};

class Delivery {
 public:
  static constexpr std::size_t max_backfill_readings = 20'000;  // published and not acknowledged
  static constexpr std::size_t max_backfill_flights = 2;

  // central: only the centre's acknowledgements settle; otherwise the broker's PUBACK does.
  Delivery(bool central, BootTime now) : central_(central), started_(now), down_since_(now) {}

  bool central() const { return central_; }

  // --- what the journal holds ---
  // Oldest first, and before anything of this run.
  void known(EpochId epoch, std::uint64_t last, const RangeSet& held, const RangeSet& settled);
  void committed(EpochId epoch, Range range);
  void undated(EpochId epoch, const RangeSet& seqs);
  // May go out now.
  void dated(EpochId epoch, Range range);
  void gone(EpochId epoch, const RangeSet& seqs);

  // --- the connection ---
  // random: 0 to 1, spreads the agents of a region after an outage that all had.
  void connected(BootTime now, double random, std::size_t maximum_packet, std::size_t topic_length);
  // After answered() for everything in flight. reason: of the broker's DISCONNECT; 0 when it gave none.
  void disconnected(BootTime now, int reason = 0);

  // --- publishing ---
  bool live_open(BootTime now) const { return connected_ && live_refusals_.ready(now); }
  std::size_t max_bytes(Lane lane) const { return lane == Lane::live ? size_.live() : size_.backfill(); }
  // Whether the connection takes so many bytes at all. A record that alone has more is held back, and named.
  bool fits(std::size_t bytes) const { return bytes <= size_.allowed(); }
  std::size_t max_message() const { return size_.message(); }  // of what is no batch of records
  void hold_back_too_large(RecordId record, BootTime now);
  void published(std::uint64_t token, Flight flight, BootTime now);
  // reason: the PUBACK's. Gives what is settled by it (ack = "broker").
  struct Settled {
    EpochId epoch;
    RangeSet seqs;
  };
  Settled answered(std::uint64_t token, bool lost, int reason, BootTime now);

  // --- backfill ---
  bool backfill_open(BootTime now) const;
  // The oldest records that wait, of one epoch; they count as claimed until published or released.
  struct Claim {
    EpochId epoch;
    RangeSet seqs;
  };
  std::optional<Claim> claim(BootTime now, std::uint64_t max_records);
  void release(EpochId epoch, const RangeSet& seqs);
  // The journal gave nothing for them: tried again later, unless it says that they are gone.
  void unreadable(EpochId epoch, const RangeSet& seqs, BootTime now);
  // Still to be sent by whoever claimed it; and whether it must have a batch of its own.
  bool still_claimed(RecordId record) const;
  bool goes_alone(RecordId record) const;
  // How many readings a batch may have now; 0 while none may be published.
  std::size_t backfill_room(BootTime now) const;
  // Answers to the centre's requests take the lane's flights, but wait for nothing else.
  bool answers_open(BootTime now) const;

  // --- the centre ---
  void centre_answered(BootTime now);  // any down/ack of ours
  bool knows(EpochId epoch) const { return find(epoch) != nullptr; }
  // Gives what is newly settled.
  RangeSet acknowledged(EpochId epoch, const RangeSet& seqs);
  struct Requested {
    RangeSet withdrawn;                // settled before, and to be sent again
    std::vector<meter::Void> answers;  // what is not held
  };
  Requested requested(EpochId epoch, const RangeSet& seqs, BootTime now);

  // What time brings: once a second. True when the backfill lane starts again from the oldest: whoever
  // claimed records then releases them.
  bool tick(BootTime now);

  // --- for status ---
  const std::vector<EpochLedger>& epochs() const { return epochs_; }  // oldest first
  std::uint64_t unacknowledged() const;
  std::size_t backfill_outstanding() const;  // readings published by backfill and not acknowledged
  std::size_t backfill_flights() const;
  std::optional<BootTime> last_answer() const { return last_answer_; }
  std::vector<std::string> alarms(BootTime now) const;

 private:
  struct Awaited {  // a backfill batch whose acknowledgement is missing
    EpochId epoch;
    RangeSet seqs;
    std::size_t readings = 0;
    BootTime published;
  };
  struct InFlight {
    Flight flight;
    BootTime published;
  };
  struct LiveWait {
    EpochId epoch;
    RangeSet seqs;
    BootTime published;
  };

  EpochLedger* find(EpochId epoch);
  const EpochLedger* find(EpochId epoch) const;
  EpochLedger& find_or_add(EpochId epoch);
  void refused(EpochLedger* epoch, const Flight& flight, int reason, BootTime now);
  void too_large(EpochLedger* epoch, const Flight& flight, BootTime now);
  void spread_backfill(BootTime now);
  void forget_awaited(EpochId epoch, const RangeSet& seqs);
  const Awaited* oldest_awaited() const;
  void join_backfill(BootTime now);
  bool restart_due(BootTime now) const;

  bool central_;
  bool connected_ = false;
  BootTime started_, down_since_, hold_until_;
  double random_ = 0;  // of this connection
  std::optional<BootTime> last_answer_;
  std::vector<EpochLedger> epochs_;
  std::map<EpochId, std::size_t> index_;
  std::map<std::uint64_t, InFlight> flights_;
  std::optional<Flight> largest_lost_;  // of this connection
  std::deque<LiveWait> live_waits_;
  std::vector<Awaited> awaited_;
  std::chrono::seconds restart_after_{60};
  BatchSize size_;
  Refusals live_refusals_, backfill_refusals_;
};

}  // namespace congto::uplink
