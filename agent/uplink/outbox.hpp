// Outbox: what is published beside batches of records: online, status, meta, and voids that answer requests.
// Keeps what is due until the client takes it, names what the broker refuses, and tries that again later.
// io_context thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/contract/batch.hpp"
#include "agent/contract/messages.hpp"
#include "agent/uplink/refusals.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/record.hpp"

namespace congto::uplink {

class Outbox {
 public:
  // The token under which the client took it; nothing when it takes no more now.
  using Publish =
      std::function<std::optional<std::uint64_t>(contract::Topic what, std::string payload, bool retained)>;
  using StatusText = std::function<std::string()>;

  Outbox(std::string agent, std::string site, Publish publish)
      : agent_(std::move(agent)), site_(std::move(site)), publish_(std::move(publish)) {}

  // A new connection: online, status and meta are due. `max_bytes`: what a payload may have.
  void connected(std::size_t max_bytes);
  void offline();  // {"online":false} is due, and nothing else any more
  void status_due() { status_due_ = true; }
  void meta(std::string text);
  void answer(const std::vector<meter::Void>& voids);

  // Publishes what is due, as far as the client takes it; online first. True when a status went out.
  bool flush(BootTime now, const StatusText& status);
  // One batch of answers, if there are any and the client takes it.
  bool publish_answers(WallTime sent, std::size_t max_bytes);
  bool online_due() const { return online_due_; }

  // What became of a publish; nothing when the token is none of ours. `note`: the broker refuses it, told
  // once.
  struct Outcome {
    std::string note;
  };
  std::optional<Outcome> answered(std::uint64_t token, bool lost, int reason, BootTime now);
  std::vector<std::string> alarms() const;

 private:
  struct Message {
    contract::Topic what;
    std::vector<meter::Void> answers;
  };
  bool publish(contract::Topic what, std::string payload);
  bool ready(contract::Topic what, BootTime now) const;
  void due_again(Message message);

  std::string agent_, site_;
  Publish publish_;
  std::size_t max_bytes_ = contract::max_batch_bytes;
  bool online_ = true;
  bool online_due_ = false, status_due_ = false, meta_due_ = false;
  std::string meta_text_;
  std::deque<meter::Void> answers_;
  std::map<std::uint64_t, Message> under_way_;
  std::map<contract::Topic, Refusals> refused_;
  std::set<contract::Topic> too_large_;
};

}  // namespace congto::uplink
