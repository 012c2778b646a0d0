// A message that is only half understood changes nothing.
#include "agent/uplink/inbox.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"
#include "agent/time/reference.hpp"

namespace congto::uplink {

namespace {
constexpr std::chrono::seconds meta_pause{60};  // one answer a minute for each layout that is asked for
constexpr std::size_t most_metas = contract::max_request_metas;  // in that time
constexpr std::chrono::seconds note_pause{60};
constexpr std::chrono::hours alarm_life{1};
constexpr std::size_t longest_name = 64, longest_text = 300;

// What others wrote, fit for a log and a terminal: short, and without control characters (C0, DEL, C1).
std::string printable(std::string_view text, std::size_t bytes) {
  std::string out = contract::clipped(text, bytes);
  unsigned char before = 0;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte < 0xA0)) c = before == 0xC2 ? '\xBF' : '?';
    before = byte;
  }
  return out;
}
}  // namespace

Inbox::Inbox(Parts parts, std::string centre, bool central)
    : parts_(std::move(parts)),
      centre_(std::move(centre)),
      central_(central),
      alive_(std::make_shared<Inbox*>(this)) {}

void Inbox::tell(Trouble& trouble, std::string text, BootTime now) {
  trouble.seen = now;
  if (text == trouble.text) return;
  const bool due = !trouble.noted || now - *trouble.noted >= note_pause;
  trouble.text = std::move(text);
  if (!due) return;
  trouble.noted = now;
  parts_.note(trouble.text);
}

void Inbox::ack(const std::string& payload, BootTime now) {
  if (!central_) return;
  const auto ack = contract::parse_ack(payload);
  if (!ack) {
    return tell(ack_trouble_, "a down/ack is not understood: " + printable(ack.error().message, longest_text),
                now);
  }
  if (centre_.empty()) centre_ = ack->centre;
  if (ack->centre != centre_) {
    return tell(stranger_,
                "acknowledgements of \"" + printable(ack->centre, longest_name) +
                    "\" are ignored: the centre is \"" + printable(centre_, longest_name) +
                    "\"; set centre in [uplink] if that is wrong",
                now);
  }
  ack_trouble_.text.clear();
  parts_.delivery.centre_answered(now);
  if (timing::believable(ack->now)) {
    time_trouble_.text.clear();
    parts_.clock.ack(ack->now, now);
  } else {
    tell(time_trouble_, "the centre's clock is wrong: it is not asked for the time", now);
  }
  for (const auto& one : ack->acks) {
    const RangeSet settled = parts_.delivery.acknowledged(one.epoch, one.ranges);
    if (!settled.empty()) parts_.journal.settle(one.epoch, settled);
  }
}

void Inbox::request(const std::string& payload, BootTime now) {
  const auto request = contract::parse_request(payload);
  if (!request) {
    return tell(request_trouble_,
                "a down/request is not understood: " + printable(request.error().message, longest_text), now);
  }
  for (const auto& wanted : request->requests) {
    // What a disk holds that is not there yet is not unknown for good; the centre asks again.
    if (!parts_.delivery.knows(wanted.epoch) && !parts_.journal.status().durable) continue;
    auto found = parts_.delivery.requested(wanted.epoch, wanted.ranges, now);
    if (!found.withdrawn.empty()) parts_.journal.withdraw(wanted.epoch, found.withdrawn);
    parts_.outbox.answer(found.answers);
  }
  for (const auto& id : request->metas) request_meta(id, now);
}

// A layout that is asked for goes out as a record: committed, acknowledged, and not as the retained copy.
void Inbox::request_meta(const std::string& id, BootTime now) {
  std::erase_if(metas_answered_, [now](const auto& entry) { return now - entry.second >= meta_pause; });
  if (metas_answered_.size() >= most_metas || !metas_answered_.emplace(id, now).second) return;
  if (meta_ && meta_->layout && meta_->layout->id() == id) return parts_.journal.append(*meta_);
  const auto executor = parts_.executor;
  parts_.journal.layout(id, [executor, alive = std::weak_ptr(alive_), id, now](meter::LayoutPtr layout) {
    boost::asio::post(executor, [alive, id, now, layout = std::move(layout)] {
      const auto self = alive.lock();
      if (!self) return;
      Inbox& inbox = **self;
      if (!layout) {
        return inbox.tell(inbox.request_trouble_,
                          "the centre asks for the layout " + printable(id, longest_name) +
                              ", which the journal does not hold",
                          now);
      }
      meter::Meta meta;
      meta.layout = layout;
      meta.info.resize(layout->meters().size());
      meta.unsupported.resize(layout->meters().size());
      inbox.parts_.journal.append(std::move(meta));
    });
  });
}

std::vector<std::string> Inbox::alarms(BootTime now) const {
  std::vector<std::string> all;
  for (const Trouble* trouble : {&stranger_, &ack_trouble_, &time_trouble_}) {
    if (!trouble->text.empty() && now - trouble->seen < alarm_life) all.push_back(trouble->text);
  }
  return all;
}

}  // namespace congto::uplink
