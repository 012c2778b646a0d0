// `congto read`: one meter now, through the poller and decoder of production. Asks the running agent for a
// turn and opens the port itself only when no agent runs.
#include <algorithm>
#include <exception>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "agent/app/commands.hpp"
#include "agent/app/links.hpp"
#include "agent/app/lone_meter.hpp"
#include "agent/app/reading_text.hpp"
#include "agent/app/site_command.hpp"
#include "agent/control/socket.hpp"
#include "agent/poll/bus_poller.hpp"

namespace congto::app {

namespace {

using namespace std::chrono_literals;

// Longest wait for the agent's turn: other meters of the bus come first, each with its timeouts.
constexpr auto turn_patience = 60s;

// Takes the one sample; the notes of the poller go to the person at the keyboard.
class OneReading final : public poll::Sink {
 public:
  void sample(meter::Sample) override {}
  void skipped(meter::Skipped) override {}
  void about(std::size_t, std::vector<std::pair<std::string, std::string>>,
             std::vector<std::string>) override {}
  void note(const std::string& text) override {
    std::cerr << text << "\n";
    if (noted) noted();
  }
  std::function<void()> noted;
};

int read_directly(const meter::Bus& bus, const meter::Meter& wanted, bool as_json) {
  boost::asio::io_context context(1);
  const SystemClock clock;
  OneReading sink;
  const auto layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{wanted.layout()});
  std::vector<poll::PolledMeter> meters;
  meters.push_back({wanted, 0});
  poll::BusPoller poller(context.get_executor(), bus, std::move(meters), layout,
                         make_link(context.get_executor(), bus, clock), clock, sink);
  std::optional<meter::Sample> sample;
  poller.read_now(wanted.name, [&](meter::Sample read) {
    sample = std::move(read);
    poller.stop();
  });
  // A line with another master is not read, and there is nobody here to wait for it to go away.
  sink.noted = [&] {
    if (poller.state().state.starts_with("other master")) poller.stop();
  };
  std::exception_ptr broken;
  const auto ended = [&](const std::exception_ptr& thrown) { broken = thrown; };
  boost::asio::co_spawn(context, poller.run(), ended);
  context.run();
  if (broken) std::rethrow_exception(broken);
  if (!sample) return failed;
  const auto when = clock.wall() - (clock.boot() - sample->stamp);
  std::cout << (as_json ? json(*sample, when) + "\n" : table(*sample, when));
  return sample->failed_whole() ? failed : good;
}

int ask_agent(const control::Answer& answer, bool as_json) {
  boost::system::error_code error;
  const auto value = boost::json::parse(*answer, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr || object->contains("error") || !object->contains("table")) {
    std::cerr << (object != nullptr && object->contains("error")
                      ? boost::json::value_to<std::string>(object->at("error"))
                      : "the agent's answer is not understood")
              << "\n";
    return failed;
  }
  if (as_json) {
    std::cout << boost::json::value_to<std::string>(object->at("json")) << "\n";
  } else {
    std::cout << boost::json::value_to<std::string>(object->at("table"));
  }
  const auto* failure = object->if_contains("failure");
  if (failure == nullptr) return good;
  std::cerr << "the meter gave no readings: " << boost::json::value_to<std::string>(*failure) << "\n";
  return failed;
}

int read_from_site(const ReadOptions& options) {
  const auto settings = load_settings(options.site, Warnings::kept);
  if (!settings) return wrong_use;
  const auto& meters = settings->plant.meters;
  const auto wanted = std::find_if(meters.begin(), meters.end(),
                                   [&](const auto& meter) { return meter.name == options.meter; });
  if (wanted == meters.end()) {
    std::cerr << settings->file.string() << ": no meter \"" << options.meter << "\"; there are:";
    for (const auto& meter : meters) std::cerr << " " << meter.name;
    std::cerr << "\n";
    return wrong_use;
  }
  const boost::json::object question{{"command", "read"}, {"meter", options.meter}};
  const auto answer = control::ask(socket_path(*settings), boost::json::serialize(question), turn_patience);
  if (answer) return ask_agent(answer, options.json);
  if (!answer.error().no_agent) {
    std::cerr << answer.error().message << "\n";
    return failed;
  }
  const auto& buses = settings->plant.buses;
  const auto bus =
      std::find_if(buses.begin(), buses.end(), [&](const auto& one) { return one.name == wanted->bus; });
  return read_directly(*bus, *wanted, options.json);
}

}  // namespace

int read(const ReadOptions& options) {
  if (!options.serial.empty() || !options.tcp.empty() || !options.rtu_over_tcp.empty()) {
    const auto lone = lone_meter(options, std::cerr);
    return lone ? read_directly(lone->bus, lone->meter, options.json) : wrong_use;
  }
  if (options.meter.empty()) {
    std::cerr << "read which meter? Its name in the site file, or --serial, --tcp or --rtu-over-tcp with "
                 "--unit-id and --profile\n";
    return wrong_use;
  }
  return read_from_site(options);
}

}  // namespace congto::app
