// The client's life: attempt, subscriptions, publishes under way, watchdog, pause, next attempt. Every
// attempt has a generation and a Connection of its own; events of an older generation count for nothing.
#include "agent/mqtt/client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "agent/mqtt/backoff.hpp"
#include "agent/mqtt/connection.hpp"
#include "agent/mqtt/diagnosis.hpp"
#include "agent/mqtt/relay.hpp"
#include "agent/mqtt/worker.hpp"

namespace congto::mqtt {

namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// An attempt that Paho (30 s) and the diagnosis (some seconds) have not ended by then is given up.
constexpr std::chrono::seconds attempt_limit{60};
// A connection that held for so long was a good one: the next pause is short again.
constexpr std::chrono::seconds good_connection{60};
// So many connections in a row that the broker ended at once look like a second client with our name
// (mosquitto 2.0.11 closes the older one without saying 0x8E).
constexpr int suspicious_endings = 3;
// What a disconnect may take that the broker does not answer.
constexpr milliseconds disconnect_patience{200};

// The worker's end: the one connection there is.
struct Line {
  std::unique_ptr<Connection> connection;
};

class PahoClient final : public Client {
 public:
  using Relay = mqtt::Relay<PahoClient>;

  PahoClient(boost::asio::any_io_executor executor, Settings settings, Handlers handlers)
      : settings_(std::move(settings)),
        handlers_(std::move(handlers)),
        files_{settings_.ca, settings_.certificate, settings_.key},
        backoff_(settings_.first_pause, settings_.last_pause),
        relay_(std::make_shared<Relay>(executor, *this)),
        line_(std::make_shared<Line>()),
        pause_timer_(executor),
        watchdog_timer_(executor),
        stop_timer_(executor) {
    if (auto parsed = parse_address(settings_.broker)) {
      address_ = *parsed;
    } else {
      bad_address_ = parsed.error().message;
    }
  }

  ~PahoClient() override {
    relay_->close();
    worker_.post([line = line_] { line->connection.reset(); });
    worker_.finish(std::chrono::seconds(1));
  }

  void start() override {
    if (state_ == State::idle) attempt();
  }

  bool publish(std::uint64_t token, const std::string& topic, std::string payload, bool retained,
               std::string_view content_encoding) override {
    if (state_ != State::up || under_way_.size() >= window_) return false;
    if (under_way_.empty()) arm_watchdog();
    const std::uintptr_t serial = ++last_serial_;
    under_way_.emplace(serial, token);
    worker_.post([line = line_, serial, retained,
                  message = Message{topic, std::move(payload), std::string(content_encoding)}]() mutable {
      if (line->connection) line->connection->publish(serial, std::move(message), retained);
    });
    return true;
  }

  bool connected() const override { return state_ == State::up; }

  void stop(milliseconds patience, std::function<void()> done) override {
    if (state_ == State::stopping || state_ == State::stopped) return;
    stopped_ = std::move(done);
    const bool wait = state_ == State::up && !under_way_.empty() && patience > milliseconds(0);
    state_ = State::stopping;
    pause_timer_.cancel();
    watchdog_timer_.cancel();
    if (!wait) return leave();
    after(stop_timer_, patience, [this] { leave(); });
  }

 private:
  enum class State { idle, connecting, subscribing, up, pausing, stopping, stopped };

  template <class Call>
  void after(boost::asio::steady_timer& timer, milliseconds delay, Call call) {
    timer.expires_after(delay);
    timer.async_wait([relay = relay_, call](const boost::system::error_code& error) {
      if (!error && relay->open()) call();
    });
  }

  void attempt() {
    state_ = State::connecting;
    ++generation_;
    if (!bad_address_.empty()) return failed({bad_address_});
    arm_watchdog();
    worker_.post([line = line_, settings = settings_, address = address_, files = files_, relay = relay_,
                  generation = generation_, sink = sink()] {
      line->connection.reset();
      if (address.tls) {
        if (auto good = check_files(files); !good) {
          return tell_failure(relay, generation, good.error().message);
        }
      }
      line->connection = Connection::open(settings, address, sink);
    });
  }

  EventSink sink() const {
    return [relay = relay_, generation = generation_](Event event) {
      Relay::post(relay, [generation, event = std::move(event)](PahoClient& client) mutable {
        if (client.generation_ != generation) return;
        std::visit([&client](auto& what) { client.on(what); }, event);
      });
    };
  }

  static void tell_failure(const std::shared_ptr<Relay>& relay, std::uint64_t generation, std::string text) {
    Relay::post(relay, [generation, text = std::move(text)](PahoClient& client) {
      if (client.generation_ == generation && client.state_ == State::connecting) client.failed({text});
    });
  }

  void on(Opened& event) {
    if (state_ != State::connecting) return;
    allowed_ = event.allowed;
    window_ = std::min<std::size_t>(max_window, allowed_.receive_maximum);
    if (settings_.subscriptions.empty()) return come_up();
    state_ = State::subscribing;
    waiting_for_.insert(settings_.subscriptions.begin(), settings_.subscriptions.end());
    arm_watchdog();
    worker_.post([line = line_, topics = settings_.subscriptions] {
      if (line->connection) line->connection->subscribe(topics);
    });
  }

  void on(OpenFailed& event) {
    if (state_ != State::connecting) return;
    if (event.reason != 0) {
      const bool certificate = address_.tls && !settings_.certificate.empty();
      return failed({refusal_text(address_, event.reason, !settings_.username.empty(), certificate),
                     event.reason == 0x8E});
    }
    worker_.post(
        [line = line_, address = address_, files = files_, relay = relay_, generation = generation_] {
          line->connection.reset();
          tell_failure(relay, generation, diagnose(address, files));
        });
  }

  void on(Subscribed& event) {
    if (state_ != State::subscribing) return;
    if (event.reason != 0 && handlers_.trouble) {
      handlers_.trouble("broker " + address_.text() + " refuses the subscription to " + event.topic + ": " +
                        reason_text(event.reason) + "; " + settings_.subscription_refused +
                        ": check its access list");
    }
    waiting_for_.erase(event.topic);
    if (waiting_for_.empty()) come_up();
  }

  void on(Completed& event) {
    const auto found = under_way_.find(event.serial);
    if (found == under_way_.end()) return;
    const std::uint64_t token = found->second;
    under_way_.erase(found);
    last_progress_ = std::chrono::steady_clock::now();
    if (handlers_.published) handlers_.published({token, event.lost, event.reason});
    if (state_ == State::stopping && under_way_.empty()) leave();
  }

  void on(Arrived& event) {
    if (handlers_.message && state_ != State::stopping && state_ != State::stopped) {
      handlers_.message(std::move(event.message));
    }
  }

  void on(Lost& event) {
    if (state_ == State::stopping) return leave();
    if (state_ == State::connecting) return;  // an OpenFailed says so, too
    Disconnected why;
    if (event.reason >= 0x80) {
      const bool certificate = address_.tls && !settings_.certificate.empty();
      why.text = refusal_text(address_, event.reason, !settings_.username.empty(), certificate);
      why.reason = event.reason;
      why.taken_over = event.reason == 0x8E;
      return failed(std::move(why));
    }
    why.text = "broker " + address_.text() + ": the connection was lost";
    const bool good = std::chrono::steady_clock::now() - up_since_ >= good_connection;
    endings_ = good || state_ != State::up ? 0 : endings_ + 1;
    if (endings_ >= suspicious_endings) {
      why.text += ", now " + std::to_string(endings_) +
                  " times within a minute of connecting; if the line is good, " +
                  "another client may be using the name " + settings_.client_id +
                  (settings_.certificate.empty() ? "" : ", or its certificate");
      why.taken_over = why.suspected = true;
    }
    failed(std::move(why));
  }

  void come_up() {
    state_ = State::up;
    up_since_ = std::chrono::steady_clock::now();
    watchdog_timer_.cancel();
    if (handlers_.connected) handlers_.connected(allowed_);
  }

  // The attempt or the connection has ended: everything under way is lost, and after a pause comes the next.
  void failed(Disconnected why) {
    if (state_ == State::up && std::chrono::steady_clock::now() - up_since_ >= good_connection)
      backoff_.reset();
    ++generation_;
    state_ = State::pausing;
    waiting_for_.clear();
    watchdog_timer_.cancel();
    worker_.post([line = line_] { line->connection.reset(); });
    const double random = std::uniform_real_distribution<double>(0, 1)(random_);
    const milliseconds pause = why.taken_over ? backoff_.after_taken_over(settings_.taken_over_pause, random)
                                              : backoff_.after_failure(random);
    after(pause_timer_, pause, [this] {
      if (state_ == State::pausing) attempt();
    });
    const auto lost = std::exchange(under_way_, {});
    for (const auto& [serial, token] : lost) {
      if (handlers_.published) handlers_.published({token, true, 0});
    }
    if (handlers_.disconnected) handlers_.disconnected(std::move(why));
  }

  // Watches an attempt, the subscriptions, or what is under way, from now on.
  void arm_watchdog() {
    last_progress_ = std::chrono::steady_clock::now();
    watch(state_ == State::connecting ? milliseconds(attempt_limit) : settings_.watchdog);
  }

  void watch(milliseconds limit) {
    after(watchdog_timer_, limit, [this, limit, generation = generation_] {
      if (generation != generation_) return;
      if (state_ == State::up && under_way_.empty()) return;  // armed again by the next publish
      if (state_ != State::connecting && state_ != State::subscribing && state_ != State::up) return;
      const auto silent = std::chrono::steady_clock::now() - last_progress_;
      if (silent < limit) {
        return watch(std::chrono::ceil<milliseconds>(limit - silent));
      }
      const auto seconds = std::chrono::round<std::chrono::seconds>(limit).count();
      failed({"broker " + address_.text() + ": no answer for " + std::to_string(seconds) +
              " s; the connection is closed and made anew"});
    });
  }

  // The end: DISCONNECT, the connection's object, then `done`; whatever Paho does, soon.
  void leave() {
    if (state_ == State::stopped) return;
    state_ = State::stopped;
    ++generation_;
    under_way_.clear();
    worker_.post([line = line_, relay = relay_] {
      if (line->connection) line->connection->disconnect(disconnect_patience);
      Relay::post(relay, [](PahoClient& client) { client.left(); });
      line->connection.reset();
    });
    after(stop_timer_, 2 * disconnect_patience, [this] { left(); });
  }

  void left() {
    stop_timer_.cancel();
    if (auto done = std::exchange(stopped_, nullptr)) done();
  }

  const Settings settings_;
  const Handlers handlers_;
  const TlsFiles files_;
  Address address_;
  std::string bad_address_;
  Backoff backoff_;
  std::shared_ptr<Relay> relay_;
  std::shared_ptr<Line> line_;  // touched by the worker only
  Worker worker_;
  boost::asio::steady_timer pause_timer_, watchdog_timer_, stop_timer_;
  std::minstd_rand random_{std::random_device{}()};

  State state_ = State::idle;
  std::uint64_t generation_ = 0;
  Allowed allowed_;
  std::size_t window_ = max_window;
  std::multiset<std::string> waiting_for_;             // subscriptions not answered yet
  std::map<std::uintptr_t, std::uint64_t> under_way_;  // serial -> token
  std::uintptr_t last_serial_ = 0;
  SteadyTime last_progress_, up_since_;
  int endings_ = 0;  // connections in a row that the broker ended at once
  std::function<void()> stopped_;
};

}  // namespace

std::unique_ptr<Client> Client::create(boost::asio::any_io_executor executor, Settings settings,
                                       Handlers handlers) {
  return std::make_unique<PahoClient>(std::move(executor), std::move(settings), std::move(handlers));
}

}  // namespace congto::mqtt
