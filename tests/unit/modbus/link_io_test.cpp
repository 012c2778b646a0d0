// What lies in a stream's buffer is taken without end neither of time nor of memory.
#include "drivers/modbus/link_io.hpp"

#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/manual_clock.hpp"

using namespace congto::modbus;
using namespace congto::test;
using namespace std::chrono_literals;

namespace {

// A peer that has always more to say.
struct Flood {
  explicit Flood(const boost::asio::any_io_executor&) {}
  template <class Buffer>
  std::size_t read_some(const Buffer& buffer, boost::system::error_code& error) {
    error.clear();
    return buffer.size();
  }
};

}  // namespace

TEST_CASE("a peer that floods is heard for a while only, and its line is not silent") {
  boost::asio::io_context context;
  ManualClock clock;
  LinkCounters counters;
  RtuLine line({9600, Parity::none, 1}, counters);
  TimedStream<Flood> stream(context.get_executor(), clock);
  CHECK_FALSE(hear(stream, line, clock, counters));
  CHECK(counters.bytes_received == 8192);
  CHECK(line.may_send_at(1) > clock.boot());
}
