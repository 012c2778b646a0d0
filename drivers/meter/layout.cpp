// A layout's identity is a hash of its text, so the text decides what counts as the same layout.
#include "drivers/meter/layout.hpp"

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <numeric>
#include <utility>

#include "drivers/meter/layout_json.hpp"

namespace congto::meter {

namespace {

// A name-based UUID (version 5, RFC 4122 section 4.3) of the text: 122 bits of SHA-1. It tells layouts apart;
// it is no protection against someone who makes two layouts collide on purpose.
std::string hash(const std::string& text) {
  const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::oid());
  const boost::uuids::uuid id = generate(text.data(), text.size());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const auto byte : id) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

}  // namespace

std::size_t LayoutMeter::raw_words() const {
  return std::accumulate(points.begin(), points.end(), std::size_t{0},
                         [](std::size_t sum, const Point& point) { return sum + point.raw_words(); });
}

Layout::Layout(std::vector<LayoutMeter> meters) : meters_(std::move(meters)), id_(hash(text())) {}

std::string Layout::text() const { return layout_json(meters_); }

std::shared_ptr<const std::vector<Point>> points_of(const LayoutPtr& layout, std::size_t meter) {
  return {layout, &layout->meters()[meter].points};
}

Result<std::shared_ptr<const Layout>> Layout::parse(std::string_view text) {
  auto meters = parse_layout_json(text);
  if (!meters) return meters.error();
  auto layout = std::make_shared<const Layout>(std::move(*meters));
  if (layout->text() != text) return Error{"layout: the text is damaged: it is not as a layout is written"};
  return std::shared_ptr<const Layout>(std::move(layout));
}

}  // namespace congto::meter
