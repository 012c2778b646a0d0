// One line of JSON in, one line of JSON out.
#include "agent/app/agent_control.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "agent/app/export_text.hpp"
#include "agent/app/reading_text.hpp"

namespace congto::app {

namespace {

constexpr std::size_t records_a_portion = 500;
constexpr std::size_t readings_a_portion = 20'000;

std::string error_line(const std::string& message) {
  return boost::json::serialize(boost::json::object{{"error", message}});
}

std::string portion(const std::vector<meter::StoredRecord>& records) {
  CsvRows rows;
  std::string csv;
  for (const auto& record : records) rows.append(record, csv);
  boost::json::object answer{{"csv", csv}, {"next", nullptr}};
  if (!records.empty()) answer["next"] = records.back().id.seq + 1;
  return boost::json::serialize(answer);
}

}  // namespace

AgentControl::AgentControl(const Clock& clock, journal::Journal& journal, const Pollers& pollers,
                           std::function<contract::Status()> status)
    : clock_(clock), journal_(journal), pollers_(pollers), status_(std::move(status)) {}

void AgentControl::handle(const std::string& line, control::Respond respond) {
  boost::system::error_code error;
  const auto question = boost::json::parse(line, error);
  const auto* command =
      !error && question.is_object() ? question.as_object().if_contains("command") : nullptr;
  if (command == nullptr || !command->is_string())
    return respond(error_line("not a question this agent knows"));
  const auto& object = question.as_object();
  if (command->as_string() == "ping") return respond("{}");
  if (command->as_string() == "status") return respond(contract::write(status_()));
  if (command->as_string() == "export" && object.contains("epoch"))
    return export_portion(object, std::move(respond));
  if (command->as_string() == "export") return list_epochs(std::move(respond));
  const auto* meter = object.if_contains("meter");
  if (command->as_string() == "read" && meter != nullptr && meter->is_string()) {
    return read_meter(boost::json::value_to<std::string>(*meter), std::move(respond));
  }
  respond(error_line("not a question this agent knows"));
}

void AgentControl::read_meter(const std::string& meter, control::Respond respond) {
  const auto answer = [this, respond](const meter::Sample& sample) {
    const auto when = clock_.wall() - (clock_.boot() - sample.stamp);
    boost::json::object both{{"table", table(sample, when)}, {"json", json(sample, when)}};
    if (sample.failed_whole()) both["failure"] = meter::text(sample.quality.front());
    respond(boost::json::serialize(both));
  };
  for (const auto& poller : pollers_) {
    if (poller->state().state.starts_with("other master") && poller->has(meter)) {
      return respond(error_line("another master polls this line; it is not read"));
    }
    if (poller->read_now(meter, answer)) return;
  }
  respond(error_line("the running agent has no meter \"" + meter +
                     "\"; restart it after a change of the site file"));
}

void AgentControl::list_epochs(control::Respond respond) {
  boost::json::array epochs;
  for (const auto& epoch : journal_.epochs()) {
    if (epoch.id != journal_.current()) epochs.push_back(boost::json::string(epoch.id.text()));
  }
  epochs.push_back(boost::json::string(journal_.current().text()));
  respond(boost::json::serialize(boost::json::object{{"epochs", epochs}}));
}

void AgentControl::export_portion(const boost::json::object& question, control::Respond respond) {
  const auto* text = question.at("epoch").if_string();
  const auto epoch = text != nullptr ? EpochId::parse(*text) : std::nullopt;
  const auto from =
      boost::json::try_value_to<std::uint64_t>(question.contains("from") ? question.at("from") : 1);
  if (!epoch || !from) return respond(error_line("epoch or from is not understood"));
  constexpr std::uint64_t last = (std::uint64_t{1} << 53) - 1;
  journal_.read(*epoch, RangeSet{{*from, last}}, records_a_portion, readings_a_portion,
                [respond](std::vector<meter::StoredRecord> records) { respond(portion(records)); });
}

}  // namespace congto::app
