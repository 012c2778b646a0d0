// The uplink between a journal in memory and an MQTT client that does what the test says.
#include "agent/uplink/uplink.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/contract/batch.hpp"
#include "agent/contract/gzip.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_journal.hpp"
#include "tests/support/manual_clock.hpp"

using namespace congto;
using namespace std::chrono_literals;
using contract::Topic;

namespace {

constexpr const char* agent = "ice-plant-03-edge-1";

struct Message {
  std::uint64_t token = 0;
  std::string topic, payload;
  bool retained = false;
  std::string content_encoding = {};
};

contract::ParsedBatch parsed(const Message& message) {
  const bool packed = message.content_encoding == contract::gzip_encoding;
  const auto text =
      packed ? contract::gunzip(message.payload, contract::max_expanded_bytes).value() : message.payload;
  return contract::parse_batch(text).value();
}

// Keeps what it is given until the test answers; counts what it refuses.
class FakeClient final : public mqtt::Client {
 public:
  FakeClient(mqtt::Settings its_settings, mqtt::Handlers its_handlers)
      : settings(std::move(its_settings)), handlers(std::move(its_handlers)) {}

  void start() override { started = true; }
  bool publish(std::uint64_t token, const std::string& topic, std::string payload, bool retained,
               std::string_view content_encoding) override {
    if (!up || under_way.size() >= window) return false;
    under_way.push_back({token, topic, payload, retained, std::string(content_encoding)});
    all.push_back({token, topic, std::move(payload), retained, std::string(content_encoding)});
    return true;
  }
  bool connected() const override { return up; }
  void stop(std::chrono::milliseconds patience, std::function<void()> done) override {
    stop_patience = patience;
    stopped = std::move(done);
  }

  void connect(mqtt::Allowed allowed = {}) {
    up = true;
    handlers.connected(allowed);
  }
  void cut(mqtt::Disconnected why = {"broker gone", false}) {
    up = false;
    for (const auto& message : std::exchange(under_way, {})) handlers.published({message.token, true, 0});
    handlers.disconnected(std::move(why));
  }
  // The PUBACK of everything under way, in order.
  void answer(int reason = 0) {
    for (const auto& message : std::exchange(under_way, {}))
      handlers.published({message.token, false, reason});
  }
  std::vector<Message> on(Topic what) const {
    std::vector<Message> found;
    for (const auto& message : all) {
      if (message.topic == contract::topic(agent, what)) found.push_back(message);
    }
    return found;
  }

  mqtt::Settings settings;
  mqtt::Handlers handlers;
  bool started = false, up = false;
  std::size_t window = mqtt::max_window;
  std::vector<Message> under_way, all;
  std::chrono::milliseconds stop_patience{0};
  std::function<void()> stopped;
};

meter::LayoutPtr layout_of(std::size_t points, const std::string& meter_name = "compressor-1") {
  meter::LayoutMeter one;
  one.name = meter_name;
  one.bus = "line-1";
  one.profile = "test";
  one.medium = "electricity";
  one.every = 10s;
  for (std::size_t number = 0; number < points; ++number) {
    meter::Point point;
    point.name = "value_" + std::to_string(number);
    point.at = static_cast<std::uint16_t>(number);
    one.points.push_back(point);
  }
  return std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{one});
}

struct Rig {
  explicit Rig(bool central = true, const std::string& centre = {}) : journal(context.get_executor()) {
    journal.dating = meter::Dating{1'700'000'000s, false, 0ms};
    settings.agent = agent;
    settings.site = "ice-plant-03";
    settings.central = central;
    settings.centre = centre;
    settings.make_client = [this](boost::asio::any_io_executor, mqtt::Settings its, mqtt::Handlers handlers) {
      auto made = std::make_unique<FakeClient>(std::move(its), std::move(handlers));
      client = made.get();
      return made;
    };
  }
  void start() {
    uplink::Handlers handlers;
    handlers.status = [] { return contract::Status(); };
    handlers.centre_time = [this](WallTime now, BootTime, std::chrono::milliseconds) {
      times.push_back(now);
    };
    handlers.note = [this](const std::string& line) { notes.push_back(line); };
    uplink = uplink::Uplink::create(context.get_executor(), settings, clock, journal, handlers);
    uplink->start();
  }
  void sample(std::size_t count = 1, const meter::LayoutPtr& layout = layout_of(3)) {
    for (std::size_t number = 0; number < count; ++number) {
      meter::Sample sample;
      sample.layout = layout;
      sample.stamp = clock.boot();
      sample.slot = clock.boot();
      for (const auto& point : layout->meters()[0].points) {
        sample.words.insert(sample.words.end(), point.raw_words(), uneven ? uneven *= 25'173 : 7);
        sample.quality.push_back(meter::Quality::good);
      }
      journal.append(sample);
    }
  }
  void commit() {
    uplink->committed(journal.commit());
    run();
  }
  void run() {
    context.restart();
    context.poll();
  }
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(100ms);
    }
    return condition();
  }
  // The centre: acknowledges everything of an epoch up to `last`.
  void ack(const RangeSet& ranges, const std::string& centre = "centre-1") {
    contract::Ack ack;
    ack.centre = centre;
    ack.now = clock.wall();
    ack.acks.push_back({journal.epoch, ranges});
    client->handlers.message({contract::topic(agent, Topic::ack), contract::write(ack)});
    run();
  }
  void answer_status(const std::string& centre = "centre-1") { ack({}, centre); }
  void request(EpochId epoch, const RangeSet& ranges) {
    contract::DataRequest request;
    request.requests.push_back({epoch, ranges});
    client->handlers.message({contract::topic(agent, Topic::request), contract::write(request)});
    run();
  }
  // Answers until nothing is under way any more.
  void drain() {
    do {
      client->answer();
      run();
    } while (!client->under_way.empty());
  }
  // Which seqs of the current epoch are in these batches.
  RangeSet seqs(const std::vector<Message>& messages) const {
    RangeSet all;
    for (const auto& message : messages) {
      for (const auto& record : parsed(message).records) {
        if (record.seq) all.add({*record.seq, *record.seq});
      }
    }
    return all;
  }
  contract::Status status() const {
    contract::Status status;
    uplink->complete(status);
    return status;
  }
  bool alarm(const std::string& part) const {
    const auto alarms = status().alarms;
    return std::any_of(alarms.begin(), alarms.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
  }

  boost::asio::io_context context;
  test::ManualClock clock;
  test::FakeJournal journal;
  uplink::Settings settings;
  std::uint16_t uneven = 0;  // not 0: values that pack badly
  std::vector<WallTime> times;
  std::vector<std::string> notes;
  FakeClient* client = nullptr;
  std::unique_ptr<uplink::Uplink> uplink;
};

}  // namespace

TEST_CASE(
    "the connection has the agent's name, the will says offline, and acks and requests are subscribed") {
  Rig rig;
  rig.start();
  CHECK(rig.client->started);
  CHECK(rig.client->settings.client_id == agent);
  CHECK(rig.client->settings.will_topic == contract::topic(agent, Topic::online));
  CHECK(rig.client->settings.will_payload == contract::write_online(false));
  CHECK(rig.client->settings.will_delay == 90s);
  CHECK(rig.client->settings.session_expiry == 1h);
  CHECK(rig.client->settings.subscriptions ==
        std::vector<std::string>{contract::topic(agent, Topic::ack), contract::topic(agent, Topic::request)});
}

TEST_CASE("at connect: online, status and meta, all retained, online first") {
  Rig rig;
  rig.start();
  meter::Meta meta;
  meta.layout = layout_of(2);
  meta.info.resize(1);
  meta.unsupported.resize(1);
  rig.uplink->meta(meta);
  rig.client->connect();
  rig.run();
  REQUIRE(rig.client->all.size() == 3);
  CHECK(rig.client->all[0].topic == contract::topic(agent, Topic::online));
  CHECK(rig.client->all[0].payload == contract::write_online(true));
  CHECK(rig.client->on(Topic::status).size() == 1);
  CHECK(rig.client->on(Topic::meta).size() == 1);
  for (const auto& message : rig.client->all) CHECK(message.retained);
  rig.client->cut();
  rig.client->connect();
  rig.run();
  CHECK(rig.client->on(Topic::meta).size() == 2);
}

TEST_CASE("meta goes out on change, status every period") {
  Rig rig;
  rig.settings.status_period = 1ms;
  rig.start();
  rig.client->connect();
  REQUIRE(rig.until([&] {
    rig.client->answer();
    return rig.client->on(Topic::status).size() >= 5;
  }));
  meter::Meta meta;
  meta.layout = layout_of(2);
  meta.info.resize(1);
  meta.unsupported.resize(1);
  rig.uplink->meta(meta);
  CHECK(rig.until([&] { return rig.client->on(Topic::meta).size() == 1; }));
}

TEST_CASE("a commit goes out at once as one live batch, not retained") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.sample(5);
  rig.commit();
  const auto live = rig.client->on(Topic::data);
  REQUIRE(live.size() == 1);
  CHECK_FALSE(live[0].retained);
  CHECK(rig.seqs(live) == RangeSet{{1, 5}});
  CHECK(rig.journal.settled.empty());
}

TEST_CASE("numbers of records that were dropped before their commit are not held") {
  Rig rig;
  rig.start();
  rig.sample(2);
  auto commit = rig.journal.commit();
  commit.records.back().id.seq = 300'000;
  rig.uplink->committed(commit);
  CHECK(rig.status().unacknowledged == 2);
}

TEST_CASE("a live batch ends where the layout changes") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.sample(2, layout_of(3));
  rig.sample(2, layout_of(4));
  rig.commit();
  CHECK(rig.client->on(Topic::data).size() == 2);
  CHECK(rig.seqs(rig.client->on(Topic::data)) == RangeSet{{1, 4}});
}

TEST_CASE("a commit larger than the broker's packets is split") {
  Rig rig;
  rig.start();
  mqtt::Allowed allowed;
  allowed.maximum_packet_size = 3'000;
  rig.client->connect(allowed);
  rig.sample(60);
  rig.commit();
  const auto live = rig.client->on(Topic::data);
  CHECK(live.size() > 1);
  for (const auto& batch : live) CHECK(batch.payload.size() < 3'000);
}

TEST_CASE("live records that find no place in the window are backfill, and none is lost") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.drain();
  rig.answer_status();
  rig.client->window = 0;
  rig.sample(5);
  rig.commit();
  CHECK(rig.client->on(Topic::data).empty());
  rig.client->window = mqtt::max_window;
  rig.answer_status();
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  CHECK(rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 5}});
}

TEST_CASE("what was committed while offline comes as backfill once the centre answers") {
  Rig rig;
  rig.start();
  rig.sample(200);
  rig.commit();
  rig.client->connect();
  rig.run();
  CHECK(rig.client->on(Topic::backfill).empty());
  rig.answer_status();
  REQUIRE(rig.until([&] {
    rig.client->answer();
    return rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 200}};
  }));
  CHECK(rig.client->on(Topic::data).empty());
  rig.ack({{1, 200}});
  CHECK(rig.journal.settled[rig.journal.epoch] == RangeSet{{1, 200}});
  CHECK(rig.status().unacknowledged == 0);
}

TEST_CASE("backfill is packed and says so; live data and answers are plain") {
  Rig rig;
  rig.start();
  rig.sample(200);
  rig.commit();
  rig.client->connect();
  rig.answer_status();
  rig.run();
  REQUIRE_FALSE(rig.client->on(Topic::backfill).empty());
  for (const auto& batch : rig.client->on(Topic::backfill)) CHECK(batch.content_encoding == "gzip");
  rig.drain();
  rig.sample(200);
  rig.commit();
  REQUIRE_FALSE(rig.client->on(Topic::data).empty());
  rig.request(EpochId::random(), {{1, 7}});
  for (const auto& message : rig.client->under_way) CHECK(message.content_encoding.empty());
}

TEST_CASE("ack = broker: nothing is packed") {
  Rig rig(false);
  rig.start();
  rig.sample(200);
  rig.commit();
  rig.client->connect();
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  for (const auto& message : rig.client->all) CHECK(message.content_encoding.empty());
}

TEST_CASE("earlier runs' records come first") {
  Rig rig;
  const EpochId old = EpochId::random();
  const EpochId current = std::exchange(rig.journal.epoch, old);
  rig.sample(3);
  rig.journal.commit();
  rig.journal.epoch = current;
  rig.journal.at_open.push_back({old, "boot", 3, {{1, 3}}, {{1, 1}}});
  rig.start();
  rig.sample(2);
  rig.commit();
  rig.client->connect();
  rig.answer_status();
  REQUIRE(rig.until([&] { return rig.client->on(Topic::backfill).size() >= 2; }));
  const auto batches = rig.client->on(Topic::backfill);
  const auto first = parsed(batches[0]);
  CHECK(first.header.epoch == old);
  REQUIRE(first.records.size() == 2);
  CHECK(first.records[0].seq == 2);
  CHECK(parsed(batches[1]).header.epoch == current);
}

TEST_CASE("ack = broker: the PUBACK settles, and down/ack counts for nothing") {
  Rig rig(false);
  rig.start();
  rig.sample(300);
  rig.commit();
  rig.client->connect();
  rig.ack({{1, 300}});
  CHECK(rig.journal.settled.empty());
  REQUIRE(rig.until([&] {
    rig.client->answer();
    return rig.status().unacknowledged == 0;
  }));
  CHECK(rig.journal.settled[rig.journal.epoch] == RangeSet{{1, 300}});
}

TEST_CASE("undated samples wait, and go out when they are dated") {
  Rig rig;
  rig.journal.dating.reset();
  rig.start();
  rig.client->connect();
  rig.answer_status();
  rig.sample(3);
  rig.commit();
  CHECK(rig.client->on(Topic::data).empty());
  rig.answer_status();
  CHECK(rig.client->on(Topic::backfill).empty());
  for (auto& [seq, record] : rig.journal.records[rig.journal.epoch])
    record.dating = meter::Dating{1s, false, 0ms};
  rig.uplink->dated(rig.journal.epoch, {1, 3});
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  CHECK(rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 3}});
}

TEST_CASE("undated samples of earlier runs are found when they are read") {
  Rig rig;
  rig.journal.dating.reset();
  rig.sample(3);
  rig.journal.commit();
  rig.journal.at_open.push_back({rig.journal.epoch, "boot", 3, {{1, 3}}, {}});
  rig.start();
  rig.client->connect();
  rig.answer_status();
  rig.run();
  CHECK(rig.journal.reads == 1);
  CHECK(rig.client->on(Topic::backfill).empty());
  CHECK(rig.status().unacknowledged == 3);
}

TEST_CASE("an epoch that the journal finds only later goes out, and can be withdrawn where it was settled") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.answer_status();
  rig.sample(4);
  rig.journal.commit();
  rig.uplink->found({rig.journal.epoch, "boot", 4, {{1, 4}}, {{2, 3}}});
  CHECK(rig.status().unacknowledged == 2);
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  CHECK(rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 1}, {4, 4}});
  rig.request(rig.journal.epoch, {{2, 3}});
  CHECK(rig.status().unacknowledged == 4);
}

TEST_CASE("acks of a stranger are ignored and reported: the configured centre counts") {
  Rig rig(true, "centre-1");
  rig.start();
  rig.client->connect();
  rig.sample(3);
  rig.commit();
  rig.ack({{1, 3}}, "centre-2");
  CHECK(rig.journal.settled.empty());
  CHECK_FALSE(rig.status().last_ack_age_s);
  CHECK(rig.alarm("\"centre-2\" are ignored"));
  rig.ack({{1, 3}}, "centre-1");
  CHECK(rig.journal.settled[rig.journal.epoch] == RangeSet{{1, 3}});
}

TEST_CASE("without a configured centre the first one heard counts") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.sample(3);
  rig.commit();
  rig.ack({{1, 1}}, "centre-7");
  rig.ack({{2, 3}}, "centre-8");
  CHECK(rig.journal.settled[rig.journal.epoch] == RangeSet{{1, 1}});
}

TEST_CASE("an ack that is not understood settles nothing and is noted once") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.sample(3);
  rig.commit();
  const auto notes = rig.notes.size();
  for (int time = 0; time < 3; ++time) {
    rig.client->handlers.message({contract::topic(agent, Topic::ack), "{\"v\":1,\"acks\":7}"});
  }
  CHECK(rig.notes.size() == notes + 1);
  CHECK(rig.journal.settled.empty());
}

TEST_CASE("a request withdraws the acknowledgement and sends again") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.sample(9);
  rig.commit();
  rig.drain();
  rig.ack({{1, 9}});
  rig.request(rig.journal.epoch, {{4, 5}});
  CHECK(rig.journal.settled[rig.journal.epoch] == RangeSet{{1, 3}, {6, 9}});
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  CHECK(rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{4, 5}});
}

TEST_CASE(
    "a request for what is not held is answered by a void without a seq, also across a lost connection") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.drain();
  const EpochId unknown = EpochId::random();
  rig.request(unknown, {{1, 7}});
  REQUIRE(rig.client->on(Topic::backfill).size() == 1);
  const auto batch = contract::parse_batch(rig.client->on(Topic::backfill)[0].payload);
  REQUIRE(batch.has_value());
  CHECK(batch->header.epoch == unknown);
  REQUIRE(batch->records.size() == 1);
  CHECK_FALSE(batch->records[0].seq);
  const auto& event = std::get<contract::ParsedEvent>(batch->records[0].content);
  CHECK(event.json.find("unknown-epoch") != std::string::npos);
  rig.client->cut();
  rig.client->connect();
  rig.run();
  CHECK(rig.client->on(Topic::backfill).size() == 2);
}

TEST_CASE("a layout that the centre asks for goes out as a record") {
  Rig rig;
  const auto layout = layout_of(2);
  rig.journal.layouts[layout->id()] = layout;
  rig.start();
  rig.client->connect();
  contract::DataRequest request;
  request.metas = {layout->id()};
  for (int time = 0; time < 3; ++time) {  // asked again and again: one answer a minute
    rig.client->handlers.message({contract::topic(agent, Topic::request), contract::write(request)});
    rig.run();
  }
  REQUIRE(rig.journal.appended.size() == 1);
  CHECK(std::get<meter::Meta>(rig.journal.appended[0]).layout == layout);
}

TEST_CASE("at most two backfill batches are under way, and never more than 20,000 readings unacknowledged") {
  Rig rig;
  rig.start();
  rig.sample(600, layout_of(50));  // 30,000 readings
  rig.commit();
  rig.client->connect();
  rig.answer_status();
  rig.drain();
  std::size_t readings = 0;
  std::size_t most = 0;
  REQUIRE(rig.until([&] {
    most = std::max(most, rig.client->under_way.size());
    rig.client->answer();
    rig.run();
    readings = rig.seqs(rig.client->on(Topic::backfill)).count() * 50;
    return readings >= 19'000 && rig.client->under_way.empty();
  }));
  CHECK(most <= 2);
  rig.run();
  CHECK(readings <= 20'000);
  rig.ack({{1, 300}});
  REQUIRE(rig.until([&] {
    rig.client->answer();
    return rig.seqs(rig.client->on(Topic::backfill)).count() == 600;
  }));
}

TEST_CASE("a refused record does not keep the others from the centre") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  rig.client->connect();
  rig.drain();
  rig.answer_status();
  rig.sample(4);
  rig.commit();
  RangeSet taken;
  // The broker refuses whatever holds record 2.
  REQUIRE(rig.until([&] {
    for (const auto& message : std::exchange(rig.client->under_way, {})) {
      const bool data = message.topic.find("up/data") != std::string::npos ||
                        message.topic.find("up/backfill") != std::string::npos;
      const RangeSet seqs = data ? rig.seqs({message}) : RangeSet();
      const bool refused = seqs.contains(2);
      if (!refused) taken.add(seqs);
      rig.client->handlers.published({message.token, false, refused ? 0x99 : 0});
    }
    rig.clock.advance(1s);
    rig.answer_status();
    return taken == RangeSet{{1, 1}, {3, 4}};
  }));
  CHECK(rig.alarm("record 2 of epoch"));
  CHECK(rig.status().unacknowledged == 4);
}

TEST_CASE("what is refused beside records is named in status") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.client->answer(0x87);
  CHECK(rig.alarm("the broker refuses up/status: not authorized (0x87)"));
}

TEST_CASE("status tells the backlog: the 20 oldest epochs and how many more") {
  Rig rig;
  for (int number = 0; number < 25; ++number) {
    rig.journal.at_open.push_back({EpochId::random(), "boot", 10, {{1, 10}}, {{1, 3}}});
  }
  rig.journal.at_open[0].settled = {{1, 10}};
  rig.start();
  const auto status = rig.status();
  CHECK(status.unacknowledged == 24 * 7);
  REQUIRE(status.epochs.size() == 20);
  CHECK(status.more == 4);
  CHECK(status.epochs[0].epoch == rig.journal.at_open[1].id);
  CHECK(status.epochs[0].first == 4);
  CHECK(status.epochs[0].last == 10);
}

TEST_CASE("a broken connection is told once per reason and stands in the alarms") {
  Rig rig;
  rig.start();
  rig.client->handlers.disconnected({"broker x: connection refused", false});
  rig.client->handlers.disconnected({"broker x: connection refused", false});
  CHECK(rig.notes.size() == 1);
  CHECK(rig.alarm("connection refused"));
  rig.client->handlers.disconnected({"someone else", true});
  rig.client->connect();
  CHECK(rig.alarm("another client has used this agent's name"));
  CHECK_FALSE(rig.alarm("connection refused"));
}

TEST_CASE("the centre's answer to a status tells the time") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  rig.client->connect();
  rig.run();
  rig.clock.advance(200ms);
  rig.answer_status();
  rig.clock.advance(4s);
  REQUIRE(rig.until([&] { return !rig.times.empty(); }));
  CHECK(rig.times[0] == rig.clock.wall() - 4s);
}

TEST_CASE("a clean stop says offline first, then leaves") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.drain();
  bool done = false;
  rig.uplink->stop(700ms, [&done] { done = true; });
  rig.run();
  REQUIRE_FALSE(rig.client->under_way.empty());
  CHECK(rig.client->all.back().topic == contract::topic(agent, Topic::online));
  CHECK(rig.client->all.back().payload == contract::write_online(false));
  CHECK(rig.client->all.back().retained);
  REQUIRE(rig.client->stopped);
  rig.client->stopped();
  CHECK(done);
}

TEST_CASE("a stop waits for a place in the window for that") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.client->window = 0;
  rig.uplink->stop(10s, [] {});
  rig.run();
  CHECK_FALSE(rig.client->stopped);
  rig.client->window = mqtt::max_window;
  rig.client->answer();
  rig.run();
  CHECK(rig.client->all.back().payload == contract::write_online(false));
  CHECK(rig.client->stopped);
}

TEST_CASE("a stop without a connection is immediate") {
  Rig rig;
  rig.start();
  rig.uplink->stop(10s, [] {});
  CHECK(rig.client->stopped);
}

TEST_CASE("the uplink may go while the journal still reads") {
  Rig rig;
  rig.start();
  rig.sample(10);
  rig.commit();
  rig.client->connect();
  rig.answer_status();
  rig.uplink.reset();
  rig.run();
  SUCCEED("no use after free, as the sanitizers would tell");
}

TEST_CASE("a record dated between its reading and its batch goes out") {
  Rig rig;
  rig.journal.dating.reset();
  rig.sample(3);
  rig.journal.commit();
  rig.journal.at_open.push_back({rig.journal.epoch, "boot", 3, {{1, 3}}, {}});
  rig.start();
  rig.client->connect();
  rig.run();
  contract::Ack ack;
  ack.centre = "centre-1";
  ack.now = rig.clock.wall();
  rig.client->handlers.message({contract::topic(agent, Topic::ack), contract::write(ack)});
  rig.context.restart();
  while (rig.journal.reads == 0) REQUIRE(rig.context.run_one_for(20s) > 0);
  for (auto& [seq, record] : rig.journal.records[rig.journal.epoch])
    record.dating = meter::Dating{1s, false, 0ms};
  rig.uplink->dated(rig.journal.epoch, {1, 3});
  REQUIRE(rig.until([&] { return !rig.client->on(Topic::backfill).empty(); }));
  CHECK(rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 3}});
}

TEST_CASE("a record larger than the broker's packets is never published, named, and passed by the others") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  mqtt::Allowed allowed;
  allowed.maximum_packet_size = 3'000;
  const auto commit = [&rig] {
    rig.sample(1);
    rig.uneven = 1;
    rig.sample(1, layout_of(2'000));  // too large even packed
    rig.uneven = 0;
    rig.sample(1);
    rig.commit();
  };
  RangeSet taken;
  SECTION("in the live lane") {
    rig.client->connect(allowed);
    commit();
    taken = rig.seqs(rig.client->on(Topic::data));
  }
  SECTION("in backfill") {
    commit();
    rig.client->connect(allowed);
    rig.answer_status();
    REQUIRE(rig.until([&] {
      rig.client->answer();
      taken = rig.seqs(rig.client->on(Topic::backfill));
      return taken.contains(3);
    }));
  }
  CHECK(taken == RangeSet{{1, 1}, {3, 3}});
  CHECK(rig.alarm("record 2 of epoch"));
  CHECK(rig.alarm("packet too large"));
  rig.drain();
  rig.ack({{1, 1}, {3, 3}});
  const auto reads = rig.journal.reads;
  rig.clock.advance(61s);
  REQUIRE(rig.until([&] { return rig.journal.reads > reads; }));
  rig.run();
  for (const auto& message : rig.client->all) CHECK(message.payload.size() < 3'000);
  CHECK(rig.status().unacknowledged == 1);
}

TEST_CASE("a journal that has no file to read from is asked again every 10 s, and no record is blamed") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  rig.sample(700);
  rig.commit();
  rig.journal.unreadable = true;
  rig.journal.state.durable = false;
  rig.client->connect();
  rig.drain();
  rig.answer_status();
  rig.run();
  CHECK(rig.journal.reads == 1);
  rig.clock.advance(9s);
  rig.answer_status();
  CHECK(rig.journal.reads == 1);
  rig.clock.advance(1s);
  REQUIRE(rig.until([&] { return rig.journal.reads == 2; }));
  rig.run();
  rig.journal.unreadable = false;
  rig.journal.state.durable = true;
  rig.clock.advance(10s);
  CHECK(rig.until([&] {
    rig.client->answer();
    return rig.seqs(rig.client->on(Topic::backfill)) == RangeSet{{1, 700}};
  }));
}

TEST_CASE("a name that only seems to be used twice is told with less certainty") {
  Rig rig;
  rig.start();
  mqtt::Disconnected why{"lost, now 3 times", true};
  why.suspected = true;
  rig.client->cut(why);
  rig.client->connect();
  CHECK(rig.alarm("another client may be using this agent's name"));
  CHECK_FALSE(rig.alarm("has used"));
}

TEST_CASE("the alarm about a stranger's acks ends an hour after the last of them") {
  Rig rig(true, "centre-1");
  rig.start();
  rig.client->connect();
  rig.answer_status("centre-2");
  rig.clock.advance(59min);
  rig.answer_status("centre-2");
  rig.clock.advance(59min);
  CHECK(rig.alarm("\"centre-2\" are ignored"));
  rig.clock.advance(1min);
  CHECK_FALSE(rig.alarm("are ignored"));
}

TEST_CASE("strangers of many names fill no log: one note a minute") {
  Rig rig(true, "centre-1");
  rig.start();
  rig.client->connect();
  const auto notes = rig.notes.size();
  for (int number = 0; number < 50; ++number) rig.answer_status("stranger-" + std::to_string(number));
  CHECK(rig.notes.size() == notes + 1);
  CHECK(rig.alarm("stranger-49"));
  rig.clock.advance(60s);
  rig.answer_status("stranger-50");
  CHECK(rig.notes.size() == notes + 2);
}

TEST_CASE("what a stranger calls itself is cut, and cannot command a terminal") {
  Rig rig(true, "centre-1");
  rig.start();
  rig.client->connect();
  rig.answer_status("\x1b[2J\x7f\xc2\x9b\n" + std::string(10'000, 'x'));
  const auto& note = rig.notes.back();
  CHECK(note.size() < 300);
  CHECK(std::none_of(note.begin(), note.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }));
  CHECK(note.find("\xc2\x9b") == std::string::npos);
  contract::DataRequest request;
  request.metas = {"\x1b[2J" + std::string(10'000, 'x')};
  rig.client->handlers.message({contract::topic(agent, Topic::request), contract::write(request)});
  rig.run();
  CHECK(rig.notes.back().find("asks for the layout ?[2Jx") != std::string::npos);
  CHECK(rig.notes.back().size() < 300);
}

TEST_CASE("acks that are not understood are an alarm until the next good one") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.client->handlers.message(
      {contract::topic(agent, Topic::ack), R"({"v":2,"centre":"centre-1","now":1,"acks":[]})"});
  CHECK(rig.alarm("a down/ack is not understood: ack: version 2"));
  rig.answer_status();
  CHECK_FALSE(rig.alarm("not understood"));
}

TEST_CASE("a centre without a clock gives no time, and is named") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  rig.client->connect();
  rig.run();
  contract::Ack ack;
  ack.centre = "centre-1";
  ack.now = WallTime(5s);
  rig.client->handlers.message({contract::topic(agent, Topic::ack), contract::write(ack)});
  CHECK(rig.alarm("the centre's clock is wrong"));
  rig.clock.advance(200ms);
  rig.answer_status();  // set right
  CHECK_FALSE(rig.alarm("the centre's clock is wrong"));
  rig.clock.advance(4s);
  REQUIRE(rig.until([&] { return !rig.times.empty(); }));
  CHECK(rig.times[0] == rig.clock.wall() - 4s);
}

TEST_CASE("status, meta, online and answers that the broker refuses are tried again, later and later") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  meter::Meta meta;
  meta.layout = layout_of(2);
  meta.info.resize(1);
  meta.unsupported.resize(1);
  rig.uplink->meta(meta);
  rig.client->connect();
  rig.run();
  rig.request(EpochId::random(), {{1, 7}});
  const auto all = {Topic::online, Topic::status, Topic::meta, Topic::backfill};
  for (std::size_t tries = 1; tries <= 3; ++tries) {
    REQUIRE(rig.until([&] {
      return std::all_of(all.begin(), all.end(),
                         [&](Topic what) { return rig.client->on(what).size() == tries; });
    }));
    rig.client->answer(0x87);
    rig.clock.advance(4s * (1 << (tries - 1)));
    rig.run();
    for (const auto what : all) CHECK(rig.client->on(what).size() == tries);
    rig.clock.advance(6s * (1 << (tries - 1)));
  }
  CHECK(rig.alarm("the broker refuses up/meta: not authorized (0x87), 3 times in a row"));
  CHECK(rig.until([&] { return rig.client->on(Topic::backfill).size() == 4; }));
  rig.client->answer();
  CHECK_FALSE(rig.alarm("the broker refuses"));
}

TEST_CASE("answers to requests keep to two batches under way") {
  Rig rig;
  rig.settings.tick_period = 1ms;
  rig.start();
  rig.client->connect();
  rig.drain();
  for (int number = 0; number < 10; ++number) rig.request(EpochId::random(), {{1, 7}});
  CHECK(rig.client->under_way.size() == 2);
  REQUIRE(rig.until([&] {
    CHECK(rig.client->under_way.size() <= 2);
    rig.client->answer();
    return rig.client->on(Topic::backfill).size() == 10;
  }));
}

TEST_CASE("a request for an epoch that may be on a disk not there yet is left unanswered") {
  Rig rig;
  rig.start();
  rig.client->connect();
  rig.drain();
  const EpochId older = EpochId::random();
  rig.journal.state.durable = false;
  rig.request(older, {{1, 7}});
  CHECK(rig.client->on(Topic::backfill).empty());
  rig.journal.state.durable = true;
  rig.request(older, {{1, 7}});
  CHECK(rig.client->on(Topic::backfill).size() == 1);
}
