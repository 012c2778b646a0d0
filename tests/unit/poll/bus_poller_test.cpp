// One bus polled over a scripted link: samples, dead units, other masters, turns for `congto read`.
#include "agent/poll/bus_poller.hpp"

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

// Answers every request with count words of value unit id; silent units time out, which moves the clock.
class FakeLink final : public modbus::Link {
 public:
  FakeLink(test::ManualClock& clock, asio::io_context& context) : clock_(clock), context_(context) {}

  asio::awaitable<modbus::Exchanged<modbus::Reply>> exchange(modbus::Request request,
                                                             std::chrono::milliseconds timeout) override {
    co_await asio::post(context_, asio::use_awaitable);
    ++counters_.requests;
    asked.push_back(request);
    if (no_port) co_return modbus::Failure{modbus::FailureKind::no_link, 0, "no such device"};
    if (request.unit == silent) {
      clock_.advance(timeout);
      co_return modbus::Failure{modbus::FailureKind::timeout, 0, ""};
    }
    clock_.advance(20ms);
    modbus::Reply reply;
    reply.words.assign(request.count, request.unit);
    reply.last_byte = clock_.boot();
    reply.took = 15ms;
    co_return reply;
  }
  asio::awaitable<modbus::Exchanged<modbus::ListenResult>> listen(std::chrono::milliseconds) override {
    ++listened;
    co_return foreign;
  }
  void close() override { ++closed; }
  const modbus::LinkCounters& counters() const override { return counters_; }
  std::string name() const override { return "line-1"; }

  std::vector<modbus::Request> asked;
  modbus::UnitId silent = 0;
  bool no_port = false;
  modbus::ListenResult foreign;
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
             std::vector<std::string>) override {
    infos.push_back(std::move(info));
  }
  void note(const std::string& text) override { notes.push_back(text); }
  std::vector<meter::Sample> samples;
  std::vector<meter::Skipped> skips;
  std::vector<std::vector<std::pair<std::string, std::string>>> infos;
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
  const auto probes = std::count_if(bench.link->asked.begin(), bench.link->asked.end(),
                                    [](const modbus::Request& request) { return request.unit == 1; });
  CHECK(probes <= 6);  // at 0, 1, 3, 7, 15 and 31 s of back-off
  std::uint64_t backed_off = 0;
  for (const auto& skip : bench.sink.skips) {
    if (skip.meter != 0) continue;
    CHECK(skip.why == "back-off");
    backed_off += skip.count;
  }
  CHECK(backed_off >= 10);
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
