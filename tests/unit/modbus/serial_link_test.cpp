// The serial link over a pty, with the far end played by the test on the same io_context.
#include "drivers/modbus/serial_link.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "drivers/modbus/serial_port.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pty_pair.hpp"
#include "tests/support/rtu_bytes.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scripted_peer.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto::modbus;
using namespace congto::test;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

const Request unit_1{1, Function::read_input_registers, 0, 2};
const char* const ask_1 = "01 04 00 00 00 02 71 CB";
const char* const reply_1 = "01 04 04 43 66 33 34 1B 38";
const std::vector<std::uint16_t> words_1 = {0x4366, 0x3334};
const Request unit_10{10, Function::read_input_registers, 0, 2};
const char* const ask_10 = "0A 04 00 00 00 02 70 B0";

constexpr auto long_enough = 10s;  // nothing in these tests waits for it

struct Bench {
  explicit Bench(SerialSettings settings = {9600, Parity::none, 1}) {
    SerialLinkSettings link_settings;
    link_settings.name = "line-1";
    link_settings.device = pty.device();
    link_settings.line = settings;
    link = std::make_unique<SerialLink>(context.get_executor(), link_settings, clock);
  }

  void play() { start_coroutine(context, peer.play()); }
  Exchanged<Reply> exchange(const Request& request, std::chrono::milliseconds timeout = long_enough) {
    return run_coroutine(context, link->exchange(request, timeout));
  }

  asio::io_context context;
  congto::SystemClock clock;
  PtyPair pty{context.get_executor()};
  ScriptedPeer<asio::posix::stream_descriptor> peer{pty.far_end()};
  std::unique_ptr<SerialLink> link;
};

// Noise on the line: one byte every so often, while it lives.
class Babble {
 public:
  Babble(Bench& bench, std::chrono::milliseconds every)
      : bench_(bench), every_(every), again_(bench.context) {
    speak();
  }

 private:
  void speak() {
    boost::system::error_code gone;
    const std::uint8_t noise = 0x55;
    bench_.pty.far_end().write_some(asio::buffer(&noise, 1), gone);
    again_.expires_after(every_);
    // A timer that had expired when the babble ended still calls.
    again_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code&) {
      if (!alive.expired()) speak();
    });
  }

  Bench& bench_;
  std::chrono::milliseconds every_;
  asio::steady_timer again_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

using Steady = std::chrono::steady_clock;

}  // namespace

TEST_CASE("a request goes out and its reply comes back") {
  Bench bench;
  bench.peer.expect(ask_1).answer(reply_1);
  bench.play();
  const auto reply = bench.exchange(unit_1);
  REQUIRE(reply.has_value());
  CHECK(reply->words == words_1);
  CHECK(bench.peer.trouble() == "");
  CHECK(bench.link->counters().requests == 1);
  CHECK(bench.link->counters().replies == 1);
  CHECK(bench.link->counters().bytes_sent == 8);
  CHECK(bench.link->counters().bytes_received == 9);
  CHECK(bench.link->counters().stale_bytes == 0);
}

TEST_CASE("the link says which line it is") {
  Bench bench;
  CHECK(bench.link->name() == "line-1 (" + bench.pty.device() + ", 9600 8N1)");
}

TEST_CASE("between a reply and the next request the line is silent for 3.5 characters") {
  Bench bench({1200, Parity::none, 1});
  bench.peer.expect(ask_1).answer(reply_1).expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.peer.trouble() == "");
  CHECK(bench.peer.asked_at().at(1) - bench.peer.answered_at().at(0) >= 29'167us);
}

TEST_CASE("a device's pause is kept before its request") {
  Bench bench;
  bench.link->set_pause(1, 40ms);
  bench.peer.expect(ask_1).answer(reply_1).expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.peer.asked_at().at(1) - bench.peer.answered_at().at(0) >= 40ms);
}

TEST_CASE("a silent unit times out after its request has left") {
  Bench bench;
  bench.peer.expect(ask_1);
  bench.play();
  const auto begin = Steady::now();
  const auto outcome = bench.exchange(unit_1, 30ms);
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().kind == FailureKind::timeout);
  CHECK(Steady::now() - begin >= 30ms + 8334us);  // 8 characters at 9600 baud
  CHECK(bench.link->counters().timeouts == 1);
}

TEST_CASE("a unit that owes a reply is asked again after 200 ms of silence") {
  Bench bench;
  bench.peer.expect(ask_1).expect(ask_10).answer(with_crc("0A 84 02")).expect(ask_1).answer(reply_1);
  bench.play();
  const auto begin = Steady::now();
  CHECK(bench.exchange(unit_1, 20ms).has_error());
  CHECK(bench.exchange(unit_10).error().word() == "exception-2");
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.peer.trouble() == "");
  CHECK(bench.peer.asked_at().at(2) - begin >= 220ms);
}

TEST_CASE("a late reply is never taken for the next one of the same shape") {
  Bench bench;
  const Request later{1, Function::read_input_registers, 2, 2};  // the same shape, other registers
  bench.peer.expect(ask_1);
  bench.play();
  CHECK(bench.exchange(unit_1, 20ms).has_error());
  // Unit 1 answers after all, before anything else is asked.
  ScriptedPeer<asio::posix::stream_descriptor> late(bench.pty.far_end());
  late.answer(reply_1).expect(with_crc("01 04 00 02 00 02")).answer(with_crc("01 04 04 00 00 00 01"));
  start_coroutine(bench.context, late.play());
  const auto outcome = bench.exchange(later);
  REQUIRE(outcome.has_value());
  CHECK(outcome->words == std::vector<std::uint16_t>{0, 1});
  CHECK(late.trouble() == "");
  CHECK(bench.link->counters().stale_bytes == 9);
  CHECK(bench.link->counters().foreign_frames == 0);
}

TEST_CASE("a damaged reply is a crc failure long before the deadline") {
  Bench bench;
  bench.peer.expect(ask_1).answer("01 04 04 43 66 33 35 1B 38");
  bench.play();
  const auto outcome = bench.exchange(unit_1);
  CHECK(outcome.error().kind == FailureKind::crc);
  CHECK(bench.link->counters().crc_errors == 1);
}

TEST_CASE("an adapter's echo is stripped") {
  Bench bench;
  bench.peer.expect(ask_1).answer(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1)->words == words_1);
  CHECK(bench.link->counters().stale_bytes == 0);
}

TEST_CASE("another master that speaks between our exchanges is counted") {
  Bench bench;
  bench.peer.expect(ask_1).answer(reply_1).answer(ask_10).expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.peer.trouble() == "");
  CHECK(bench.link->counters().foreign_frames == 1);
  CHECK(bench.link->counters().stale_bytes == 8);
}

TEST_CASE("listening hears another master and sends nothing") {
  Bench bench;
  // Opens the port: what is written to a pty before would go through its cooked mode.
  REQUIRE(run_coroutine(bench.context, bench.link->listen(1ms)).has_value());
  bench.peer.answer(ask_10).answer("0A 04 04 00 00");
  bench.play();
  const auto heard = run_coroutine(bench.context, bench.link->listen(50ms));
  REQUIRE(heard.has_value());
  CHECK(heard->bytes == 13);
  CHECK(heard->foreign_frames == 1);
  CHECK(bench.link->counters().requests == 0);
}

TEST_CASE("listening to a silent line hears nothing for as long as it was told") {
  Bench bench;
  const auto begin = Steady::now();
  const auto heard = run_coroutine(bench.context, bench.link->listen(30ms));
  CHECK(Steady::now() - begin >= 30ms);
  CHECK(heard->bytes == 0);
  CHECK(heard->foreign_frames == 0);
}

TEST_CASE("a missing port is no link, named, and is not tried again at once") {
  asio::io_context context;
  const congto::SystemClock clock;
  const TemporaryDirectory directory;
  SerialLinkSettings settings;
  settings.name = "line-1";
  settings.device = (directory / "ttyUSB0").string();
  SerialLink link(context.get_executor(), settings, clock);
  const auto first = run_coroutine(context, link.exchange(unit_1, long_enough));
  CHECK(first.error().kind == FailureKind::no_link);
  CHECK(first.error().detail.find("does not exist") != std::string::npos);
  const PtyPair pty(context.get_executor());
  std::filesystem::create_symlink(pty.device(), settings.device);
  // It is there now, but the back-off of 1 s runs: the answer comes at once and is the same.
  const auto second = run_coroutine(context, link.exchange(unit_1, long_enough));
  CHECK(second.error().detail == first.error().detail);
  CHECK(run_coroutine(context, link.listen(10ms)).error().kind == FailureKind::no_link);
}

TEST_CASE("a port that another program holds is no link and says so") {
  Bench bench;
  const auto held = open_serial_port(bench.pty.device(), {}, false);
  REQUIRE(held.has_value());
  const auto outcome = bench.exchange(unit_1);
  CHECK(outcome.error().kind == FailureKind::no_link);
  CHECK(outcome.error().detail.find("held by another program") != std::string::npos);
}

TEST_CASE("an adapter that is pulled out during an exchange is no link") {
  Bench bench;
  bench.peer.expect(ask_1).then([&] { bench.pty.vanish(); });
  bench.play();
  const auto outcome = bench.exchange(unit_1);
  CHECK(outcome.error().kind == FailureKind::no_link);
  CHECK(outcome.error().detail.find("was lost") != std::string::npos);
}

TEST_CASE("an adapter that is pulled out between exchanges is no link") {
  Bench bench;
  bench.peer.expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
  bench.pty.vanish();
  CHECK(bench.exchange(unit_1).error().kind == FailureKind::no_link);
}

TEST_CASE("a line that never falls silent is no link, and says what it heard") {
  Bench bench({110, Parity::none, 1});  // 318 ms of silence would be needed
  REQUIRE(run_coroutine(bench.context, bench.link->listen(1ms)).has_value());
  Babble babble(bench, 1ms);
  const auto outcome = bench.exchange(unit_1);
  CHECK(outcome.error().kind == FailureKind::no_link);
  CHECK(outcome.error().detail.find("never silent") != std::string::npos);
  CHECK(bench.link->counters().requests == 0);
}

TEST_CASE("bytes now and then keep a unit that owes a reply waiting, and only that unit") {
  Bench bench;
  bench.peer.expect(ask_1);
  bench.play();
  CHECK(bench.exchange(unit_1, 20ms).error().kind == FailureKind::timeout);
  {
    Babble babble(bench, 50ms);  // the line is silent in between, but never for 200 ms
    const auto outcome = bench.exchange(unit_1);
    CHECK(outcome.error().kind == FailureKind::timeout);
    CHECK(outcome.error().detail.find("owes a reply") != std::string::npos);
  }
  bench.peer.expect(ask_10).answer(with_crc("0A 84 02"));
  bench.play();
  CHECK(bench.exchange(unit_10).error().word() == "exception-2");
}

TEST_CASE("a closed link gives the port back and opens it again") {
  Bench bench;
  bench.peer.expect(ask_1).answer(reply_1).expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
  bench.link->close();
  CHECK(open_serial_port(bench.pty.device(), {}, false).has_value());
  CHECK(bench.exchange(unit_1).has_value());
  CHECK(bench.link->counters().reconnects == 1);
}

TEST_CASE("closing the link ends a running exchange at once") {
  Bench bench;
  bench.peer.expect(ask_1).then([&] { bench.link->close(); });
  bench.play();
  CHECK(bench.exchange(unit_1).error().kind == FailureKind::no_link);
  // Closing is no trouble: there is no back-off.
  bench.peer.expect(ask_1).answer(reply_1);
  bench.play();
  CHECK(bench.exchange(unit_1).has_value());
}

TEST_CASE("a link may be destroyed with its io_context while an exchange runs") {
  Bench bench;
  bench.peer.expect(ask_1);
  bench.play();
  auto forget = [](std::exception_ptr, const Exchanged<Reply>&) {};
  asio::co_spawn(bench.context, bench.link->exchange(unit_1, long_enough), forget);
  while (bench.peer.asked_at().empty()) bench.context.run_one();
  bench.link.reset();
  SUCCEED("nothing dangles: the sanitizers watch");
}

TEST_CASE("a request that can't be sent is refused without touching the port") {
  Bench bench;
  const auto broadcast = bench.exchange({0, Function::read_input_registers, 0, 2});
  CHECK(broadcast.error().kind == FailureKind::bad_reply);
  const auto too_many = bench.exchange({1, Function::read_input_registers, 0, 126});
  CHECK(too_many.error().detail.find("126 registers") != std::string::npos);
  CHECK(bench.link->counters().requests == 0);
}
