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
}  // namespace

void Outbox::connected(std::size_t max_bytes) {
  max_bytes_ = max_bytes;
  refused_.clear();
  online_due_ = true;
  status_due_ = online_;
  meta_due_ = online_ && !meta_text_.empty();
}

void Outbox::offline() {
  online_ = false;
  online_due_ = true;
  status_due_ = meta_due_ = false;
  answers_.clear();
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

bool Outbox::publish(contract::Topic what, const std::string& name, std::string payload, bool retained,
                     std::vector<meter::Void> answers) {
  if (payload.size() > max_bytes_) {
    refused_[name] = name + " is larger than the broker takes in one packet";
    return true;
  }
  const auto token = publish_(what, std::move(payload), retained);
  if (!token) return false;
  under_way_.emplace(*token, Message{name, std::move(answers)});
  return true;
}

bool Outbox::flush(WallTime now, const StatusText& status) {
  using contract::Topic;
  if (online_due_) online_due_ = !publish(Topic::online, "up/online", contract::write_online(online_), true);
  if (!online_ || online_due_) return false;
  bool told = false;
  if (status_due_ && status) {
    told = publish(Topic::status, "up/status", status(), true);
    status_due_ = !told;
  }
  if (meta_due_) meta_due_ = !publish(Topic::meta, "up/meta", meta_text_, true);
  while (!answers_.empty() && publish_answers(now)) {
  }
  return told;
}

bool Outbox::publish_answers(WallTime now) {
  contract::BatchLimits limits;
  limits.max_bytes = max_bytes_;
  contract::BatchWriter writer(agent_, site_, limits);
  std::vector<meter::Void> taken;
  for (const auto& answer : answers_) {
    if (!writer.add_answer(answer, answer.epoch)) break;
    taken.push_back(answer);
  }
  if (taken.empty()) {  // an answer that no batch takes must not hold up the others
    answers_.pop_front();
    return true;
  }
  const auto count = static_cast<std::ptrdiff_t>(taken.size());
  if (!publish(contract::Topic::backfill, "an answer on up/backfill", writer.finish(now), false,
               std::move(taken))) {
    return false;
  }
  answers_.erase(answers_.begin(), answers_.begin() + count);
  return true;
}

std::optional<Outbox::Outcome> Outbox::answered(std::uint64_t token, bool lost, int reason) {
  const auto at = under_way_.find(token);
  if (at == under_way_.end()) return std::nullopt;
  const Message message = std::move(at->second);
  under_way_.erase(at);
  if (lost) {
    if (online_) answer(message.answers);
    return Outcome{};
  }
  if (reason < 0x80) {
    refused_.erase(message.name);
    return Outcome{};
  }
  std::string text = "the broker refuses " + message.name + ": " + mqtt::reason_text(reason);
  if (std::exchange(refused_[message.name], text) == text) return Outcome{};
  return Outcome{std::move(text)};
}

std::vector<std::string> Outbox::alarms() const {
  std::vector<std::string> all;
  for (const auto& [name, text] : refused_) all.push_back(text);
  return all;
}

}  // namespace congto::uplink
