// See run_simulation.hpp.
#include "agent/simulate/run_simulation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <system_error>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>

#include "agent/simulate/control_line.hpp"
#include "agent/simulate/simulation.hpp"
#include "agent/simulate/site_copy.hpp"
#include "drivers/meter/key_places.hpp"
#include "drivers/meter/site_reader.hpp"
#include "drivers/toml/document.hpp"

namespace congto::simulate {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

namespace {

// Ends every copy, so that none of them is taken for somebody's own file.
constexpr std::string_view signature = "# Written by congto simulate: its meters are simulated.\n";

Error all_errors(const toml::Report& report) {
  Error error;
  for (const toml::ConfigError& one : report.errors()) {
    error.message += (error.message.empty() ? "" : "\n") + one.text();
  }
  return error;
}

std::string read_whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path copy_of(const Options& options) { return fs::absolute(options.directory) / "site.toml"; }

// The copy replaces an earlier copy, and nothing else: a site file with its real addresses is hard to come
// by.
Result<void> may_write_copy(const Options& options) {
  const fs::path copy = copy_of(options);
  std::error_code none;  // what is not there is replaced by nothing
  if (!fs::exists(copy, none)) return {};
  if (fs::equivalent(copy, options.file, none)) {
    return Error{"--dir " + options.directory.string() +
                 " holds the site itself, and the copy with simulated " +
                 "addresses would replace it: name another folder"};
  }
  if (!read_whole(copy).ends_with(signature)) {
    return Error{copy.string() + " is there already and was not written by simulate: name another folder"};
  }
  return {};
}

// Whole or not at all: whoever waits for the file never reads half of it.
Result<void> write_whole(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(fresh, path, error);
  if (!out || error)
    return Error{"cannot write " + path.string() + ": " + (error ? error.message() : "is there room?")};
  return {};
}

Result<void> write_copy(const Options& options, const SimulatedSite& simulated,
                        const std::vector<std::string>& addresses) {
  SiteCopy copy{options.file, addresses, {}, fs::absolute(options.directory) / "state"};
  for (const meter::Profile& profile : simulated.site.profiles) copy.profiles.emplace_back(profile.file);
  const Result<std::string> text = site_copy(simulated.text, copy);
  if (!text) return text.error();
  return write_whole(copy_of(options), *text + "\n" + std::string(signature));
}

Result<void> faults_have_meters(const MeterFaults& faults, const meter::Site& site) {
  for (const auto& [name, fault] : faults) {
    if (name != "*" && std::ranges::find(site.meters, name, &meter::Meter::name) == site.meters.end()) {
      return Error{"--fault " + name + "=…: the site has no meter \"" + name + "\""};
    }
  }
  return {};
}

// Stdin as a descriptor of our own: making the inherited one non-blocking would do it to the shell's, too.
int own_stdin() {
  const int own = ::open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return own >= 0 ? own : ::dup(STDIN_FILENO);  // a socket cannot be opened again
}

// What a running simulation listens to: lines on stdin, and signals.
class Console {
 public:
  Console(asio::io_context& io, Simulation& simulation, std::ostream& out)
      : io_(io), simulation_(simulation), out_(out), input_(io), signals_(io, SIGINT, SIGTERM, SIGUSR1) {
    // Started in the background of a shell, reading the terminal must fail instead of stopping us.
    std::signal(SIGTTIN, SIG_IGN);
    if (const int descriptor = own_stdin(); descriptor >= 0) {
      input_.assign(descriptor);
      read_line();
    }
    wait_for_signal();
  }

  void print_statistics() { out_ << to_json(simulation_.statistics()) << std::endl; }

 private:
  void read_line() {
    asio::async_read_until(input_, asio::dynamic_buffer(text_, 4096), '\n',
                           [this](error_code error, std::size_t size) {
                             if (error) return;  // the end of stdin ends nothing else
                             obey(std::string_view(text_).substr(0, size - 1));
                             text_.erase(0, size);
                             read_line();
                           });
  }

  void obey(std::string_view line) {
    const Result<ControlLine> command = parse_control_line(line);
    if (!command) {
      out_ << "error: " << command.error().message << std::endl;
    } else if (command->command == ControlLine::Command::statistics) {
      print_statistics();
    } else if (simulation_.set_fault(command->meter, command->fault)) {
      out_ << "ok" << std::endl;
    } else {
      out_ << "error: the site has no meter \"" << command->meter << '"' << std::endl;
    }
  }

  void wait_for_signal() {
    signals_.async_wait([this](error_code error, int signal) {
      if (error) return;
      if (signal != SIGUSR1) return io_.stop();
      print_statistics();
      wait_for_signal();
    });
  }

  asio::io_context& io_;
  Simulation& simulation_;
  std::ostream& out_;
  asio::posix::stream_descriptor input_;
  asio::signal_set signals_;
  std::string text_;
};

}  // namespace

Result<SimulatedSite> read_simulated_site(const Options& options) {
  toml::Report report(meter::key_places());
  const auto document = toml::Document::load(options.file, report);
  if (!document) return all_errors(report);
  SimulatedSite simulated;
  simulated.text = read_whole(options.file);
  toml::Table root(document->root(), "the site", options.file.string(), report);
  const fs::path file = fs::absolute(options.file);
  // What is not about buses and meters is for `congto run` to judge; the copy carries it along.
  simulated.site =
      meter::read_site(root, file.parent_path(), meter::profile_folders(file, options.profile_folders));
  if (report.failed()) return all_errors(report);
  if (const auto known = faults_have_meters(options.faults, simulated.site); !known) return known.error();
  if (const auto may = may_write_copy(options); !may) return may.error();
  simulated.warning = identity_warning(document->root(), copy_of(options));
  return simulated;
}

Result<void> run_simulation(const Options& options, const SimulatedSite& simulated, std::ostream& out) {
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) return Error{"cannot make the folder " + options.directory.string() + ": " + error.message()};

  asio::io_context io(1);
  const auto simulation = Simulation::create(io.get_executor(), simulated.site,
                                             fs::absolute(options.directory), options.behaviour);
  if (!simulation) return simulation.error();
  for (const auto& [meter, fault] : options.faults) (*simulation)->set_fault(meter, fault);
  if (const auto written = write_copy(options, simulated, (*simulation)->addresses()); !written)
    return written.error();
  Console console(io, **simulation, out);
  out << "ready" << std::endl;
  io.run();
  if (options.statistics) console.print_statistics();
  return {};
}

}  // namespace congto::simulate
