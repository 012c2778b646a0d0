// The control socket: a question gets its answer, a stale socket is replaced, nobody there is said so.
#include "agent/control/socket.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace std::chrono_literals;
using congto::control::ask;
using congto::control::Server;

namespace {

// Serves on a thread of its own until destroyed.
struct Serving {
  Serving(const std::filesystem::path& path, congto::control::Handler handler)
      : work(context.get_executor()), server(Server::open(context.get_executor(), path, std::move(handler))) {
    thread = std::thread([this] { context.run(); });
  }
  ~Serving() {
    context.stop();
    thread.join();
  }
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  congto::Result<std::unique_ptr<Server>> server;
  std::thread thread;
};

}  // namespace

TEST_CASE("a line asked is a line answered") {
  const congto::test::TemporaryDirectory directory;
  const Serving serving(directory / "socket",
                        [](std::string line, auto respond) { respond("heard " + line); });
  REQUIRE(serving.server);
  const auto answer = ask(directory / "socket", "status", 5s);
  REQUIRE(answer);
  CHECK(*answer == "heard status");
}

TEST_CASE("the socket is open to owner and group only") {
  const congto::test::TemporaryDirectory directory;
  const Serving serving(directory / "socket", [](std::string, auto respond) { respond(""); });
  struct stat status {};
  REQUIRE(stat((directory / "socket").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
}

TEST_CASE("where no agent listens the error says so") {
  const congto::test::TemporaryDirectory directory;
  const auto answer = ask(directory / "socket", "status", 1s);
  REQUIRE(!answer);
  CHECK(answer.error().no_agent);
}

TEST_CASE("a second agent on the same socket is refused") {
  const congto::test::TemporaryDirectory directory;
  const Serving first(directory / "socket", [](std::string, auto respond) { respond("first"); });
  boost::asio::io_context context;
  const auto second = Server::open(context.get_executor(), directory / "socket", [](std::string, auto) {});
  REQUIRE(!second);
  CHECK(second.error().message.find("another agent") != std::string::npos);
}

TEST_CASE("a socket left behind by a killed agent is replaced") {
  const congto::test::TemporaryDirectory directory;
  {
    boost::asio::io_context context;
    auto server = Server::open(context.get_executor(), directory / "live", [](std::string, auto) {});
    REQUIRE(server);
    std::filesystem::rename(directory / "live", directory / "socket");  // outlives its server
  }
  const Serving serving(directory / "socket", [](std::string, auto respond) { respond("new"); });
  REQUIRE(serving.server);
  CHECK(*ask(directory / "socket", "x", 5s) == "new");
}

TEST_CASE("where no socket can be made the error says why, and what lies there stays") {
  const congto::test::TemporaryDirectory directory;
  boost::asio::io_context context;
  const auto nobody = [](std::string, auto) {};
  std::ofstream(directory / "socket") << "no socket";
  const auto taken = Server::open(context.get_executor(), directory / "socket", nobody);
  REQUIRE(!taken);
  CHECK(taken.error().message.find("cannot listen") != std::string::npos);
  CHECK(std::filesystem::is_regular_file(directory / "socket"));
  // Below a file nothing can be looked at: is_socket would throw.
  CHECK(!Server::open(context.get_executor(), directory / "socket/below", nobody));
  std::filesystem::create_symlink("loop", directory / "loop");
  CHECK(!Server::open(context.get_executor(), directory / "loop", nobody));
  CHECK(std::filesystem::is_symlink(directory / "loop"));
}
