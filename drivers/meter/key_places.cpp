// The keys of buses, meters, profiles and points.
#include "drivers/meter/key_places.hpp"

namespace congto::meter {

namespace {

constexpr std::string_view bus = "[[bus]] of a site";
constexpr std::string_view meter = "[[meter]] of a site";
constexpr std::string_view head = "the head of a profile, before its first [table], or in [[meter]]";
constexpr std::string_view profile = "the head of a profile, before its first [table]";
constexpr std::string_view factory = "[serial] of a profile";
constexpr std::string_view point = "a point, [points] name = { … }";
constexpr std::string_view own_point = "a point of [meter.points], name = { … }";

constexpr toml::KeyPlace places[] = {
    {"serial", bus},
    {"tcp", bus},
    {"rtu-over-tcp", bus},
    {"baud", bus},
    {"baud", factory},
    {"parity", bus},
    {"parity", factory},
    {"stop-bits", bus},
    {"stop-bits", factory},
    {"rs485", bus},
    {"release", bus},
    {"unit-id", meter},
    {"profile", meter},
    {"every", meter},
    {"only", meter},
    {"ct", meter},
    {"vt", meter},
    {"vendor", profile},
    {"model", profile},
    {"medium", head},
    {"function", head},
    {"numbering", head},
    {"word-order", head},
    {"max-registers", head},
    {"max-gap", head},
    {"align", head},
    {"single", head},
    {"pause", head},
    {"timeout", head},
    {"wake", head},
    {"min-interval", head},
    {"at", point},
    {"type", point},
    {"registers", point},
    {"unit", point},
    {"scale", point},
    {"scale-at", point},
    {"plus", point},
    {"kind", point},
    {"rollover", point},
    {"not-available", point},
    {"side", point},
    {"verify", point},
    {"from", own_point},
    // What manuals and other programs call some of these.
    {"slave-id", meter, "unit-id"},
    {"slave_id", meter, "unit-id"},
    {"slave", meter, "unit-id"},
    {"address", meter, "unit-id"},
    {"id", meter, "unit-id"},
    {"interval", meter, "every"},
    {"period", meter, "every"},
    {"address", point, "at"},
    {"register", point, "at"},
    {"byte-order", head, "word-order"},
    {"byte_order", head, "word-order"},
};

}  // namespace

std::span<const toml::KeyPlace> key_places() { return places; }

}  // namespace congto::meter
