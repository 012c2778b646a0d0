// The worker: tasks in order, and an end that does not wait for a stuck one.
#include "agent/mqtt/worker.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using congto::mqtt::Worker;

TEST_CASE("tasks run in the order they were posted, and all of them before the end") {
  std::vector<int> seen;
  Worker worker;
  for (int task = 0; task < 100; ++task) worker.post([&seen, task] { seen.push_back(task); });
  REQUIRE(worker.finish(10s));
  REQUIRE(seen.size() == 100);
  for (int task = 0; task < 100; ++task) CHECK(seen[static_cast<std::size_t>(task)] == task);
}

TEST_CASE("a stuck task does not hold up the end, and keeps what it owns") {
  const auto release = std::make_shared<std::promise<void>>();
  const auto ended = std::make_shared<std::promise<void>>();
  {
    Worker worker;
    worker.post([release, ended] {
      release->get_future().wait();
      ended->set_value();
    });
    CHECK_FALSE(worker.finish(1ms));
  }
  release->set_value();
  CHECK(ended->get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("what is posted after the end is dropped") {
  auto owned = std::make_shared<int>(1);
  Worker worker;
  REQUIRE(worker.finish(10s));
  worker.post([owned] {});
  CHECK(owned.use_count() == 1);
}
