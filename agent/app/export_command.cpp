// `congto export`: journal readings as CSV; from the running agent in portions, else from the file itself.
#include <csignal>
#include <fstream>
#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "agent/app/commands.hpp"
#include "agent/app/export_text.hpp"
#include "agent/app/site_command.hpp"
#include "agent/control/socket.hpp"
#include "agent/journal/journal.hpp"

namespace congto::app {

namespace {

using namespace std::chrono_literals;
constexpr auto patience = 60s;

Result<boost::json::object> ask_agent(const std::filesystem::path& socket,
                                      const boost::json::object& question) {
  const auto answer = control::ask(socket, boost::json::serialize(question), patience);
  if (!answer) return Error{answer.error().message};
  boost::system::error_code error;
  auto value = boost::json::parse(*answer, error);
  if (error || !value.is_object()) return Error{"the agent's answer is not understood"};
  auto& object = value.as_object();
  if (const auto* trouble = object.if_contains("error"))
    return Error{boost::json::value_to<std::string>(*trouble)};
  return std::move(object);
}

// Each of these ends early when the output takes no more, as with `congto export | head`.
Result<void> export_epoch(const std::filesystem::path& socket, const boost::json::value& epoch,
                          std::ostream& out) {
  boost::json::value from = 1;
  while (!from.is_null() && out) {
    const boost::json::object question{{"command", "export"}, {"epoch", epoch}, {"from", from}};
    const auto portion = ask_agent(socket, question);
    if (!portion) return portion.error();
    out << boost::json::value_to<std::string>(portion->at("csv")) << std::flush;
    from = portion->at("next");
  }
  return {};
}

Result<void> export_from_agent(const std::filesystem::path& socket, std::ostream& out) {
  const boost::json::object question{{"command", "export"}};
  const auto epochs = ask_agent(socket, question);
  if (!epochs) return epochs.error();
  out << csv_header << "\n";
  for (const auto& epoch : epochs->at("epochs").as_array()) {
    const auto exported = export_epoch(socket, epoch, out);
    if (!exported || !out) return exported;
  }
  return {};
}

Result<void> export_from_file(const std::filesystem::path& file, std::ostream& out) {
  CsvRows rows;
  std::string text(csv_header);
  text += "\n";
  const auto read = journal::for_each_record(file, [&](const meter::StoredRecord& record) {
    rows.append(record, text);
    out << text;
    text.clear();
    return out.good();
  });
  if (read) out << text;  // the header of an empty journal
  return read;
}

Result<void> export_to(const Settings& settings, std::ostream& out) {
  const auto probe = control::ask(socket_path(settings), R"({"command":"ping"})", patience);
  const bool running = probe || !probe.error().no_agent;
  const auto done =
      running ? export_from_agent(socket_path(settings), out) : export_from_file(journal_path(settings), out);
  out.flush();
  return done;
}

// Whole or not at all: the export of last month stays until this one is written. What is no plain file
// (/dev/stdout, a FIFO) is written to, not replaced.
Result<void> export_to_file(const Settings& settings, const std::filesystem::path& name) {
  std::error_code trouble;
  const bool replaced =
      !std::filesystem::exists(name, trouble) || std::filesystem::is_regular_file(name, trouble);
  // A link to a file stays one.
  const std::filesystem::path file = replaced ? std::filesystem::weakly_canonical(name, trouble) : name;
  if (trouble) return Error{name.string() + ": cannot be written: " + trouble.message()};
  const std::filesystem::path fresh = file.string() + (replaced ? ".new" : "");
  std::ofstream out(fresh, std::ios::trunc);
  if (!out) return Error{name.string() + ": cannot be written"};
  const auto done = export_to(settings, out);
  out.close();
  if (done && out && replaced) std::filesystem::rename(fresh, file, trouble);
  if (done && out && !trouble) return {};
  std::error_code left;  // a rest of it in the way of nobody
  if (replaced) std::filesystem::remove(fresh, left);
  if (!done) return done;
  return Error{name.string() + ": cannot be written" + (trouble ? ": " + trouble.message() : "")};
}

}  // namespace

int export_readings(const SiteOptions& options, const std::string& file) {
  const auto settings = load_settings(options, Warnings::kept);
  if (!settings) return wrong_use;
  // `congto export | head` ends as every program does whose reader has gone.
  if (file.empty()) std::signal(SIGPIPE, SIG_DFL);
  const auto done = file.empty() ? export_to(*settings, std::cout) : export_to_file(*settings, file);
  if (!done) std::cerr << done.error().message << "\n";
  return done ? good : failed;
}

}  // namespace congto::app
