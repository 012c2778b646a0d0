// Journal records as CSV rows for `congto export`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/meter/decode.hpp"
#include "drivers/meter/record.hpp"

namespace congto::app {

inline constexpr std::string_view csv_header = "ts,meter,point,value,unit,quality,epoch,seq";

// Appends the rows of a sample; other records have none. A sample whose time is not known has an empty ts.
// Values that were not read are empty; the quality says why.
class CsvRows {
 public:
  void append(const meter::StoredRecord& record, std::string& out);

 private:
  std::vector<meter::Reading> readings_;
};

}  // namespace congto::app
