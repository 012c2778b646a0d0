// A message that is only half understood changes nothing.
#include "agent/uplink/inbox.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace congto::uplink {

namespace {
constexpr std::chrono::seconds meta_pause{60};  // one answer a minute for each layout that is asked for
}

Inbox::Inbox(Parts parts, std::string centre, bool central)
    : parts_(std::move(parts)),
      centre_(std::move(centre)),
      central_(central),
      alive_(std::make_shared<Inbox*>(this)) {}

// Once per change.
void Inbox::note_change(std::string& last, std::string line) {
  if (line == last) return;
  parts_.note(line);
  last = std::move(line);
}

void Inbox::ack(const std::string& payload, BootTime now) {
  if (!central_) return;
  const auto ack = contract::parse_ack(payload);
  if (!ack) return note_change(not_understood_, "a down/ack is not understood: " + ack.error().message);
  if (centre_.empty()) centre_ = ack->centre;
  if (ack->centre != centre_) {
    return note_change(stranger_, "acknowledgements of \"" + ack->centre +
                                      "\" are ignored: the centre is \"" + centre_ +
                                      "\"; set centre in [uplink] if that is wrong");
  }
  parts_.delivery.centre_answered(now);
  parts_.clock.ack(ack->now, now);
  for (const auto& one : ack->acks) {
    const RangeSet settled = parts_.delivery.acknowledged(one.epoch, one.ranges);
    if (!settled.empty()) parts_.journal.settle(one.epoch, settled);
  }
}

void Inbox::request(const std::string& payload, BootTime now) {
  const auto request = contract::parse_request(payload);
  if (!request) {
    return note_change(not_understood_, "a down/request is not understood: " + request.error().message);
  }
  for (const auto& wanted : request->requests) {
    auto found = parts_.delivery.requested(wanted.epoch, wanted.ranges, now);
    if (!found.withdrawn.empty()) parts_.journal.withdraw(wanted.epoch, found.withdrawn);
    parts_.outbox.answer(found.answers);
  }
  for (const auto& id : request->metas) request_meta(id, now);
}

// A layout that is asked for goes out as a record: committed, acknowledged, and not as the retained copy.
void Inbox::request_meta(const std::string& id, BootTime now) {
  std::erase_if(metas_answered_, [now](const auto& entry) { return now - entry.second >= meta_pause; });
  if (!metas_answered_.emplace(id, now).second) return;
  if (meta_ && meta_->layout && meta_->layout->id() == id) return parts_.journal.append(*meta_);
  const auto executor = parts_.executor;
  parts_.journal.layout(id, [executor, alive = std::weak_ptr(alive_), id](meter::LayoutPtr layout) {
    boost::asio::post(executor, [alive, id, layout = std::move(layout)] {
      const auto self = alive.lock();
      if (!self) return;
      Inbox& inbox = **self;
      if (!layout) {
        return inbox.parts_.note("the centre asks for the layout " + id +
                                 ", which the journal does not hold");
      }
      meter::Meta meta;
      meta.layout = layout;
      meta.info.resize(layout->meters().size());
      meta.unsupported.resize(layout->meters().size());
      inbox.parts_.journal.append(std::move(meta));
    });
  });
}

std::vector<std::string> Inbox::alarms() const {
  if (stranger_.empty()) return {};
  return {stranger_};
}

}  // namespace congto::uplink
