// The envelope around the records, and what does not belong together.
#include "agent/contract/batch_writer.hpp"

#include <variant>

#include "agent/contract/json_text.hpp"
#include "agent/contract/meta.hpp"

namespace congto::contract {

namespace {

constexpr std::string_view before_sent = ",\"sent\":";
constexpr std::string_view before_meta = ",\"meta\":\"";
constexpr std::string_view before_records = ",\"records\":[";
constexpr std::string_view tail = "]}";
constexpr std::size_t epoch_length = 34;  // 32 hex digits in quotes
constexpr std::size_t time_length = 13;   // Unix ms between 2001 and 2286

const meter::LayoutPtr* layout_of(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) return &sample->layout;
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) return &skipped->layout;
  return nullptr;
}

bool fits_layout(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) return RecordText::fits(*sample);
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) return RecordText::fits(*skipped);
  if (const auto* meta = std::get_if<meter::Meta>(&record)) return meta->layout != nullptr;
  return true;
}

}  // namespace

BatchWriter::BatchWriter(std::string agent, std::string site, BatchLimits limits)
    : limits_(limits), agent_(std::move(agent)), site_(std::move(site)) {
  ObjectText(head_)
      .integer("v", std::int64_t{version})
      .text("agent", agent_)
      .text("site", site_)
      .key("epoch");
}

bool BatchWriter::add(const meter::StoredRecord& stored) {
  if (!empty() && (stored.id.epoch != epoch_ || seqs_.contains(stored.id.seq))) return false;
  const auto size_before = body_.size();
  const auto seq = stored.id.seq;
  const auto layout_before = layout_;
  std::size_t readings = 0;
  if (!empty()) body_ += ',';
  if (!fits_layout(stored.record)) {
    RecordText::append_void(body_, seq, {stored.id.epoch, seq, seq, "corrupt"});
  } else if (const auto* const layout = layout_of(stored.record)) {
    const bool foreign = layout_ != nullptr && layout_ != *layout && layout_->id() != (*layout)->id();
    if (!stored.dating || foreign) {
      body_.resize(size_before);
      return false;
    }
    layout_ = *layout;
    if (const auto* const sample = std::get_if<meter::Sample>(&stored.record)) {
      readings = text_.append_sample(body_, seq, *sample, *stored.dating);
    } else {
      RecordText::append_skipped(body_, seq, std::get<meter::Skipped>(stored.record), *stored.dating);
    }
  } else if (const auto* const start = std::get_if<meter::Start>(&stored.record)) {
    RecordText::append_start(body_, seq, *start);
  } else if (const auto* const gone = std::get_if<meter::Void>(&stored.record)) {
    RecordText::append_void(body_, seq, *gone);
  } else {
    const auto& meta = std::get<meter::Meta>(stored.record);
    RecordText::append_meta(body_, seq, meta.layout->id(), write_meta(agent_, site_, meta));
  }
  if (!keep(size_before, readings)) {
    layout_ = layout_before;
    return false;
  }
  epoch_ = stored.id.epoch;
  seqs_.add({seq, seq});
  return true;
}

bool BatchWriter::add_answer(const meter::Void& answer, EpochId batch_epoch) {
  if (!empty() && batch_epoch != epoch_) return false;
  const auto size_before = body_.size();
  if (!empty()) body_ += ',';
  RecordText::append_void(body_, 0, answer);
  if (!keep(size_before, 0)) return false;
  epoch_ = batch_epoch;
  return true;
}

// Counts the record that was just written, or takes it back when it is one too many.
bool BatchWriter::keep(std::size_t size_before, std::size_t readings) {
  const bool fits = bytes() <= limits_.max_bytes && readings_ + readings <= limits_.max_readings &&
                    records_ + 1 <= limits_.max_records;
  if (!fits && !empty()) {
    body_.resize(size_before);
    return false;
  }
  ++records_;
  readings_ += readings;
  return true;
}

std::size_t BatchWriter::bytes() const {
  const auto meta = layout_ == nullptr ? 0 : before_meta.size() + layout_->id().size() + 1;
  return head_.size() + epoch_length + before_sent.size() + time_length + meta + before_records.size() +
         body_.size() + tail.size();
}

std::string BatchWriter::finish(WallTime sent) const {
  std::string out;
  out.reserve(bytes() + 8);
  out += head_;
  append_string(out, epoch_.text());
  out += before_sent;
  append_integer(out, unix_ms(sent));
  if (layout_ != nullptr) out.append(before_meta).append(layout_->id()).append(1, '"');
  out.append(before_records).append(body_).append(tail);
  return out;
}

void BatchWriter::clear() {
  epoch_ = {};
  layout_.reset();
  body_.clear();
  seqs_ = {};
  records_ = 0;
  readings_ = 0;
}

}  // namespace congto::contract
