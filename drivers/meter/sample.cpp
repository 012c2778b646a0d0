// The words for qualities, and what a sample says about its poll as a whole.
#include "drivers/meter/sample.hpp"

#include <algorithm>

namespace congto::meter {

namespace {

constexpr std::uint8_t base = static_cast<std::uint8_t>(Quality::exception_base);

}  // namespace

Quality exception_quality(std::uint8_t code) {
  constexpr std::uint8_t highest = 255 - base;  // the standard's codes end at 11
  return static_cast<Quality>(base + std::min(code, highest));
}

std::string text(Quality quality) {
  switch (quality) {
    case Quality::good:
      return "good";
    case Quality::timeout:
      return "timeout";
    case Quality::crc:
      return "crc";
    case Quality::bad_reply:
      return "bad-reply";
    case Quality::no_link:
      return "no-link";
    case Quality::not_available:
      return "not-available";
    case Quality::implausible:
      return "implausible";
    case Quality::unsupported:
      return "unsupported";
    case Quality::exception_base:
      break;
  }
  const auto number = static_cast<std::uint8_t>(quality);
  // A journal written by a later version may hold numbers that this one does not know.
  return number >= base ? "exception-" + std::to_string(number - base) : "unknown-" + std::to_string(number);
}

bool Sample::failed_whole() const {
  const auto asked = [](Quality one) { return one != Quality::unsupported; };
  const auto first = std::find_if(quality.begin(), quality.end(), asked);
  if (first == quality.end() || *first == Quality::good) return false;
  return std::all_of(first, quality.end(), [&](Quality one) { return one == *first || !asked(one); });
}

}  // namespace congto::meter
