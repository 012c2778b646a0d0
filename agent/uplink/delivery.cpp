// The rules of contract.md "Delivery". What is asked of backfill most often comes first; what time brings
// last.
#include "agent/uplink/delivery.hpp"

#include <algorithm>
#include <utility>

#include "agent/mqtt/client.hpp"

namespace congto::uplink {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes answer_age{3};      // backfill runs only while the centre's answers are younger
constexpr seconds live_patience{60};  // an unacknowledged live record then joins backfill
constexpr seconds first_restart{60};  // the oldest not acknowledged: the lane starts again from it
constexpr seconds last_restart{3600};
constexpr seconds common_outage{60};  // longer, and others had it, too
constexpr seconds longest_spread{60};
constexpr hours no_answer_alarm{24};
constexpr int packet_too_large = 0x95;
constexpr std::size_t hardly_smaller = 1024;  // a batch refused as too large that cannot shrink much more
constexpr std::size_t named_records = 3;      // of those refused alone, in status

}  // namespace

// --- what the journal holds ---

EpochLedger* Delivery::find(EpochId epoch) {
  return const_cast<EpochLedger*>(std::as_const(*this).find(epoch));
}

const EpochLedger* Delivery::find(EpochId epoch) const {
  const auto at = index_.find(epoch);
  return at == index_.end() ? nullptr : &epochs_[at->second];
}

EpochLedger& Delivery::find_or_add(EpochId epoch) {
  const auto [at, added] = index_.emplace(epoch, epochs_.size());
  if (added) epochs_.emplace_back().id = epoch;
  return epochs_[at->second];
}

void Delivery::known(EpochId epoch, std::uint64_t last, const RangeSet& held, const RangeSet& settled) {
  EpochLedger& ledger = find_or_add(epoch);
  ledger.last = std::max(ledger.last, last);
  ledger.held.add(held);
  RangeSet open = held;
  open.remove(settled);
  ledger.unacked.add(open);
}

void Delivery::committed(EpochId epoch, Range range) {
  EpochLedger& ledger = find_or_add(epoch);
  ledger.last = std::max(ledger.last, range.last);
  ledger.held.add(range);
  ledger.unacked.add(range);
}

void Delivery::undated(EpochId epoch, const RangeSet& seqs) {
  if (EpochLedger* ledger = find(epoch)) {
    RangeSet waiting = seqs.intersection(ledger->unacked);
    waiting.remove(ledger->dated);  // read just before: to be read again, for nobody says it a second time
    ledger->undated.add(waiting);
    ledger->claimed.remove(seqs);
  }
}

void Delivery::dated(EpochId epoch, Range range) {
  if (EpochLedger* ledger = find(epoch)) {
    ledger->undated.remove(range);
    ledger->dated.add(range);
  }
}

void Delivery::gone(EpochId epoch, const RangeSet& seqs) {
  EpochLedger* ledger = find(epoch);
  if (ledger == nullptr) return;
  ledger->held.remove(seqs);
  ledger->settle(seqs);
  forget_awaited(epoch, seqs);
}

// --- the connection ---

void Delivery::connected(BootTime now, double random, std::size_t maximum_packet, std::size_t topic_length) {
  connected_ = true;
  random_ = random;
  largest_lost_.reset();
  size_.connected(maximum_packet, topic_length);
  live_refusals_.clear();
  backfill_refusals_.clear();
  // A broker that was mended in the meantime may take now what it refused.
  for (auto& epoch : epochs_) {
    for (auto& [seq, why] : epoch.stuck) {
      if (why.reason != 0 && !why.ended_connection) why.until = std::min(why.until, now);
    }
  }
  if (now - down_since_ > common_outage) spread_backfill(now);
}

// An outage that others had, too: they are not all to come back in the same second.
void Delivery::spread_backfill(BootTime now) {
  hold_until_ = now + std::chrono::duration_cast<BootTime::duration>(longest_spread * random_);
}

void Delivery::disconnected(BootTime now, int reason) {
  if (connected_) down_since_ = now;
  connected_ = false;
  if (reason != packet_too_large || !largest_lost_) return;
  const Flight& flight = *largest_lost_;
  EpochLedger* ledger = find(flight.epoch);
  too_large(ledger, flight, now);
  size_.ended_connection(flight.bytes);
  if (ledger != nullptr && flight.seqs.count() == 1) {
    ledger->stuck[*flight.seqs.lowest()].ended_connection = true;
  }
}

// --- publishing ---

void Delivery::hold_back_too_large(RecordId record, BootTime now) {
  EpochLedger* ledger = find(record.epoch);
  if (ledger == nullptr) return;
  ledger->claimed.remove({record.seq, record.seq});
  ledger->hold_back(record.seq, packet_too_large, now);
}

void Delivery::published(std::uint64_t token, Flight flight, BootTime now) {
  if (EpochLedger* ledger = find(flight.epoch)) {
    ledger->claimed.remove(flight.seqs);
    ledger->in_flight.add(flight.seqs);
  }
  flights_.insert_or_assign(token, InFlight{std::move(flight), now});
}

Delivery::Settled Delivery::answered(std::uint64_t token, bool lost, int reason, BootTime now) {
  const auto at = flights_.find(token);
  if (at == flights_.end()) return {};
  const InFlight ended = std::move(at->second);
  flights_.erase(at);
  const Flight& flight = ended.flight;
  EpochLedger* ledger = find(flight.epoch);
  if (ledger != nullptr) ledger->in_flight.remove(flight.seqs);
  if (lost) {  // pending again
    if (!largest_lost_ || flight.bytes > largest_lost_->bytes) largest_lost_ = flight;
    return {};
  }
  if (reason >= 0x80) {
    refused(ledger, flight, reason, now);
    return {};
  }
  (flight.lane == Lane::live ? live_refusals_ : backfill_refusals_).taken();
  if (flight.lane == Lane::backfill) size_.answered(flight.bytes, now - ended.published);
  if (ledger == nullptr) return {};
  ledger->refused_once.remove(flight.seqs);
  ledger->alone.remove(flight.seqs);
  std::erase_if(ledger->stuck, [&](const auto& entry) { return flight.seqs.contains(entry.first); });
  const RangeSet open = flight.seqs.intersection(ledger->unacked);
  if (open.empty()) return {};
  if (!central_) {
    last_answer_ = now;
    ledger->settle(open);
    return {flight.epoch, open};
  }
  if (flight.lane == Lane::live) {
    ledger->live_wait.add(open);
    live_waits_.push_back({flight.epoch, open, ended.published});
  } else {
    ledger->sent.add(open);
    awaited_.push_back({flight.epoch, open, flight.readings, ended.published});
  }
  return {};
}

void Delivery::refused(EpochLedger* epoch, const Flight& flight, int reason, BootTime now) {
  const bool least = flight.seqs.empty() && flight.bytes <= hardly_smaller;  // of answers: nothing to divide
  if (reason == packet_too_large && !least) return too_large(epoch, flight, now);
  (flight.lane == Lane::live ? live_refusals_ : backfill_refusals_).refused(reason, now);
  if (epoch == nullptr) return;
  if (flight.seqs.count() == 1 && epoch->alone.contains(*flight.seqs.lowest())) {
    epoch->hold_back(*flight.seqs.lowest(), reason, now);
  }
  epoch->alone.add(flight.seqs.intersection(epoch->refused_once).intersection(epoch->unacked));
  epoch->refused_once.add(flight.seqs.intersection(epoch->unacked));
}

// A smaller one is tried at once, so it must be smaller, or be of one record that then waits.
void Delivery::too_large(EpochLedger* epoch, const Flight& flight, BootTime now) {
  size_.too_large(flight.bytes);
  if (epoch == nullptr) return;
  if (flight.seqs.count() == 1) {
    epoch->hold_back(*flight.seqs.lowest(), packet_too_large, now);
  } else if (flight.bytes <= hardly_smaller) {
    epoch->alone.add(flight.seqs.intersection(epoch->unacked));
  }
}

// --- backfill ---

bool Delivery::backfill_open(BootTime now) const {
  if (!connected_ || now < hold_until_ || !backfill_refusals_.ready(now)) return false;
  return !central_ || (last_answer_ && now - *last_answer_ < answer_age);
}

std::optional<Delivery::Claim> Delivery::claim(BootTime now, std::uint64_t max_records) {
  if (!backfill_open(now)) return std::nullopt;
  for (auto& epoch : epochs_) {
    const RangeSet pending = epoch.pending(now);
    Claim claim{epoch.id, {}};
    std::uint64_t room = max_records;
    for (std::uint64_t from = 0; room > 0;) {
      const auto range = pending.next(from);
      if (!range) break;
      const std::uint64_t last = range->last - range->first < room ? range->last : range->first + room - 1;
      claim.seqs.add({range->first, last});
      room -= last - range->first + 1;
      from = last + 1;
    }
    if (claim.seqs.empty()) continue;
    epoch.claimed.add(claim.seqs);
    return claim;
  }
  return std::nullopt;
}

void Delivery::release(EpochId epoch, const RangeSet& seqs) {
  if (EpochLedger* ledger = find(epoch)) ledger->claimed.remove(seqs);
}

void Delivery::unreadable(EpochId epoch, const RangeSet& seqs, BootTime now) {
  EpochLedger* ledger = find(epoch);
  if (ledger == nullptr) return;
  for (const auto& range : seqs.intersection(ledger->claimed).ranges()) {
    for (auto seq = range.first; seq <= range.last; ++seq) ledger->hold_back(seq, 0, now);
  }
  ledger->claimed.remove(seqs);
}

bool Delivery::still_claimed(RecordId record) const {
  const EpochLedger* ledger = find(record.epoch);
  return ledger != nullptr && ledger->claimed.contains(record.seq);
}

bool Delivery::goes_alone(RecordId record) const {
  const EpochLedger* ledger = find(record.epoch);
  return ledger != nullptr && ledger->alone.contains(record.seq);
}

std::size_t Delivery::backfill_room(BootTime now) const {
  if (!backfill_open(now) || backfill_flights() >= max_backfill_flights) return 0;
  const std::size_t outstanding = backfill_outstanding();
  return outstanding >= max_backfill_readings ? 0 : max_backfill_readings - outstanding;
}

bool Delivery::answers_open(BootTime now) const {
  return connected_ && backfill_refusals_.ready(now) && backfill_flights() < max_backfill_flights;
}

std::size_t Delivery::backfill_flights() const {
  return static_cast<std::size_t>(std::count_if(flights_.begin(), flights_.end(), [](const auto& entry) {
    return entry.second.flight.lane == Lane::backfill;
  }));
}

std::size_t Delivery::backfill_outstanding() const {
  std::size_t readings = 0;
  for (const auto& [token, ended] : flights_) {
    if (ended.flight.lane == Lane::backfill) readings += ended.flight.readings;
  }
  for (const auto& batch : awaited_) readings += batch.readings;
  return readings;
}

// --- the centre ---

void Delivery::centre_answered(BootTime now) {
  const bool was_silent = now - last_answer_.value_or(started_) > answer_age;
  if (was_silent && now >= hold_until_) spread_backfill(now);
  last_answer_ = now;
}

RangeSet Delivery::acknowledged(EpochId epoch, const RangeSet& seqs) {
  EpochLedger* ledger = find(epoch);
  if (ledger == nullptr) return {};
  const RangeSet newly = seqs.intersection(ledger->unacked);
  if (newly.empty()) return newly;
  ledger->settle(newly);
  forget_awaited(epoch, newly);
  restart_after_ = first_restart;
  return newly;
}

// A batch counts with all its readings until the last of its records is settled.
void Delivery::forget_awaited(EpochId epoch, const RangeSet& seqs) {
  for (auto& batch : awaited_) {
    if (batch.epoch == epoch) batch.seqs.remove(seqs);
  }
  std::erase_if(awaited_, [](const Awaited& batch) { return batch.seqs.empty(); });
}

Delivery::Requested Delivery::requested(EpochId epoch, const RangeSet& seqs, BootTime now) {
  Requested result;
  EpochLedger* ledger = find(epoch);
  if (ledger == nullptr) {
    for (const auto& range : seqs.ranges())
      result.answers.push_back({epoch, range.first, range.last, "unknown-epoch"});
    return result;
  }
  const RangeSet existing = seqs.clipped({1, ledger->last});
  const RangeSet held = existing.intersection(ledger->held);
  result.withdrawn = held;
  result.withdrawn.remove(ledger->unacked);
  ledger->unacked.add(result.withdrawn);
  ledger->send_again(held, now);
  forget_awaited(epoch, held);
  RangeSet evicted = existing;
  evicted.remove(held);
  for (const auto& range : evicted.ranges())
    result.answers.push_back({epoch, range.first, range.last, "evicted"});
  if (ledger == &epochs_.back()) return result;  // what lies above its last seq is still to come
  RangeSet beyond = seqs;
  beyond.remove({0, ledger->last});
  for (const auto& range : beyond.ranges())
    result.answers.push_back({epoch, range.first, range.last, "corrupt"});
  return result;
}

// --- what time brings ---

void Delivery::join_backfill(BootTime now) {
  while (!live_waits_.empty() && now - live_waits_.front().published >= live_patience) {
    if (EpochLedger* ledger = find(live_waits_.front().epoch)) {
      ledger->live_wait.remove(live_waits_.front().seqs);
    }
    live_waits_.pop_front();
  }
}

const Delivery::Awaited* Delivery::oldest_awaited() const {
  const auto older = [this](const Awaited& a, const Awaited& b) {
    return std::pair(index_.at(a.epoch), *a.seqs.lowest()) < std::pair(index_.at(b.epoch), *b.seqs.lowest());
  };
  const auto at = std::min_element(awaited_.begin(), awaited_.end(), older);
  return at == awaited_.end() ? nullptr : &*at;
}

bool Delivery::restart_due(BootTime now) const {
  if (!backfill_open(now)) return false;
  const Awaited* oldest = oldest_awaited();
  return oldest != nullptr && now - oldest->published >= restart_after_;
}

bool Delivery::tick(BootTime now) {
  join_backfill(now);
  if (!restart_due(now)) return false;
  awaited_.clear();
  for (auto& epoch : epochs_) epoch.sent = RangeSet();
  restart_after_ = std::min(restart_after_ * 2, last_restart);
  return true;
}

// --- for status ---

std::uint64_t Delivery::unacknowledged() const {
  std::uint64_t count = 0;
  for (const auto& epoch : epochs_) count += epoch.unacked.count();
  return count;
}

std::vector<std::string> Delivery::alarms(BootTime now) const {
  std::vector<std::string> all;
  if (central_ && now - last_answer_.value_or(started_) >= no_answer_alarm) {
    all.push_back(
        "no acknowledgement of the centre for " +
        std::to_string(std::chrono::duration_cast<hours>(now - last_answer_.value_or(started_)).count()) +
        " h: nothing is lost, but nothing counts as delivered; is the centre running?");
  }
  for (auto text : {live_refusals_.text("up/data"), backfill_refusals_.text("up/backfill")}) {
    if (!text.empty()) all.push_back(std::move(text));
  }
  std::size_t stuck = 0;
  for (const auto& epoch : epochs_) {
    for (const auto& [seq, why] : epoch.stuck) {
      if (why.reason == 0 || ++stuck > named_records) continue;
      all.push_back("record " + std::to_string(seq) + " of epoch " + epoch.id.text() +
                    " is refused even alone: " + mqtt::reason_text(why.reason) +
                    "; it waits, the others go on");
    }
  }
  if (stuck > named_records)
    all.push_back(std::to_string(stuck - named_records) + " more records are refused even alone");
  return all;
}

}  // namespace congto::uplink
