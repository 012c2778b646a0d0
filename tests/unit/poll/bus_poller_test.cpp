// One bus polled over a scripted link: samples, dead units, other masters, turns for `congto read`.
#include "agent/poll/bus_poller.hpp"

#include <algorithm>
#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/manual_clock.hpp"

using namespace std::chrono_literals;
using namespace congto;

namespace {

namespace asio = boost::asio;

// Answers every request with count words of value unit id, `delay` after it; what the fault says happens
// instead. Waiting moves the clock.
class FakeLink final : public modbus::Link {
 public:
  FakeLink(test::ManualClock& clock, asio::io_context& context) : clock_(clock), context_(context) {}

  asio::awaitable<modbus::Exchanged<modbus::Reply>> exchange(modbus::Request request,
                                                             std::chrono::milliseconds timeout) override {
    co_await asio::post(context_, asio::use_awaitable);
    ++counters_.requests;
    asked.push_back(request);
    if (on_request) on_request();
    if (no_port) co_return modbus::Failure{modbus::FailureKind::no_link, 0, "no such device"};
    if (request.unit == silent || delay > timeout) {
      clock_.advance(timeout);
      co_return modbus::Failure{modbus::FailureKind::timeout, 0, ""};
    }
    clock_.advance(delay);
    if (const std::uint8_t code = exception ? exception(request) : std::uint8_t{0}) {
      co_return modbus::Failure{modbus::FailureKind::exception, code, ""};
    }
    modbus::Reply reply;
    reply.words.assign(request.count, request.unit);
    reply.last_byte = clock_.boot();
    reply.took = delay;
    co_return reply;
  }
  asio::awaitable<modbus::Exchanged<modbus::ListenResult>> listen(std::chrono::milliseconds) override {
    ++listened;
    if (no_port) co_return modbus::Failure{modbus::FailureKind::no_link, 0, "no such device"};
    co_return foreign;
  }
  void close() override { ++closed; }
  const modbus::LinkCounters& counters() const override { return counters_; }
  std::string name() const override { return "line-1"; }
  const std::vector<std::string>& warnings() const override { return done_without; }

  void reconnected() { ++counters_.reconnects; }
  std::ptrdiff_t asked_of(modbus::UnitId unit) const {
    return std::count_if(asked.begin(), asked.end(),
                         [&](const modbus::Request& request) { return request.unit == unit; });
  }

  std::vector<modbus::Request> asked;
  std::function<void()> on_request;
  std::function<std::uint8_t(const modbus::Request&)> exception;  // its code; 0: none
  std::chrono::milliseconds delay{20};
  modbus::UnitId silent = 0;
  bool no_port = false;
  modbus::ListenResult foreign;
  std::vector<std::string> done_without;
  int listened = 0;
  int closed = 0;

 private:
  test::ManualClock& clock_;
  asio::io_context& context_;
  modbus::LinkCounters counters_;
};

class RecordingSink final : public poll::Sink {
 public:
  void sample(meter::Sample sample) override { samples.push_back(std::move(sample)); }
  void skipped(meter::Skipped skipped) override { skips.push_back(std::move(skipped)); }
  void about(std::size_t, std::vector<std::pair<std::string, std::string>> info,
             std::vector<std::string> unsupported) override {
    infos.push_back(std::move(info));
    refused.push_back(std::move(unsupported));
  }
  void note(const std::string& text) override { notes.push_back(text); }
  std::vector<meter::Sample> samples;
  std::vector<meter::Skipped> skips;
  std::vector<std::vector<std::pair<std::string, std::string>>> infos;
  std::vector<std::vector<std::string>> refused;
  std::vector<std::string> notes;
};

meter::Meter make_meter(const std::string& name, modbus::UnitId unit) {
  meter::Meter meter;
  meter.name = name;
  meter.bus = "line-1";
  meter.unit_id = unit;
  meter.every = 1s;
  meter::Point point;
  point.name = "pulse_count";
  meter.points.push_back(point);
  return meter;
}

meter::Point point_at(const std::string& name, std::uint16_t at) {
  meter::Point point;
  point.name = name;
  point.at = at;
  return point;
}

struct Bench {
  explicit Bench(std::vector<meter::Meter> meters) {
    std::vector<meter::LayoutMeter> described;
    std::vector<poll::PolledMeter> polled;
    for (auto& meter : meters) {
      described.push_back(meter.layout());
      polled.push_back({meter, static_cast<std::uint16_t>(polled.size())});
    }
    layout = std::make_shared<const meter::Layout>(std::move(described));
    auto owned = std::make_unique<FakeLink>(clock, context);
    link = owned.get();
    meter::Bus bus;
    bus.name = "line-1";
    poller = std::make_unique<poll::BusPoller>(context.get_executor(), bus, std::move(polled), layout,
                                               std::move(owned), clock, sink);
  }
  void start() {
    asio::co_spawn(context, poller->run(), asio::detached);
    settle();
  }
  // Runs all that is ready; the poller then waits for a timer.
  void settle() {
    context.restart();
    context.poll();
  }
  void seconds(int count) {
    for (int i = 0; i < count; ++i) after(1s);
  }
  std::size_t good_samples() const {
    return static_cast<std::size_t>(
        std::count_if(sink.samples.begin(), sink.samples.end(),
                      [](const meter::Sample& sample) { return sample.quality[0] == meter::Quality::good; }));
  }
  void after(std::chrono::microseconds time) {
    clock.advance(time);
    poller->clock_stepped();  // wakes it without waiting for real time
    settle();
  }

  test::ManualClock clock;
  asio::io_context context;
  RecordingSink sink;
  meter::LayoutPtr layout;
  FakeLink* link = nullptr;
  std::unique_ptr<poll::BusPoller> poller;
};

}  // namespace

TEST_CASE("each meter is polled once in each slot") {
  Bench bench({make_meter("a", 1), make_meter("b", 2)});
  bench.start();
  CHECK(bench.link->listened == 1);
  CHECK(bench.sink.samples.empty());
  bench.after(1s);
  REQUIRE(bench.sink.samples.size() == 2);
  CHECK(bench.sink.samples[0].words == std::vector<std::uint16_t>{1});
  CHECK(bench.sink.samples[1].words == std::vector<std::uint16_t>{2});
  bench.after(1s);
  CHECK(bench.sink.samples.size() == 4);
  CHECK(bench.sink.skips.empty());
}

TEST_CASE("a sample is stamped with the arrival of its last byte and names its slot") {
  Bench bench({make_meter("a", 1)});
  bench.start();
  const auto start = bench.clock.boot();
  bench.after(1s);
  REQUIRE(bench.sink.samples.size() == 1);
  CHECK(bench.sink.samples[0].slot == start + 1s);
  CHECK(bench.sink.samples[0].stamp == start + 1020ms);
}

TEST_CASE("a silent unit costs one timeout and its slots are skipped as back-off") {
  Bench bench({make_meter("a", 1), make_meter("b", 2)});
  bench.link->silent = 1;
  bench.start();
  bench.after(1s);
  REQUIRE(!bench.sink.samples.empty());
  CHECK(bench.sink.samples[0].failed_whole());
  CHECK(bench.sink.samples[0].quality[0] == meter::Quality::timeout);
  for (int second = 0; second < 30; ++second) bench.after(1s);
  CHECK(bench.link->asked_of(1) <= 6);  // at 0, 1, 3, 7, 15 and 31 s of back-off
  std::uint64_t backed_off = 0;
  for (const auto& skip : bench.sink.skips) {
    if (skip.meter != 0) continue;
    CHECK(skip.why == "back-off");
    backed_off += skip.count;
  }
  CHECK(backed_off >= 10);
}

TEST_CASE("a silent unit is probed when the others of that slot have been polled") {
  Bench bench({make_meter("a", 1), make_meter("b", 2), make_meter("c", 3)});
  bench.link->silent = 1;
  bench.start();
  bench.after(1s);
  bench.link->asked.clear();
  for (int second = 0; second < 20; ++second) {
    bench.after(1s);
    const auto& asked = bench.link->asked;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (asked[i].unit == 1) CHECK((i >= 2 && asked[i - 1].unit + asked[i - 2].unit == 5));
    }
    bench.link->asked.clear();
  }
}

TEST_CASE("on a line that is never idle a silent unit is probed all the same") {
  auto busy = make_meter("busy", 2);
  busy.every = 100ms;
  Bench bench({make_meter("silent", 1), busy});
  bench.link->silent = 1;
  bench.link->delay = 150ms;
  int requests = 0;
  bench.link->on_request = [&] {
    if (++requests == 600) bench.poller->stop();  // it never waits: some 90 s
  };
  bench.start();
  bench.after(1s);
  CHECK(bench.link->asked_of(1) >= 4);
}

TEST_CASE("a unit that answers again is polled at every slot") {
  Bench bench({make_meter("a", 1)});
  bench.link->silent = 1;
  bench.start();
  bench.after(1s);
  bench.link->silent = 0;
  bench.after(1s);
  bench.after(1s);
  const auto before = bench.sink.samples.size();
  bench.after(1s);
  CHECK(bench.sink.samples.size() == before + 1);
  CHECK(!bench.sink.samples.back().failed_whole());
}

TEST_CASE("without a port one meter is tried a back-off step and the others' slots are skipped") {
  Bench bench({make_meter("a", 1), make_meter("b", 2)});
  bench.link->no_port = true;
  bench.start();
  for (int second = 0; second < 20; ++second) bench.after(1s);
  CHECK(bench.link->asked.size() <= 6);
  bench.link->no_port = false;
  for (int second = 0; second < 40; ++second) bench.after(1s);
  const auto no_link = std::count_if(bench.sink.skips.begin(), bench.sink.skips.end(),
                                     [](const meter::Skipped& skip) { return skip.why == "no-link"; });
  CHECK(no_link > 0);
  CHECK(bench.poller->state().state == "ok");
}

TEST_CASE("a line with another master is not polled and says so") {
  Bench bench({make_meter("a", 1)});
  bench.link->foreign = {40, 3};
  bench.start();
  bench.after(1s);
  CHECK(bench.link->asked.empty());
  CHECK(bench.poller->state().state.find("other master") == 0);
  REQUIRE(bench.sink.notes.size() == 1);
  CHECK(bench.sink.notes[0].find("another master") != std::string::npos);
}

TEST_CASE("`congto read` gets its turn between two slots") {
  Bench bench({make_meter("a", 1)});
  bench.start();
  std::vector<meter::Sample> answered;
  CHECK(bench.poller->read_now("a", [&](meter::Sample sample) { answered.push_back(std::move(sample)); }));
  CHECK(!bench.poller->read_now("nobody", [](meter::Sample) {}));
  bench.settle();
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].words == std::vector<std::uint16_t>{1});
  CHECK(bench.sink.samples.empty());
}

TEST_CASE("stop ends the coroutine, closes the link and reports slots that nobody polled") {
  Bench bench({make_meter("a", 1)});
  bench.start();
  bench.clock.advance(3s);
  bench.poller->stop();
  bench.settle();
  CHECK(bench.link->closed >= 1);
  REQUIRE(bench.sink.skips.size() == 1);
  CHECK(bench.sink.skips[0].count == 3);
}

TEST_CASE("info points are read once after the first good poll") {
  auto meter = make_meter("a", 1);
  meter::Point serial;
  serial.name = "serial_number";
  serial.at = 10;
  serial.kind = meter::Kind::info;
  meter.info.push_back(serial);
  Bench bench({meter});
  bench.start();
  bench.after(1s);
  bench.after(1s);
  REQUIRE(bench.sink.infos.size() == 1);
  CHECK(bench.sink.infos[0] == std::vector<std::pair<std::string, std::string>>{{"serial_number", "1"}});
}

TEST_CASE("a unit that becomes slow within its profile's timeout is read again") {
  auto meter = make_meter("a", 1);
  meter.every = 10s;
  Bench bench({meter});
  bench.start();
  for (int i = 0; i < 30; ++i) bench.after(10s);
  CHECK(bench.good_samples() == 30);
  bench.link->delay = 800ms;
  for (int i = 0; i < 60; ++i) bench.after(5s);
  CHECK(bench.good_samples() >= 59);
}

TEST_CASE("a meter whose unit refuses everything is backed off and named; the unit's other meter is not") {
  auto absent = make_meter("absent", 1);
  absent.points[0].at = 100;
  Bench bench({absent, make_meter("there", 1)});
  bench.link->exception = [](const modbus::Request& request) -> std::uint8_t {
    return request.at == 100 ? 2 : 0;
  };
  bench.start();
  bench.seconds(30);
  CHECK(bench.link->asked.size() <= 36);
  CHECK(bench.good_samples() == 30);
  CHECK(bench.poller->meters()[0].state.find("exception-2") != std::string::npos);
  CHECK_FALSE(bench.poller->meters()[0].last_read);
  CHECK(bench.poller->meters()[1].state == "ok");
  CHECK(bench.sink.notes.size() == 1);
}

TEST_CASE("info that stays without answer is asked for at growing pauses") {
  auto meter = make_meter("a", 1);
  meter.info.push_back(point_at("serial_number", 10));
  Bench bench({meter});
  bench.link->exception = [](const modbus::Request& request) -> std::uint8_t {
    return request.at == 10 ? 4 : 0;
  };
  bench.start();
  bench.seconds(59);
  CHECK(bench.link->asked.size() == bench.good_samples() + 1);
  bench.seconds(100);
  CHECK(bench.link->asked.size() == bench.good_samples() + 2);
}

TEST_CASE("a port that was missing at start is listened to before its first request") {
  Bench bench({make_meter("a", 1)});
  bench.link->no_port = true;
  bench.start();
  bench.seconds(5);
  CHECK(bench.link->asked.empty());
  CHECK(bench.poller->state().state.find("no such device") != std::string::npos);
  bench.link->no_port = false;
  bench.link->foreign = {40, 3};
  bench.seconds(10);
  CHECK(bench.link->asked.empty());
  CHECK(bench.poller->state().state.find("other master") == 0);
  bench.link->foreign = {};
  bench.after(60s);
  bench.seconds(2);
  CHECK(bench.good_samples() >= 2);
  CHECK(bench.poller->state().state == "ok");
  REQUIRE(!bench.sink.skips.empty());
  CHECK(bench.sink.skips[0].why == "other-master");
}

TEST_CASE("another master is not forgotten when the adapter is pulled and comes back") {
  Bench bench({make_meter("a", 1)});
  bench.link->foreign = {40, 3};
  bench.start();
  bench.link->no_port = true;
  bench.after(60s);
  CHECK(bench.poller->state().state.find("no such device") != std::string::npos);
  bench.link->no_port = false;
  bench.seconds(3);
  CHECK(bench.link->asked.empty());
  CHECK(bench.poller->state().state.find("other master") == 0);
}

TEST_CASE("a port that was lost or opened anew meanwhile is listened to before the next request") {
  Bench bench({make_meter("a", 1)});
  bench.start();
  bench.seconds(2);
  CHECK(bench.link->listened == 1);
  SECTION("lost") {
    bench.link->no_port = true;
    bench.after(1s);
    bench.link->no_port = false;
  }
  SECTION("opened anew") { bench.link->reconnected(); }
  bench.link->foreign = {40, 3};
  const auto asked = bench.link->asked.size();
  bench.seconds(5);
  CHECK(bench.link->listened == 2);
  CHECK(bench.link->asked.size() == asked);
}

TEST_CASE("`congto read` is told at once that there is no port") {
  Bench bench({make_meter("a", 1)});
  bench.link->no_port = true;
  bench.start();
  std::vector<meter::Sample> answered;
  CHECK(bench.poller->read_now("a", [&](meter::Sample sample) { answered.push_back(std::move(sample)); }));
  bench.settle();
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].quality == std::vector<meter::Quality>{meter::Quality::no_link});
  CHECK(answered[0].words.size() == 1);
}

TEST_CASE("what a port was opened without is told once") {
  Bench bench({make_meter("a", 1)});
  bench.link->done_without = {"no low latency"};
  bench.start();
  bench.link->reconnected();
  bench.seconds(2);
  CHECK(bench.link->listened == 2);
  CHECK(bench.sink.notes == std::vector<std::string>{"line-1: no low latency"});
}

TEST_CASE("a unit that its gateway does not know costs its neighbours one pause a back-off step") {
  Bench bench({make_meter("unmapped", 1), make_meter("b", 2)});
  bench.link->exception = [](const modbus::Request& request) -> std::uint8_t {
    return request.unit == 1 ? 10 : 0;
  };
  bench.start();
  bench.seconds(120);
  CHECK(bench.link->asked_of(1) <= 9);
  CHECK(bench.good_samples() >= 110);
}

TEST_CASE("slots that passed during an outage are skipped for that reason") {
  Bench bench({make_meter("a", 1), make_meter("b", 2)});
  bench.start();
  bench.seconds(2);
  SECTION("without a port") {
    bench.link->no_port = true;
    bench.seconds(20);
    bench.link->no_port = false;
    bench.seconds(30);
    REQUIRE(bench.sink.skips.size() >= 2);
    for (const auto& skip : bench.sink.skips) CHECK(skip.why == "no-link");
  }
  SECTION("of a silent unit") {
    bench.link->silent = 1;
    bench.seconds(20);
    bench.link->silent = 0;
    bench.seconds(30);
    REQUIRE(bench.sink.skips.size() >= 2);
    for (const auto& skip : bench.sink.skips) {
      if (skip.meter == 0) CHECK(skip.why == "back-off");
    }
  }
}

TEST_CASE("a unit that comes back after more than a minute is asked for everything again") {
  auto meter = make_meter("a", 1);
  meter.points.push_back(point_at("b", 100));
  meter.points.push_back(point_at("c", 200));
  Bench bench({meter});
  std::uint16_t refused = 100;
  bench.link->exception = [&](const modbus::Request& request) -> std::uint8_t {
    return request.at == refused ? 2 : 0;
  };
  bench.start();
  bench.seconds(3);
  bench.link->silent = 1;
  bench.seconds(70);
  bench.link->silent = 0;
  refused = 200;  // another device under the same unit id
  bench.seconds(70);
  CHECK(bench.sink.samples.back().quality[1] == meter::Quality::good);
  bench.seconds(300);  // c was given before: it may be refused in passing
  CHECK(bench.sink.samples.back().quality ==
        std::vector<meter::Quality>{meter::Quality::good, meter::Quality::good, meter::Quality::unsupported});
  CHECK(bench.sink.refused == std::vector<std::vector<std::string>>{{"b"}, {}, {"c"}});
}

TEST_CASE("a poll that failed is tried again in its slot, and the slot gives one sample") {
  auto meter = make_meter("a", 1);
  meter.every = 15min;
  Bench bench({meter});
  bench.start();
  const auto slot = bench.clock.boot() + 15min;
  bench.link->silent = 1;
  bench.after(15min);
  CHECK(bench.sink.samples.empty());
  SECTION("the unit answers in time") {
    bench.seconds(5);
    bench.link->silent = 0;
    bench.seconds(60);
    REQUIRE(bench.sink.samples.size() == 1);
    CHECK(bench.sink.samples[0].quality[0] == meter::Quality::good);
    CHECK(bench.sink.samples[0].slot == slot);
    CHECK(bench.sink.samples[0].stamp > slot + 5s);
  }
  SECTION("the unit stays silent until the next slot") {
    while (bench.clock.boot() < slot + 14min) bench.after(10s);
    CHECK(bench.sink.samples.empty());
    CHECK(bench.link->asked.size() > 10);
    while (bench.clock.boot() < slot + 15min) bench.after(10s);
    REQUIRE(bench.sink.samples.size() == 1);
    CHECK(bench.sink.samples[0].failed_whole());
    CHECK(bench.sink.samples[0].slot == slot);
  }
  SECTION("the agent stops") {
    bench.poller->stop();
    bench.settle();
    REQUIRE(bench.sink.samples.size() == 1);
    CHECK(bench.sink.samples[0].failed_whole());
    CHECK(bench.sink.samples[0].slot == slot);
  }
  CHECK(bench.sink.skips.empty());
}

TEST_CASE("after stop nothing more is asked") {
  auto meter = make_meter("a", 1);
  meter.points.push_back(point_at("b", 100));
  meter.info.push_back(point_at("serial_number", 10));
  Bench bench({meter});
  bench.start();
  const std::size_t last = GENERATE(1U, 2U);
  bench.link->on_request = [&] {
    if (bench.link->asked.size() == last) bench.poller->stop();
  };
  bench.after(1s);
  CHECK(bench.link->asked.size() == last);
  CHECK(bench.sink.samples.size() == last - 1);
}
