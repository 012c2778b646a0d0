// The TCP link against an acceptor of the test on the same io_context.
#include "drivers/modbus/tcp_link.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scripted_peer.hpp"

using namespace congto::modbus;
using namespace congto::test;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Peer = ScriptedPeer<Tcp::socket>;

const Request unit_7{7, Function::read_holding_registers, 0x10, 2};
const std::vector<std::uint16_t> words = {0x000A, 0x0102};
constexpr auto long_enough = 10s;  // nothing in these tests waits for it

std::string id(unsigned transaction) {
  std::string text = "00 0";
  text += static_cast<char>('0' + transaction);
  return text;
}
std::string ask(unsigned transaction) { return id(transaction) + "00 00 00 06 07 03 00 10 00 02"; }
std::string reply(unsigned transaction) { return id(transaction) + "00 00 00 07 07 03 04 00 0A 01 02"; }

// A gateway that plays one script for each connection it accepts, in order, and closes behind each.
class Gateway {
 public:
  explicit Gateway(asio::io_context& context)
      : context_(context), acceptor_(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void close() { acceptor_.close(); }

  // The script of the next connection.
  Peer& connection() {
    sockets_.push_back(std::make_unique<Tcp::socket>(context_));
    peers_.push_back(std::make_unique<Peer>(*sockets_.back()));
    return *peers_.back();
  }
  // Accepts as many connections as have a script. `keep_open`: not closed behind the script.
  void start(bool keep_open = false) { start_coroutine(context_, serve(keep_open)); }
  std::string trouble() const {
    for (const auto& peer : peers_) {
      if (!peer->trouble().empty()) return peer->trouble();
    }
    return "";
  }
  void cut(std::size_t connection) { sockets_.at(connection)->close(); }

 private:
  asio::awaitable<void> serve(bool keep_open) {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      boost::system::error_code error;
      co_await acceptor_.async_accept(*sockets_[i], asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      co_await peers_[i]->play();
      if (!keep_open) sockets_[i]->close();
    }
  }

  asio::io_context& context_;
  Tcp::acceptor acceptor_;
  std::vector<std::unique_ptr<Tcp::socket>> sockets_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

struct Bench {
  explicit Bench(Framing framing = Framing::tcp, const std::string& host = "127.0.0.1") {
    TcpLinkSettings settings;
    settings.name = "gateway-1";
    settings.host = host;
    settings.port = gateway.port();
    settings.framing = framing;
    link = std::make_unique<TcpLink>(context.get_executor(), settings, clock);
  }
  Exchanged<Reply> exchange(const Request& request = unit_7,
                            std::chrono::milliseconds timeout = long_enough) {
    return run_coroutine(context, link->exchange(request, timeout));
  }

  asio::io_context context;
  congto::SystemClock clock;
  Gateway gateway{context};
  std::unique_ptr<TcpLink> link;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("TCP requests have ids that count up, on one connection") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer(reply(1)).expect(ask(2)).answer(reply(2));
  bench.gateway.start();
  CHECK(bench.exchange()->words == words);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.gateway.trouble() == "");
  CHECK(bench.link->counters().replies == 2);
  CHECK(bench.link->counters().reconnects == 0);
}

TEST_CASE("the link says which gateway it is") {
  Bench bench;
  CHECK(bench.link->name() == "gateway-1 (127.0.0.1:" + std::to_string(bench.gateway.port()) + ")");
}

TEST_CASE("a host name is looked up") {
  Bench bench(Framing::tcp, "localhost");
  bench.gateway.connection().expect(ask(1)).answer(reply(1));
  bench.gateway.start();
  CHECK(bench.exchange()->words == words);
}

TEST_CASE("a reply in pieces, behind a frame of another transaction, is found") {
  Bench bench;
  bench.gateway.connection()
      .expect(ask(1))
      .answer(reply(9))
      .answer("00 01 00 00 00")
      .answer("07 07 03 04 00 0A 01 02");
  bench.gateway.start(true);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.link->counters().stale_bytes == 13);
}

TEST_CASE("after a timeout the next request goes over a new connection") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer(reply(9));
  bench.gateway.connection().expect(ask(2)).answer(reply(2));
  bench.gateway.start(true);
  const auto first = bench.exchange(unit_7, 30ms);
  CHECK(first.error().kind == FailureKind::timeout);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.link->counters().timeouts == 1);
  CHECK(bench.link->counters().reconnects == 1);
  CHECK(bench.gateway.trouble() == "");
}

TEST_CASE("exception 11 of a gateway keeps the connection") {
  Bench bench;
  bench.gateway.connection()
      .expect(ask(1))
      .answer("00 01 00 00 00 03 07 83 0B")
      .expect(ask(2))
      .answer(reply(2));
  bench.gateway.start();
  CHECK(bench.exchange().error().word() == "exception-11");
  CHECK(bench.exchange()->words == words);
  CHECK(bench.link->counters().exceptions == 1);
  CHECK(bench.link->counters().reconnects == 0);
}

TEST_CASE("what is no Modbus TCP is a bad reply, and the next request goes over a new connection") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer("48 54 54 50 2F 31 2E 31");
  bench.gateway.connection().expect(ask(2)).answer(reply(2));
  bench.gateway.start(true);
  CHECK(bench.exchange().error().kind == FailureKind::bad_reply);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.link->counters().reconnects == 1);
}

TEST_CASE("a peer that closes between two exchanges costs no poll") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer(reply(1));
  bench.gateway.connection().expect(ask(2)).answer(reply(2));
  bench.gateway.start();  // closes behind each script
  CHECK(bench.exchange()->words == words);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.gateway.trouble() == "");
  CHECK(bench.link->counters().reconnects == 1);
}

TEST_CASE("a peer that closes upon a request on an old connection costs no poll either") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer(reply(1)).expect(ask(2));
  bench.gateway.connection().expect(ask(3)).answer(reply(3));
  bench.gateway.start();
  CHECK(bench.exchange()->words == words);
  CHECK(bench.exchange()->words == words);
  CHECK(bench.gateway.trouble() == "");
}

TEST_CASE("a gateway that closes a new connection at once takes no further master") {
  Bench bench;
  bench.gateway.connection();
  bench.gateway.start();
  const auto outcome = bench.exchange();
  CHECK(outcome.error().kind == FailureKind::no_link);
  CHECK(contains(outcome.error().detail, "the gateway takes no further master"));
  // The back-off runs: nothing is tried, and the answer is the same.
  CHECK(bench.exchange().error().detail == outcome.error().detail);
}

TEST_CASE("a connection that is refused is no link, named, and not tried again at once") {
  Bench bench;
  bench.gateway.close();
  const auto outcome = bench.exchange();
  CHECK(outcome.error().kind == FailureKind::no_link);
  CHECK(contains(outcome.error().detail, "127.0.0.1:"));
  CHECK(contains(outcome.error().detail, "Connection refused"));
  CHECK(bench.exchange().error().detail == outcome.error().detail);
  CHECK(bench.link->counters().requests == 0);
}

TEST_CASE("a closed TCP link connects again") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).answer(reply(1));
  bench.gateway.connection().expect(ask(2)).answer(reply(2));
  bench.gateway.start(true);
  CHECK(bench.exchange().has_value());
  bench.link->close();
  CHECK(bench.exchange().has_value());
  CHECK(bench.link->counters().reconnects == 1);
}

TEST_CASE("closing the TCP link ends a running exchange at once") {
  Bench bench;
  bench.gateway.connection().expect(ask(1)).then([&] { bench.link->close(); });
  bench.gateway.start(true);
  CHECK(bench.exchange().error().kind == FailureKind::no_link);
}

TEST_CASE("a TCP link may be destroyed with its io_context while an exchange runs") {
  Bench bench;
  bool asked = false;
  bench.gateway.connection().expect(ask(1)).then([&] { asked = true; });
  bench.gateway.start(true);
  auto forget = [](std::exception_ptr, const Exchanged<Reply>&) {};
  asio::co_spawn(bench.context, bench.link->exchange(unit_7, long_enough), forget);
  while (!asked) bench.context.run_one();
  bench.link.reset();
  SUCCEED("nothing dangles: the sanitizers watch");
}

TEST_CASE("a device's pause is kept on TCP too") {
  Bench bench;
  bench.link->set_pause(7, 40ms);
  auto& peer = bench.gateway.connection();
  peer.expect(ask(1)).answer(reply(1)).expect(ask(2)).answer(reply(2));
  bench.gateway.start();
  CHECK(bench.exchange().has_value());
  CHECK(bench.exchange().has_value());
  CHECK(peer.asked_at().at(1) - peer.answered_at().at(0) >= 40ms);
}

TEST_CASE("listening on TCP hears nothing and takes no time") {
  Bench bench;
  const auto heard = run_coroutine(bench.context, bench.link->listen(long_enough));
  REQUIRE(heard.has_value());
  CHECK(heard->bytes == 0);
}

TEST_CASE("RTU frames travel over TCP with their checksum") {
  Bench bench(Framing::rtu);
  const Request voltage{1, Function::read_input_registers, 0, 2};
  const char* const ask_rtu = "01 04 00 00 00 02 71 CB";
  bench.gateway.connection()
      .expect(ask_rtu)
      .answer("00 01 04 04 43 66")
      .answer("33 34 1B 38")
      .expect(ask_rtu)
      .answer("01 04 04 43 66 33 35 1B 38");
  bench.gateway.start(true);
  CHECK(bench.exchange(voltage)->words == std::vector<std::uint16_t>{0x4366, 0x3334});
  CHECK(bench.exchange(voltage).error().kind == FailureKind::crc);
  CHECK(bench.gateway.trouble() == "");
  CHECK(bench.link->counters().stale_bytes == 10);
}

TEST_CASE("over TCP an RTU unit that owes a reply is in quarantine, and the connection stays") {
  Bench bench(Framing::rtu);
  const Request voltage{1, Function::read_input_registers, 0, 2};
  const char* const ask_rtu = "01 04 00 00 00 02 71 CB";
  const char* const reply_rtu = "01 04 04 43 66 33 34 1B 38";
  auto& peer = bench.gateway.connection();
  peer.expect(ask_rtu).answer("02 04 04").expect(ask_rtu).answer(reply_rtu);
  bench.gateway.start(true);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(bench.exchange(voltage, 30ms).error().kind == FailureKind::timeout);
  CHECK(bench.exchange(voltage).has_value());
  CHECK(peer.asked_at().at(1) - begin >= 230ms);
  CHECK(bench.link->counters().reconnects == 0);
}
