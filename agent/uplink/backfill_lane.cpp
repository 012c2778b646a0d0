// A small buffer of records between the journal and the batches: while two batches are under way the next
// portion is read, so that the drain never waits for the disk. Records leave it when their batch is made.
#include "agent/uplink/backfill_lane.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace congto::uplink {

namespace {

// A portion: a full batch, and some 100 kB of memory at most. While one becomes a batch the next is read.
constexpr std::size_t records_a_read = 500;
constexpr std::size_t readings_a_read = 6'000;
constexpr std::size_t records_enough = 2 * records_a_read;
constexpr std::size_t readings_enough = 2 * readings_a_read;
// Before the next try to read, when the journal has no file to read from.
constexpr std::chrono::seconds unreadable_pause{10};

// At most so many readings come of it.
std::size_t readings_of(const meter::StoredRecord& record) {
  const auto* sample = std::get_if<meter::Sample>(&record.record);
  return sample == nullptr || !sample->layout ? 1 : std::max<std::size_t>(1, sample->quality.size());
}

}  // namespace

bool waits_for_time(const meter::StoredRecord& record) {
  return !record.dating && (std::holds_alternative<meter::Sample>(record.record) ||
                            std::holds_alternative<meter::Skipped>(record.record));
}

BackfillLane::BackfillLane(boost::asio::any_io_executor executor, Delivery& delivery,
                           journal::Journal& journal, contract::BatchWriter writer,
                           std::function<void()> arrived)
    : executor_(std::move(executor)),
      delivery_(delivery),
      journal_(journal),
      writer_(std::move(writer)),
      packing_(delivery.central()),
      arrived_(std::move(arrived)),
      alive_(std::make_shared<BackfillLane*>(this)) {}

BackfillLane::~BackfillLane() = default;

meter::StoredRecord BackfillLane::take_front() {
  auto record = std::move(here_.front());
  here_.pop_front();
  readings_here_ -= readings_of(record);
  return record;
}

void BackfillLane::put_back(std::vector<meter::StoredRecord> records) {
  for (const auto& record : records) readings_here_ += readings_of(record);
  here_.insert(here_.begin(), std::make_move_iterator(records.begin()),
               std::make_move_iterator(records.end()));
}

// Fills the writer from what is here; gives the records that are in it.
std::vector<meter::StoredRecord> BackfillLane::fill(const contract::BatchLimits& limits, std::size_t room) {
  std::vector<meter::StoredRecord> taken;
  writer_.clear();
  writer_.set_limits(limits);
  while (!here_.empty()) {
    const auto& record = here_.front();
    if (!delivery_.still_claimed(record.id)) {  // acknowledged or evicted since it was read
      take_front();
      continue;
    }
    // A first record fits whatever its size, so the limit is looked at before.
    if (taken.empty() && readings_of(record) > room && delivery_.backfill_outstanding() > 0) break;
    const bool alone = delivery_.goes_alone(record.id);
    if (alone && !taken.empty()) break;
    if (writer_.add(record)) {
      taken.push_back(take_front());
      if (alone) break;
    } else if (taken.empty()) {
      delivery_.undated(record.id.epoch, {{record.id.seq, record.id.seq}});
      take_front();
    } else {
      break;
    }
  }
  return taken;
}

std::optional<Batch> BackfillLane::next(BootTime now, WallTime sent) {
  const std::size_t room = delivery_.backfill_room(now);
  if (room == 0 || (reading_ && !portion_here())) return std::nullopt;
  const std::size_t wire = delivery_.max_bytes(Lane::backfill);
  contract::BatchLimits limits;
  limits.max_bytes = packing_.text_for(wire);
  limits.max_readings = std::min(room, contract::max_batch_readings);
  while (true) {
    auto taken = fill(limits, room);
    if (taken.empty()) return std::nullopt;
    Batch batch;
    batch.payload = packing_.pack(writer_.finish(sent), wire);
    const std::size_t bytes = batch.payload.bytes.size();
    if (bytes > wire && taken.size() > 1 && limits.max_bytes > wire) {  // packs worse than those before it
      put_back(std::move(taken));
      limits.max_bytes = packing_.text_for(wire);
    } else if (taken.size() == 1 && !delivery_.fits(bytes)) {
      // Published, it would end this connection and every one after it.
      delivery_.hold_back_too_large(taken.front().id, now);
    } else {
      batch.flight = {Lane::backfill, writer_.epoch(), writer_.seqs(), writer_.readings(), bytes};
      return batch;
    }
  }
}

// So much that the next batch has no need to wait for the portion that is being read.
bool BackfillLane::portion_here() const {
  return readings_here_ >= readings_a_read || here_.size() >= records_a_read;
}

void BackfillLane::read_ahead(BootTime now) {
  if (reading_ || now < paused_until_ || readings_here_ >= readings_enough || here_.size() >= records_enough)
    return;
  auto claim = delivery_.claim(now, records_a_read);
  if (!claim) return;
  reading_ = true;
  outdated_ = false;
  const EpochId epoch = claim->epoch;
  const RangeSet wanted = claim->seqs;
  journal_.read(epoch, wanted, records_a_read, readings_a_read,
                [executor = executor_, alive = std::weak_ptr(alive_), claim = std::move(*claim),
                 now](std::vector<meter::StoredRecord> records) {
                  boost::asio::post(executor, [alive, claim, now, records = std::move(records)]() mutable {
                    if (const auto lane = alive.lock()) (*lane)->take(claim, std::move(records), now);
                  });
                });
}

void BackfillLane::take(const Delivery::Claim& claim, std::vector<meter::StoredRecord> records,
                        BootTime now) {
  reading_ = false;
  if (outdated_) {
    delivery_.release(claim.epoch, claim.seqs);
  } else if (records.empty() && !journal_.status().durable) {
    // Not the records are at fault but the disk: none of them is named, all wait together.
    delivery_.release(claim.epoch, claim.seqs);
    paused_until_ = now + unreadable_pause;
  } else {
    // The journal stops at its limits: above the last that it gave nothing is known. Below it, or when it
    // gave nothing at all, what is missing cannot be read; what is evicted the journal tells by itself.
    RangeSet missing = claim.seqs;
    RangeSet above;
    if (!records.empty()) {
      above = claim.seqs.clipped({records.back().id.seq + 1, UINT64_MAX});
      missing.remove(above);
    }
    for (auto& record : records) {
      missing.remove({record.id.seq, record.id.seq});
      readings_here_ += readings_of(record);
      here_.push_back(std::move(record));
    }
    delivery_.release(claim.epoch, above);
    if (!missing.empty()) delivery_.unreadable(claim.epoch, missing, now);
  }
  arrived_();
}

void BackfillLane::start_again() {
  outdated_ = true;
  for (const auto& record : here_) delivery_.release(record.id.epoch, {{record.id.seq, record.id.seq}});
  here_.clear();
  readings_here_ = 0;
}

}  // namespace congto::uplink
