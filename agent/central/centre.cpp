// The wiring of a consumer, and what it says in the log.
#include "agent/central/centre.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <utility>

#include "agent/central/intake.hpp"
#include "agent/central/log.hpp"

namespace congto::central {

namespace {

using std::chrono::seconds;

constexpr std::chrono::milliseconds stop_patience{1'500};
constexpr std::chrono::minutes counts_period{10};
// A transaction takes seconds at most; a frozen server, or one behind a dead link, says nothing at all.
constexpr seconds answer_patience{15};

}  // namespace

Centre::Centre(Settings settings)
    : settings_(std::move(settings)),
      signals_(context_),
      tick_timer_(context_),
      downlink_(settings_.centre, [this](const std::string& topic, std::string payload) {
        return client_->publish(++token_, topic, std::move(payload), false);
      }) {}

Centre::~Centre() = default;

mqtt::Settings Centre::connection() const {
  auto connection = passing_connection(settings_.broker);
  connection.last_pause = std::chrono::milliseconds(15'000);
  connection.max_packet_in = 1024 * 1024;
  const std::string shared = "$share/" + settings_.centre + "/";
  // Retained topics never through a shared subscription: contract.md, Topics.
  connection.subscriptions = {shared + "congto/v1/+/up/data", shared + "congto/v1/+/up/backfill",
                              "congto/v1/+/up/online", "congto/v1/+/up/meta", "congto/v1/+/up/status"};
  connection.subscription_refused = "nothing of it arrives here";
  return connection;
}

mqtt::Handlers Centre::handlers() {
  mqtt::Handlers handlers;
  handlers.connected = [this](mqtt::Allowed) {
    broker_trouble_.clear();
    log_info("connected to the broker " + settings_.broker.broker);
    tell_ready();
    flush();
  };
  handlers.disconnected = [this](const mqtt::Disconnected& why) {
    if (why.text != broker_trouble_) log_warning(why.text);
    broker_trouble_ = why.text;
  };
  // A lost acknowledgement costs a batch sent twice; the next one names what this one named.
  handlers.published = [this](mqtt::Published outcome) {
    if (outcome.reason >= 0x80) {
      const auto line =
          troubles_.add("the broker refuses an acknowledgement: " + mqtt::reason_text(outcome.reason) +
                            "; check its access list",
                        clock_.boot());
      if (!line.empty()) log_warning(line);
    }
    flush();
  };
  handlers.message = [this](mqtt::Message message) { arrived(std::move(message)); };
  handlers.trouble = [](const std::string& text) { log_warning(text); };
  return handlers;
}

bool Centre::run() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const boost::system::error_code& cancelled, int) {
    if (!cancelled) stop();
  });
  Writer::Handlers from_writer;
  from_writer.stored = [this](Outcome outcome) {
    boost::asio::post(context_, [this, outcome = std::move(outcome)] { stored(outcome); });
  };
  from_writer.connected = [this] {
    boost::asio::post(context_, [this] {
      log_info("connected to the database");
      database_up_ = true;
      tell_ready();
    });
  };
  from_writer.trouble = [this](std::string text) {
    boost::asio::post(context_, [text = std::move(text)] {
      log_warning(text + "; nothing is acknowledged until it is back");
    });
  };
  writer_ = std::make_unique<Writer>(settings_.database, std::move(from_writer));
  client_ = mqtt::Client::create(context_.get_executor(), connection(), handlers());
  client_->start();
  counts_told_ = clock_.boot();
  tick();
  context_.run();
  return clean_;
}

void Centre::tell_ready() {
  if (ready_told_ || !database_up_ || !client_->connected()) return;
  ready_told_ = true;
  log_info("ready: centre \"" + settings_.centre + "\"");
}

void Centre::arrived(mqtt::Message message) {
  auto taken =
      take_in({std::move(message.topic), std::move(message.payload), std::move(message.content_encoding)},
              clock_.wall());
  if (writer_->push(std::move(taken))) return;
  if (given_back_++ == 0) {
    log_warning(
        "more waits for the database than memory may hold; batches are given up unacknowledged, and the "
        "agents will send them again");
  }
}

void Centre::stored(const Outcome& outcome) {
  counts_ += outcome.counts;
  for (const auto& trouble : outcome.troubles) {
    const auto line = troubles_.add(trouble, clock_.boot());
    if (!line.empty()) log_warning(line);
  }
  downlink_.add(outcome);
  flush();
}

void Centre::flush() {
  if (client_ && client_->connected() && !stopping_) downlink_.flush(clock_.wall());
}

void Centre::tick() {
  const auto now = clock_.boot();
  for (const auto& line : troubles_.tick(now)) log_warning(line);
  tell_late_database(now);
  if (now - counts_told_ >= counts_period) tell_counts();
  flush();
  tick_timer_.expires_after(seconds(1));
  tick_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && !stopping_) tick();
  });
}

void Centre::tell_late_database(BootTime now) {
  const auto asked = writer_->asked_since();
  const bool late = asked && now - *asked >= answer_patience;
  if (late && !database_late_) {
    log_warning("the database has not answered for " + std::to_string(answer_patience.count()) +
                " s; nothing is acknowledged until it does");
  }
  if (!late && database_late_) log_info("the database answers again");
  database_late_ = late;
}

void Centre::tell_counts() {
  counts_told_ = clock_.boot();
  log_info(
      "stored in 10 minutes: " + std::to_string(counts_.records) + " records with " +
      std::to_string(counts_.readings) + " readings; " + std::to_string(counts_.duplicates) +
      " came again, " + std::to_string(counts_.conflicts) + " in conflict, " +
      std::to_string(counts_.parked_records) + " records and " + std::to_string(counts_.parked_payloads) +
      " payloads parked" +
      (given_back_ > 0 ? ", " + std::to_string(given_back_) + " batches given up for lack of memory" : ""));
  counts_ = {};
  given_back_ = 0;
}

void Centre::stop() {
  stopping_ = true;
  tell_counts();
  tick_timer_.cancel();
  clean_ = writer_->finish(stop_patience);
  client_->stop(std::chrono::milliseconds(200), [this] { context_.stop(); });
}

}  // namespace congto::central
