// Names to endpoints, with a resolver that answers when the test lets it.
#include "drivers/modbus/resolve.hpp"

#include <atomic>
#include <future>
#include <memory>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/run_coroutine.hpp"

using namespace congto::modbus;
using namespace congto::test;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
constexpr auto long_enough = 10s;  // nothing in these tests waits for it

// Shared with the lookup's thread, which may outlive the test.
struct Resolver {
  std::promise<void> may_answer;
  std::atomic<int> asked{0};
};

struct Bench {
  NameLookup::Endpoints resolve(congto::BootTime::duration longest) {
    return run_coroutine(context, names->resolve("meter.example", 502, longest, error));
  }

  std::shared_ptr<Resolver> resolver = std::make_shared<Resolver>();
  asio::io_context context;
  boost::system::error_code error;
  std::unique_ptr<NameLookup> names = std::make_unique<NameLookup>(
      context.get_executor(), [resolver = resolver, answered = resolver->may_answer.get_future().share()](
                                  const std::string&, std::uint16_t port, boost::system::error_code&) {
        ++resolver->asked;
        answered.wait();
        return NameLookup::Endpoints{{asio::ip::address_v4::loopback(), port}};
      });
};

}  // namespace

TEST_CASE("a lookup that hangs costs its time, and the next call waits for the same one") {
  Bench bench;
  CHECK(bench.resolve(1ms).empty());
  CHECK(bench.error == asio::error::timed_out);
  CHECK(bench.resolve(1ms).empty());
  bench.resolver->may_answer.set_value();
  const auto endpoints = bench.resolve(long_enough);
  CHECK_FALSE(bench.error);
  REQUIRE(endpoints.size() == 1);
  CHECK(endpoints[0].port() == 502);
  CHECK(bench.resolver->asked == 1);
}

TEST_CASE("a lookup may be given up while it hangs, and nobody waits for it") {
  Bench bench;
  const auto cancel = [&] { bench.names->cancel(); };
  asio::post(bench.context, [&] { asio::post(bench.context, cancel); });  // behind the start of resolve()
  CHECK(bench.resolve(long_enough).empty());
  CHECK(bench.error == asio::error::operation_aborted);
  bench.names.reset();
  bench.resolver->may_answer.set_value();
  SUCCEED("nothing dangles: the sanitizers watch");
}

TEST_CASE("an address is taken without a lookup") {
  Bench bench;
  const auto endpoints =
      run_coroutine(bench.context, bench.names->resolve("127.0.0.1", 503, long_enough, bench.error));
  REQUIRE(endpoints.size() == 1);
  CHECK(endpoints[0].port() == 503);
  CHECK(bench.resolver->asked == 0);
  bench.resolver->may_answer.set_value();
}
