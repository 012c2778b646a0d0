// up/meta and the meta record: what the meters are, so that data sent late can always be read. Pure.
// Meters with the same points share one table, so 60 meters of a few models stay far below 64 KiB.
#pragma once

#include <string>
#include <string_view>

#include "drivers/meter/record.hpp"

namespace congto::contract {

// {"v":1,"agent","site","id","meters":[{"name","bus","unit_id","profile","medium","every","points":KEY,…}],
//  "points":{KEY:{POINT:{"unit","kind",…}}}}; a meter's "info" and "unsupported" and a point's "rollover" and
// "verify" stand only where there is something to say. `meta.layout` must be set.
std::string write_meta(std::string_view agent, std::string_view site, const meter::Meta& meta);

}  // namespace congto::contract
