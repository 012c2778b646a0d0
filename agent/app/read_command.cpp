// `congto read`: one meter now, through the poller and decoder of production. Asks the running agent for a
// turn and opens the port itself only when no agent runs.
#include <algorithm>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "agent/app/commands.hpp"
#include "agent/app/links.hpp"
#include "agent/app/reading_text.hpp"
#include "agent/app/site_command.hpp"
#include "agent/control/socket.hpp"
#include "agent/poll/bus_poller.hpp"
#include "drivers/meter/profile_reader.hpp"

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
  boost::asio::co_spawn(context, poller.run(), boost::asio::detached);
  context.run();
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
  const auto settings = load_settings(options.site);
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

std::optional<meter::Bus> bus_of_options(const ReadOptions& options) {
  meter::Bus bus;
  bus.name = options.serial.empty() ? options.tcp : options.serial;
  if (!options.serial.empty()) {
    bus.device = options.serial;
    bus.line.baud = options.baud;
    bus.line.stop_bits = options.stop_bits;
    if (options.parity == "none")
      bus.line.parity = meter::Parity::none;
    else if (options.parity == "even")
      bus.line.parity = meter::Parity::even;
    else if (options.parity == "odd")
      bus.line.parity = meter::Parity::odd;
    else {
      std::cerr << "--parity: none, even or odd\n";
      return std::nullopt;
    }
    return bus;
  }
  bus.transport = meter::Transport::tcp;
  const auto colon = options.tcp.rfind(':');
  bus.host = options.tcp.substr(0, colon);
  int port = 502;
  if (colon != std::string::npos) {
    const auto digits = options.tcp.substr(colon + 1);
    const bool number =
        !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
    port = number ? std::stoi(digits) : 0;
  }
  if (bus.host.empty() || port < 1 || port > 65535) {
    std::cerr << "--tcp: host:port, the port 1-65535\n";
    return std::nullopt;
  }
  bus.port = static_cast<std::uint16_t>(port);
  return bus;
}

std::optional<meter::Profile> profile_of_options(const ReadOptions& options) {
  std::filesystem::path file = options.profile;
  if (file.extension() != ".toml") {
    for (const auto& folder : profile_folders("./site.toml", options.site.shipped)) {
      file = folder / (options.profile + ".toml");
      if (std::filesystem::exists(file)) break;
    }
  }
  auto read = meter::read_profile(file);
  for (const auto& error : read.errors) std::cerr << error.text() << "\n";
  return std::move(read.profile);
}

int read_without_site(const ReadOptions& options) {
  if (options.profile.empty() || (options.unit_id < 0 && !options.serial.empty())) {
    std::cerr << "read --serial DEVICE --baud 9600 --unit-id 1 --profile NAME\n";
    return wrong_use;
  }
  const int unit_id = options.unit_id < 0 ? 255 : options.unit_id;
  const bool serial = !options.serial.empty();
  if (unit_id > 255 || (serial && (unit_id < 1 || unit_id > 247))) {
    std::cerr << "--unit-id: 1-247 on a serial line, 0-255 over TCP\n";
    return wrong_use;
  }
  const auto bus = bus_of_options(options);
  const auto profile = bus ? profile_of_options(options) : std::nullopt;
  if (!profile) return wrong_use;
  const auto name = options.meter.empty() ? profile->name : options.meter;
  return read_directly(*bus,
                       meter::whole_meter(*profile, name, bus->name, static_cast<modbus::UnitId>(unit_id)),
                       options.json);
}

}  // namespace

int read(const ReadOptions& options) {
  if (!options.serial.empty() && !options.tcp.empty()) {
    std::cerr << "--serial or --tcp, not both\n";
    return wrong_use;
  }
  if (!options.serial.empty() || !options.tcp.empty()) return read_without_site(options);
  if (options.meter.empty()) {
    std::cerr
        << "read which meter? Its name in the site file, or --serial/--tcp with --unit-id and --profile\n";
    return wrong_use;
  }
  return read_from_site(options);
}

}  // namespace congto::app
