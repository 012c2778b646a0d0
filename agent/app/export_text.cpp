// Names and units here never hold a comma, quote or line end, so no field needs quoting (names: [a-z0-9_-]).
#include "agent/app/export_text.hpp"

#include "agent/app/reading_text.hpp"

namespace congto::app {

void CsvRows::append(const meter::StoredRecord& record, std::string& out) {
  const auto* sample = std::get_if<meter::Sample>(&record.record);
  if (sample == nullptr) return;
  const auto time = record.dating ? iso_time(record.dating->wall(sample->stamp)) : std::string();
  const auto tail = "," + record.id.epoch.text() + "," + std::to_string(record.id.seq) + "\n";
  meter::decode(*sample, readings_);
  for (const auto& reading : readings_) {
    out += time;
    out += ",";
    out += sample->layout_meter().name;
    out += ",";
    out += reading.point->name;
    out += ",";
    if (has_value(reading)) reading.value.append_to(out);
    out += ",";
    out += meter::text(reading.point->unit);
    out += ",";
    out += meter::text(reading.quality);
    out += tail;
  }
}

}  // namespace congto::app
