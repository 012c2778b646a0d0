// The hands of the uplink: connects, publishes what Delivery lets go, hands answers back to it and to the
// journal.
#include "agent/uplink/uplink.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <random>
#include <utility>

#include "agent/contract/batch.hpp"
#include "agent/uplink/backfill_lane.hpp"
#include "agent/uplink/centre_clock.hpp"
#include "agent/uplink/delivery.hpp"

namespace congto::uplink {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds meta_answer_pause{60};           // one answer a minute for each layout that is asked for
constexpr std::chrono::hours taken_over_alarm{1};  // how long status tells of it
constexpr std::size_t most_answers =
    1'000;  // voids that wait to be published; a request has at most some 100

class MqttUplink final : public Uplink {
 public:
  MqttUplink(boost::asio::any_io_executor executor, Settings settings, const Clock& clock,
             journal::Journal& journal, Handlers handlers)
      : executor_(executor),
        settings_(std::move(settings)),
        clock_(clock),
        journal_(journal),
        handlers_(std::move(handlers)),
        delivery_(settings_.central, clock.boot()),
        live_(settings_.agent, settings_.site, contract::BatchLimits()),
        backfill_(executor, delivery_, journal, live_, [this] { pump_soon(); }),
        centre_(settings_.centre),
        status_timer_(executor),
        tick_timer_(executor),
        stop_timer_(executor),
        alive_(std::make_shared<MqttUplink*>(this)) {
    for (const auto& epoch : journal_.epochs())
      delivery_.known(epoch.id, epoch.last, epoch.held, epoch.settled);
  }

  void start() override {
    mqtt::Settings connection = settings_.connection;
    connection.client_id = settings_.agent;
    connection.will_topic = topic(contract::Topic::online);
    connection.will_payload = contract::write_online(false);
    connection.subscriptions = {topic(contract::Topic::ack), topic(contract::Topic::request)};
    mqtt::Handlers handlers;
    handlers.connected = [this](mqtt::Allowed allowed) { connected(allowed); };
    handlers.disconnected = [this](const mqtt::Disconnected& why) { disconnected(why); };
    handlers.published = [this](mqtt::Published outcome) { published(outcome); };
    handlers.message = [this](const std::string& at, const std::string& payload) { arrived(at, payload); };
    handlers.trouble = [this](std::string text) {
      note(text);
      subscription_trouble_ = std::move(text);
    };
    const auto& create = settings_.make_client ? settings_.make_client : &mqtt::Client::create;
    client_ = create(executor_, std::move(connection), std::move(handlers));
    client_->start();
    tick();
  }

  void committed(journal::Commit commit) override {
    for (const auto& evicted : commit.evicted) delivery_.gone(evicted.epoch, {evicted.range});
    if (commit.records.empty()) return;
    const auto epoch = commit.records.front().id.epoch;
    delivery_.committed(epoch, {commit.records.front().id.seq, commit.records.back().id.seq});
    RangeSet undated;
    for (const auto& record : commit.records) {
      if (waits_for_time(record)) undated.add({record.id.seq, record.id.seq});
    }
    if (!undated.empty()) delivery_.undated(epoch, undated);
    publish_live(commit.records);
    pump_soon();
  }

  void dated(EpochId epoch, Range range) override {
    delivery_.dated(epoch, range);
    pump_soon();
  }

  void meta(meter::Meta meta) override {
    meta_text_ = contract::write_meta(settings_.agent, settings_.site, meta);
    meta_ = std::move(meta);
    meta_due_ = true;
    pump_soon();
  }

  void complete(contract::Status& status) const override {
    const BootTime now = clock_.boot();
    status.unacknowledged = delivery_.unacknowledged();
    if (const auto last = delivery_.last_answer()) {
      status.last_ack_age_s = std::chrono::duration_cast<seconds>(now - *last).count();
    }
    status.epochs.clear();
    status.more = 0;
    for (const auto& epoch : delivery_.epochs()) {
      if (epoch.unacked.empty()) continue;
      if (status.epochs.size() == contract::max_status_epochs) {
        ++status.more;
      } else {
        status.epochs.push_back({epoch.id, *epoch.unacked.lowest(), epoch.last});
      }
    }
    for (auto& text : alarms(now)) status.alarms.push_back(std::move(text));
  }

  void stop(milliseconds patience, std::function<void()> done) override {
    if (stopping_) return;
    stopping_ = true;
    tick_timer_.cancel();
    status_timer_.cancel();
    if (!client_) return boost::asio::post(executor_, std::move(done));
    stopped_ = std::move(done);
    stop_deadline_ = clock_.boot() + patience;
    if (!client_->connected()) return leave();
    online_due_ = true;
    stop_timer_.expires_after(patience);
    stop_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) leave();
    });
    pump();
  }

 private:
  // What a token stands for, when it is no batch of records.
  struct Message {
    std::string name;  // for texts: "up/status"
    std::vector<meter::Void> answers;
  };

  std::string topic(contract::Topic what) const { return contract::topic(settings_.agent, what); }
  void note(const std::string& line) const {
    if (handlers_.note) handlers_.note("uplink: " + line);
  }
  // Once per change.
  void note_change(std::string& last, std::string line) const {
    if (line == last) return;
    if (!line.empty()) note(line);
    last = std::move(line);
  }

  // --- the connection ---

  void connected(mqtt::Allowed allowed) {
    trouble_.clear();
    full_ = false;
    refused_messages_.clear();
    note("connected to " + settings_.connection.broker);
    window_ = std::min<std::size_t>(mqtt::max_window, allowed.receive_maximum);
    const double random = std::uniform_real_distribution<double>(0, 1)(random_);
    delivery_.connected(clock_.boot(), random, allowed.maximum_packet_size,
                        topic(contract::Topic::backfill).size());
    online_due_ = true;
    meta_due_ = !meta_text_.empty();
    status_due();
    pump();
  }

  void disconnected(const mqtt::Disconnected& why) {
    const BootTime now = clock_.boot();
    note_change(trouble_, why.text);
    if (why.taken_over) taken_over_ = now;
    subscription_trouble_.clear();
    delivery_.disconnected(now);
    backfill_.start_again();
    centre_clock_.disconnected();
    status_timer_.cancel();
  }

  // --- out ---

  void pump_soon() {
    if (std::exchange(pump_posted_, true)) return;
    boost::asio::post(executor_, [alive = std::weak_ptr(alive_)] {
      if (const auto self = alive.lock()) (*self)->pump();
    });
  }

  // One batch of backfill at a time: polls share this thread.
  void pump() {
    pump_posted_ = false;
    if (!client_ || !client_->connected()) return;
    publish_messages();
    if (stopping_) {
      if (!online_due_) leave();
      return;
    }
    if (full_ || under_way_ >= window_) return;
    const BootTime now = clock_.boot();
    if (auto batch = backfill_.next(now, clock_.wall())) {
      const auto [epoch, seqs] = std::pair(batch->flight.epoch, batch->flight.seqs);
      if (send(topic(contract::Topic::backfill), std::move(*batch))) {
        pump_soon();
      } else {
        delivery_.release(epoch, seqs);
      }
    }
    backfill_.read_ahead(now);
  }

  bool publish(const std::string& where, std::string payload, bool retained) {
    full_ = !client_->publish(token_ + 1, where, std::move(payload), retained);
    if (full_) return false;
    ++token_;
    ++under_way_;
    return true;
  }

  bool send(const std::string& where, Batch batch) {
    if (!publish(where, std::move(batch.text), false)) return false;
    delivery_.published(token_, std::move(batch.flight), clock_.boot());
    return true;
  }

  // What finds no place in the window, or no connection, simply stays unacknowledged: backfill brings it.
  void publish_live(const std::vector<meter::StoredRecord>& records) {
    const BootTime now = clock_.boot();
    if (!client_ || !client_->connected() || !delivery_.live_open(now)) return;
    contract::BatchLimits limits;
    limits.max_bytes = delivery_.max_bytes(Lane::live);
    live_.set_limits(limits);
    live_.clear();
    const auto flush = [this] {
      if (live_.empty()) return true;
      Batch batch;
      batch.flight = {Lane::live, live_.epoch(), live_.seqs(), live_.readings(), 0};
      batch.text = live_.finish(clock_.wall());
      batch.flight.bytes = batch.text.size();
      live_.clear();
      return send(topic(contract::Topic::data), std::move(batch));
    };
    for (const auto& record : records) {
      if (waits_for_time(record) || live_.add(record)) continue;
      if (!flush()) return;
      live_.add(record);
    }
    flush();
  }

  bool publish_message(contract::Topic what, const std::string& name, std::string payload, bool retained,
                       std::vector<meter::Void> answers = {}) {
    if (payload.size() > delivery_.max_bytes(Lane::live)) {
      refused_messages_[name] = name + " is larger than the broker takes in one packet";
      return true;
    }
    if (!publish(topic(what), std::move(payload), retained)) return false;
    messages_.emplace(token_, Message{name, std::move(answers)});
    return true;
  }

  void publish_messages() {
    using contract::Topic;
    if (online_due_) {
      online_due_ = !publish_message(Topic::online, "up/online", contract::write_online(!stopping_), true);
    }
    if (stopping_) return;
    if (status_due_ && handlers_.status) {
      auto status = handlers_.status();
      complete(status);
      if (publish_message(Topic::status, "up/status", contract::write(status), true)) {
        status_due_ = false;
        centre_clock_.status_published(clock_.boot());
      }
    }
    if (meta_due_) meta_due_ = !publish_message(Topic::meta, "up/meta", meta_text_, true);
    while (!answers_.empty() && publish_answers()) {
    }
  }

  bool publish_answers() {
    contract::BatchLimits limits;
    limits.max_bytes = delivery_.max_bytes(Lane::backfill);
    contract::BatchWriter writer(settings_.agent, settings_.site, limits);
    std::vector<meter::Void> taken;
    while (taken.size() < answers_.size()) {
      const auto& answer = answers_[taken.size()];
      if (!writer.add_answer(answer, answer.epoch)) break;
      taken.push_back(answer);
    }
    if (taken.empty()) {  // an answer that no batch takes must not hold up the others
      answers_.pop_front();
      return true;
    }
    const auto count = static_cast<std::ptrdiff_t>(taken.size());
    if (!publish_message(contract::Topic::backfill, "an answer on up/backfill", writer.finish(clock_.wall()),
                         false, std::move(taken))) {
      return false;
    }
    answers_.erase(answers_.begin(), answers_.begin() + count);
    return true;
  }

  void published(mqtt::Published outcome) {
    if (under_way_ > 0) --under_way_;
    full_ = false;
    if (const auto message = messages_.find(outcome.token); message != messages_.end()) {
      if (outcome.lost) {
        answers_.insert(answers_.end(), message->second.answers.begin(), message->second.answers.end());
      } else if (outcome.reason >= 0x80) {
        note_change(refused_messages_[message->second.name],
                    "the broker refuses " + message->second.name + ": " + mqtt::reason_text(outcome.reason));
      } else {
        refused_messages_.erase(message->second.name);
      }
      messages_.erase(message);
    } else {
      const auto settled = delivery_.answered(outcome.token, outcome.lost, outcome.reason, clock_.boot());
      if (!settled.seqs.empty()) journal_.settle(settled.epoch, settled.seqs);
      if (outcome.reason >= 0x80) note("a batch was refused: " + mqtt::reason_text(outcome.reason));
    }
    if (!outcome.lost) pump_soon();
  }

  // --- in ---

  void arrived(const std::string& at, const std::string& payload) {
    if (at == topic(contract::Topic::ack)) {
      take_ack(payload);
    } else if (at == topic(contract::Topic::request)) {
      take_request(payload);
    }
  }

  void take_ack(const std::string& payload) {
    if (!settings_.central) return;
    const auto ack = contract::parse_ack(payload);
    if (!ack) return note_change(bad_message_, "a down/ack is not understood: " + ack.error().message);
    if (centre_.empty()) centre_ = ack->centre;
    if (ack->centre != centre_) {
      note_change(stranger_, "acknowledgements of \"" + ack->centre + "\" are ignored: the centre is \"" +
                                 centre_ + "\"; set centre in [uplink] if that is wrong");
      return;
    }
    const BootTime now = clock_.boot();
    delivery_.centre_answered(now);
    centre_clock_.ack(ack->now, now);
    for (const auto& one : ack->acks) {
      const RangeSet settled = delivery_.acknowledged(one.epoch, one.ranges);
      if (!settled.empty()) journal_.settle(one.epoch, settled);
    }
    pump_soon();
  }

  void take_request(const std::string& payload) {
    const auto request = contract::parse_request(payload);
    if (!request)
      return note_change(bad_message_, "a down/request is not understood: " + request.error().message);
    for (const auto& wanted : request->requests) {
      auto found = delivery_.requested(wanted.epoch, wanted.ranges, clock_.boot());
      if (!found.withdrawn.empty()) journal_.withdraw(wanted.epoch, found.withdrawn);
      const std::size_t room = most_answers - std::min(most_answers, answers_.size());
      if (found.answers.size() > room) found.answers.resize(room);  // asked again, they are answered then
      answers_.insert(answers_.end(), found.answers.begin(), found.answers.end());
    }
    for (const auto& id : request->metas) answer_meta(id);
    pump_soon();
  }

  // A layout that is asked for goes out as a record: committed, acknowledged, and not as the retained copy.
  void answer_meta(const std::string& id) {
    const BootTime now = clock_.boot();
    std::erase_if(metas_answered_,
                  [now](const auto& entry) { return now - entry.second >= meta_answer_pause; });
    if (!metas_answered_.emplace(id, now).second) return;
    if (meta_ && meta_->layout && meta_->layout->id() == id) return journal_.append(*meta_);
    journal_.layout(id, [executor = executor_, alive = std::weak_ptr(alive_), id](meter::LayoutPtr layout) {
      boost::asio::post(executor, [alive, id, layout = std::move(layout)] {
        const auto self = alive.lock();
        if (!self) return;
        if (!layout)
          return (*self)->note("the centre asks for the layout " + id + ", which the journal does not hold");
        meter::Meta meta;
        meta.layout = layout;
        meta.info.resize(layout->meters().size());
        meta.unsupported.resize(layout->meters().size());
        (*self)->journal_.append(std::move(meta));
      });
    });
  }

  // --- time ---

  void status_due() {
    status_due_ = true;
    status_timer_.expires_after(settings_.status_period);
    status_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled || stopping_) return;
      status_due();
      pump();
    });
  }

  void tick() {
    const BootTime now = clock_.boot();
    full_ = false;
    if (delivery_.tick(now)) backfill_.start_again();
    if (const auto hint = centre_clock_.tick(now); hint && handlers_.centre_time) {
      handlers_.centre_time(hint->now, hint->at, hint->round_trip);
    }
    pump();
    tick_timer_.expires_after(settings_.tick_period);
    tick_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && !stopping_) tick();
    });
  }

  void leave() {
    if (std::exchange(leaving_, true)) return;
    stop_timer_.cancel();
    const auto left = std::chrono::duration_cast<milliseconds>(stop_deadline_ - clock_.boot());
    client_->stop(std::max(milliseconds(0), left), std::move(stopped_));
  }

  std::vector<std::string> alarms(BootTime now) const {
    std::vector<std::string> all;
    if (!client_ || !client_->connected()) {
      all.push_back(trouble_.empty() ? "not connected to the broker yet" : "not connected: " + trouble_);
    }
    if (taken_over_ && now - *taken_over_ < taken_over_alarm) {
      all.push_back("another client has used this agent's name: is this box a copy of another?");
    }
    for (const std::string* text : {&subscription_trouble_, &stranger_}) {
      if (!text->empty()) all.push_back(*text);
    }
    for (const auto& [name, text] : refused_messages_) all.push_back(text);
    for (auto& text : delivery_.alarms(now)) all.push_back(std::move(text));
    return all;
  }

  boost::asio::any_io_executor executor_;
  const Settings settings_;
  const Clock& clock_;
  journal::Journal& journal_;
  const Handlers handlers_;
  Delivery delivery_;
  contract::BatchWriter live_;
  BackfillLane backfill_;
  CentreClock centre_clock_;
  std::minstd_rand random_{std::random_device{}()};

  std::string centre_;  // whose acknowledgements count
  std::string trouble_, subscription_trouble_, stranger_, bad_message_;
  std::map<std::string, std::string> refused_messages_;  // by name: what the broker refuses beside records
  std::optional<BootTime> taken_over_;
  std::optional<meter::Meta> meta_;
  std::string meta_text_;
  std::map<std::string, BootTime> metas_answered_;
  std::deque<meter::Void> answers_;  // voids that answer requests, to be published

  std::uint64_t token_ = 0;
  std::size_t under_way_ = 0;
  std::size_t window_ = mqtt::max_window;
  bool full_ = false;  // the client took no more, until something changes
  std::map<std::uint64_t, Message> messages_;
  bool online_due_ = false, status_due_ = false, meta_due_ = false;
  bool pump_posted_ = false, stopping_ = false, leaving_ = false;
  BootTime stop_deadline_;
  std::function<void()> stopped_;

  boost::asio::steady_timer status_timer_, tick_timer_, stop_timer_;
  std::shared_ptr<MqttUplink*> alive_;
  std::unique_ptr<mqtt::Client> client_;  // last: its end comes first
};

}  // namespace

std::unique_ptr<Uplink> Uplink::create(boost::asio::any_io_executor executor, Settings settings,
                                       const Clock& clock, journal::Journal& journal, Handlers handlers) {
  return std::make_unique<MqttUplink>(std::move(executor), std::move(settings), clock, journal,
                                      std::move(handlers));
}

}  // namespace congto::uplink
