// What waits in memory while the database is away.
#include "agent/central/writer.hpp"

#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;

namespace {

constexpr std::size_t room = 100'000;

Writer::Handlers nobody() { return {}; }

// A status as far as the queue looks at it.
Taken status(const std::string& agent, std::size_t bytes) {
  Taken taken;
  taken.arrival.topic = "congto/v1/" + agent + "/up/status";
  taken.arrival.payload = std::string(bytes, 'x');
  taken.content = StatusReport{};
  return taken;
}

Taken batch(std::size_t bytes) {
  Taken taken;
  taken.arrival.topic = "congto/v1/edge-1/up/data";
  taken.arrival.payload = std::string(bytes, 'x');
  taken.content = std::make_unique<Batch>();
  return taken;
}

Taken rubbish(std::size_t bytes) {
  auto taken = batch(bytes);
  taken.content = Unusable{"not JSON"};
  return taken;
}

}  // namespace

TEST_CASE("of what an agent says of itself only the newest waits for the database") {
  Writer writer({"host=/nonexistent", ""}, nobody(), room);
  for (int i = 0; i < 100; ++i) CHECK(writer.push(status("edge-1", room / 4)));
  for (int i = 0; i < 100; ++i) CHECK(writer.push(status("edge-2", room / 4)));
  CHECK(writer.push(batch(room / 2)));
  CHECK_FALSE(writer.push(batch(1)));
  CHECK(writer.push(status("edge-1", room / 8)));
  CHECK(writer.push(batch(room / 8)));
}

TEST_CASE("what can't be read waits for the database only as long as there is room") {
  Writer writer({"host=/nonexistent", ""}, nobody(), room);
  CHECK(writer.push(rubbish(room)));
  CHECK_FALSE(writer.push(rubbish(1)));
  CHECK_FALSE(writer.push(batch(1)));
}
