// Small messages in the order in which they matter.
#include "agent/uplink/outbox.hpp"

#include <algorithm>
#include <utility>

#include "agent/mqtt/client.hpp"

namespace congto::uplink {

namespace {
// Voids that wait to be published. A request names at most 64 ranges an epoch; what finds no room is asked
// for again by a centre that still wants it.
constexpr std::size_t most_answers = 1'000;

// For texts.
std::string name(contract::Topic what) {
  switch (what) {
    case contract::Topic::online:
      return "up/online";
    case contract::Topic::status:
      return "up/status";
    case contract::Topic::meta:
      return "up/meta";
    default:
      return "an answer on up/backfill";
  }
}

}  // namespace

void Outbox::connected(std::size_t max_bytes) {
  max_bytes_ = max_bytes;
  refused_.clear();
  too_large_.clear();
  online_due_ = true;
  status_due_ = online_;
  meta_due_ = online_ && !meta_text_.empty();
}

void Outbox::offline() {
  online_ = false;
  online_due_ = true;
  status_due_ = meta_due_ = false;
  answers_.clear();
  refused_.clear();  // there will be no later
}

void Outbox::meta(std::string text) {
  meta_text_ = std::move(text);
  meta_due_ = true;
}

void Outbox::answer(const std::vector<meter::Void>& voids) {
  const std::size_t room = most_answers - std::min(most_answers, answers_.size());
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, voids.size()));
  answers_.insert(answers_.end(), voids.begin(), voids.begin() + taken);
}

bool Outbox::ready(contract::Topic what, BootTime now) const {
  const auto refused = refused_.find(what);
  return refused == refused_.end() || refused->second.ready(now);
}

// True unless the client takes no more now.
bool Outbox::publish(contract::Topic what, std::string payload) {
  if (payload.size() > max_bytes_) {
    too_large_.insert(what);
    return true;
  }
  const auto token = publish_(what, std::move(payload), true);
  if (!token) return false;
  too_large_.erase(what);
  under_way_.emplace(*token, Message{what, {}});
  return true;
}

bool Outbox::flush(BootTime now, const StatusText& status) {
  using contract::Topic;
  if (online_due_ && ready(Topic::online, now)) {
    if (!publish(Topic::online, contract::write_online(online_))) return false;
    online_due_ = false;
  }
  if (!online_) return false;
  bool told = false;
  if (status_due_ && status && ready(Topic::status, now)) {
    told = publish(Topic::status, status());
    status_due_ = !told;
  }
  if (meta_due_ && ready(Topic::meta, now)) meta_due_ = !publish(Topic::meta, meta_text_);
  return told;
}

bool Outbox::publish_answers(WallTime sent, std::size_t max_bytes) {
  if (answers_.empty()) return false;
  contract::BatchLimits limits;
  limits.max_bytes = max_bytes;
  contract::BatchWriter writer(agent_, site_, limits);
  std::vector<meter::Void> taken;
  for (const auto& answer : answers_) {
    if (!writer.add_answer(answer, answer.epoch)) break;
    taken.push_back(answer);
  }
  const auto token = publish_(contract::Topic::backfill, writer.finish(sent), false);
  if (!token) return false;
  answers_.erase(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(taken.size()));
  under_way_.emplace(*token, Message{contract::Topic::backfill, std::move(taken)});
  return true;
}

void Outbox::due_again(Message message) {
  using contract::Topic;
  if (message.what == Topic::online) online_due_ = true;
  if (!online_) return;
  if (message.what == Topic::status) status_due_ = true;
  if (message.what == Topic::meta) meta_due_ = true;
  answer(message.answers);
}

std::optional<Outbox::Outcome> Outbox::answered(std::uint64_t token, bool lost, int reason, BootTime now) {
  const auto at = under_way_.find(token);
  if (at == under_way_.end()) return std::nullopt;
  Message message = std::move(at->second);
  under_way_.erase(at);
  const auto what = message.what;
  if (!lost && reason < 0x80) {
    refused_.erase(what);
    return Outcome{};
  }
  due_again(std::move(message));
  if (lost) return Outcome{};
  const std::string text = "the broker refuses " + name(what) + ": " + mqtt::reason_text(reason);
  if (what == contract::Topic::backfill) return Outcome{text};  // it is the lane that waits
  Refusals& refused = refused_[what];
  const bool known = refused.reason() == reason;
  refused.refused(reason, now);
  return Outcome{known ? std::string() : text};
}

std::vector<std::string> Outbox::alarms() const {
  std::vector<std::string> all;
  for (const auto what : too_large_) {
    all.push_back(name(what) + " is larger than the broker takes in one packet");
  }
  for (const auto& [what, refused] : refused_) {
    if (auto text = refused.text(name(what)); !text.empty()) all.push_back(std::move(text));
  }
  return all;
}

}  // namespace congto::uplink
