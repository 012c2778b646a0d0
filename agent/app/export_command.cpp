// `congto export`: journal readings as CSV; from the running agent in portions, else from the file itself.
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

Result<void> export_epoch(const std::filesystem::path& socket, const boost::json::value& epoch,
                          std::ostream& out) {
  boost::json::value from = 1;
  while (!from.is_null()) {
    const boost::json::object question{{"command", "export"}, {"epoch", epoch}, {"from", from}};
    const auto portion = ask_agent(socket, question);
    if (!portion) return portion.error();
    out << boost::json::value_to<std::string>(portion->at("csv"));
    from = portion->at("next");
  }
  return {};
}

Result<void> export_from_agent(const std::filesystem::path& socket, std::ostream& out) {
  const boost::json::object question{{"command", "export"}};
  const auto epochs = ask_agent(socket, question);
  if (!epochs) return epochs.error();
  for (const auto& epoch : epochs->at("epochs").as_array()) {
    const auto exported = export_epoch(socket, epoch, out);
    if (!exported) return exported.error();
  }
  return {};
}

Result<void> export_from_file(const std::filesystem::path& file, std::ostream& out) {
  CsvRows rows;
  std::string text;
  return journal::for_each_record(file, [&](const meter::StoredRecord& record) {
    text.clear();
    rows.append(record, text);
    out << text;
  });
}

}  // namespace

int export_readings(const SiteOptions& options, const std::string& file) {
  const auto settings = load_settings(options, Warnings::kept);
  if (!settings) return wrong_use;
  std::ofstream opened;
  if (!file.empty()) {
    opened.open(file);
    if (!opened) {
      std::cerr << file << ": cannot be written\n";
      return failed;
    }
  }
  std::ostream& out = file.empty() ? std::cout : opened;
  out << csv_header << "\n";
  const auto probe = control::ask(socket_path(*settings), R"({"command":"ping"})", patience);
  const bool running = probe || !probe.error().no_agent;
  const auto done = running ? export_from_agent(socket_path(*settings), out)
                            : export_from_file(journal_path(*settings), out);
  out.flush();
  if (!done || !out) {
    std::cerr << (done ? "the output could not be written\n" : done.error().message + "\n");
    return failed;
  }
  return good;
}

}  // namespace congto::app
