// The hands of the uplink: connects, publishes what Delivery lets go, hands answers back to it and to the
// journal.
#include "agent/uplink/uplink.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <random>
#include <utility>

#include "agent/contract/batch.hpp"
#include "agent/uplink/backfill_lane.hpp"
#include "agent/uplink/centre_clock.hpp"
#include "agent/uplink/delivery.hpp"
#include "agent/uplink/inbox.hpp"
#include "agent/uplink/outbox.hpp"

namespace congto::uplink {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::hours taken_over_alarm{1};  // how long status tells of it

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
        outbox_(settings_.agent, settings_.site,
                [this](contract::Topic what, std::string payload, bool retained) {
                  return publish_small(what, std::move(payload), retained);
                }),
        inbox_({executor, delivery_, journal, outbox_, centre_clock_,
                [this](const std::string& line) { note(line); }},
               settings_.centre, settings_.central),
        status_timer_(executor),
        tick_timer_(executor),
        stop_timer_(executor),
        alive_(std::make_shared<MqttUplink*>(this)) {
    for (const auto& epoch : journal_.epochs()) know(epoch);
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
    handlers.message = [this](const mqtt::Message& message) { arrived(message.topic, message.payload); };
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
    // Numbers of dropped records lie between: a void tells of them, and nothing of theirs is held.
    RangeSet held;
    for (const auto& record : commit.records) held.add({record.id.seq, record.id.seq});
    for (const auto& range : held.ranges()) delivery_.committed(epoch, range);
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

  void found(const journal::EpochState& epoch) override {
    know(epoch);
    pump_soon();
  }

  void meta(meter::Meta meta) override {
    outbox_.meta(contract::write_meta(settings_.agent, settings_.site, meta));
    inbox_.meta(std::move(meta));
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
    outbox_.offline();
    stop_timer_.expires_after(patience);
    stop_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) leave();
    });
    pump();
  }

 private:
  void know(const journal::EpochState& epoch) {
    delivery_.known(epoch.id, epoch.last, epoch.held, epoch.settled);
  }
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
    note("connected to " + settings_.connection.broker);
    window_ = std::min<std::size_t>(mqtt::max_window, allowed.receive_maximum);
    const double random = std::uniform_real_distribution<double>(0, 1)(random_);
    delivery_.connected(clock_.boot(), random, allowed.maximum_packet_size,
                        topic(contract::Topic::backfill).size());
    outbox_.connected(delivery_.max_message());
    arm_status();
    pump();
  }

  void disconnected(const mqtt::Disconnected& why) {
    const BootTime now = clock_.boot();
    note_change(trouble_, why.text);
    if (why.taken_over) {
      taken_over_ = now;
      only_suspected_ = why.suspected;
    }
    subscription_trouble_.clear();
    delivery_.disconnected(now, why.reason);
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
    const BootTime now = clock_.boot();
    if (outbox_.flush(now, [this] { return status_text(); })) centre_clock_.status_published(now);
    if (stopping_) {
      if (!outbox_.online_due()) leave();
      return;
    }
    while (delivery_.answers_open(now) &&
           outbox_.publish_answers(clock_.wall(), delivery_.max_bytes(Lane::backfill))) {
    }
    if (full_ || under_way_ >= window_) return;
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

  std::optional<std::uint64_t> publish(const std::string& where, Payload payload, bool retained) {
    full_ =
        !client_->publish(token_ + 1, where, std::move(payload.bytes), retained, payload.content_encoding);
    if (full_) return std::nullopt;
    ++under_way_;
    return ++token_;
  }

  std::optional<std::uint64_t> publish_small(contract::Topic what, std::string payload, bool retained) {
    Flight answers;
    answers.lane = Lane::backfill;
    answers.bytes = payload.size();
    const auto token = publish(topic(what), {std::move(payload), {}}, retained);
    if (token && what == contract::Topic::backfill) {
      delivery_.published(*token, std::move(answers), clock_.boot());
    }
    return token;
  }

  bool send(const std::string& where, Batch batch) {
    const auto token = publish(where, std::move(batch.payload), false);
    if (token) delivery_.published(*token, std::move(batch.flight), clock_.boot());
    return token.has_value();
  }

  // What finds no place in the window, or no connection, simply stays unacknowledged: backfill brings it.
  void publish_live(const std::vector<meter::StoredRecord>& records) {
    const BootTime now = clock_.boot();
    if (!client_ || !client_->connected() || !delivery_.live_open(now)) return;
    contract::BatchLimits limits;
    limits.max_bytes = delivery_.max_bytes(Lane::live);
    live_.set_limits(limits);
    live_.clear();
    const auto flush = [this, now] {
      if (live_.empty()) return true;
      if (live_.records() == 1 && !delivery_.fits(live_.bytes())) {
        delivery_.hold_back_too_large({live_.epoch(), *live_.seqs().lowest()}, now);
        live_.clear();
        return true;
      }
      Batch batch;
      batch.flight = {Lane::live, live_.epoch(), live_.seqs(), live_.readings(), 0};
      batch.payload.bytes = live_.finish(clock_.wall());
      batch.flight.bytes = batch.payload.bytes.size();
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

  std::string status_text() const {
    contract::Status status;
    if (handlers_.status) status = handlers_.status();
    complete(status);
    return contract::write(status);
  }

  void published(mqtt::Published outcome) {
    if (under_way_ > 0) --under_way_;
    full_ = false;
    const BootTime now = clock_.boot();
    const auto settled = delivery_.answered(outcome.token, outcome.lost, outcome.reason, now);
    if (!settled.seqs.empty()) journal_.settle(settled.epoch, settled.seqs);
    if (const auto message = outbox_.answered(outcome.token, outcome.lost, outcome.reason, now)) {
      if (!message->note.empty()) note(message->note);
    } else if (outcome.reason >= 0x80) {
      note("a batch was refused: " + mqtt::reason_text(outcome.reason));
    }
    if (!outcome.lost) pump_soon();
  }

  // --- in ---

  void arrived(const std::string& at, const std::string& payload) {
    if (at == topic(contract::Topic::ack)) {
      inbox_.ack(payload, clock_.boot());
    } else if (at == topic(contract::Topic::request)) {
      inbox_.request(payload, clock_.boot());
    }
    pump_soon();
  }

  // --- time ---

  void arm_status() {
    status_timer_.expires_after(settings_.status_period);
    status_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled || stopping_) return;
      outbox_.status_due();
      arm_status();
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
      all.push_back(std::string("another client ") + (only_suspected_ ? "may be using" : "has used") +
                    " this agent's name: is this box a copy of another?");
    }
    if (!subscription_trouble_.empty()) all.push_back(subscription_trouble_);
    for (auto& text : inbox_.alarms(now)) all.push_back(std::move(text));
    for (auto& text : outbox_.alarms()) all.push_back(std::move(text));
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
  Outbox outbox_;
  Inbox inbox_;
  std::minstd_rand random_{std::random_device{}()};

  std::string trouble_, subscription_trouble_;
  std::optional<BootTime> taken_over_;
  bool only_suspected_ = false;

  std::uint64_t token_ = 0;
  std::size_t under_way_ = 0;
  std::size_t window_ = mqtt::max_window;
  bool full_ = false;  // the client took no more, until something changes
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
