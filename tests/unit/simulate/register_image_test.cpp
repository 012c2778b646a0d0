// The registers of a simulated unit, and which reads it refuses.
#include "agent/simulate/register_image.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::simulate;
using modbus::Function;
using Words = std::vector<std::uint16_t>;

namespace {

meter::Point point(std::uint16_t at, std::uint16_t registers,
                   Function function = Function::read_input_registers) {
  meter::Point made;
  made.name = "point";
  made.function = function;
  made.at = at;
  made.registers = registers;
  made.type = registers == 2 ? meter::Type::f32 : meter::Type::u16;
  return made;
}

RegisterImage::Source words(Words given) {
  return [given = std::move(given)] { return given; };
}

// Two values at 10 and 12, one at 30, one far away at 100, one at the very end.
RegisterImage some_unit() {
  RegisterImage image;
  image.add(point(10, 2), words({0xA, 0xB}));
  image.add(point(12, 2), words({0xC, 0xD}));
  image.add(point(30, 1), words({0xE}));
  image.add(point(100, 1), words({0xF}));
  image.add(point(65535, 1), words({0x1}));
  return image;
}

RegisterImage::Read read(const RegisterImage& image, std::uint16_t at, std::uint16_t count) {
  return image.read(Function::read_input_registers, at, count, {}, false);
}
RegisterImage::Read read_strictly(const RegisterImage& image, std::uint16_t at, std::uint16_t count,
                                  const meter::ReadLimits& limits = {}) {
  return image.read(Function::read_input_registers, at, count, limits, true);
}

}  // namespace

TEST_CASE("registers are given where the points say") {
  const auto answer = read(some_unit(), 10, 4);
  CHECK(answer.exception == 0);
  CHECK(answer.words == Words{0xA, 0xB, 0xC, 0xD});
  CHECK(read(some_unit(), 11, 2).words == Words{0xB, 0xC});
  CHECK(read(some_unit(), 65535, 1).words == Words{0x1});
}

TEST_CASE("a gap of up to 16 registers reads as zero") {
  const auto answer = read(some_unit(), 12, 19);  // 14 to 29 are a gap of 16
  REQUIRE(answer.exception == 0);
  CHECK(answer.words[1] == 0xD);
  CHECK(answer.words[2] == 0);
  CHECK(answer.words[18] == 0xE);
  CHECK(read(some_unit(), 30, 17).exception == 0);
  CHECK(read(some_unit(), 30, 18).exception == 2);
  CHECK(read(some_unit(), 84, 17).exception == 0);
  CHECK(read(some_unit(), 83, 18).exception == 2);
  CHECK(read(some_unit(), 30, 71).exception == 2);
}

TEST_CASE("a read that touches no register of the unit is exception 2") {
  CHECK(read(some_unit(), 0, 5).exception == 2);
  CHECK(read(some_unit(), 14, 1).exception == 2);
  CHECK(read(RegisterImage{}, 0, 1).exception == 2);
}

TEST_CASE("another function reads other registers") {
  CHECK(some_unit().read(Function::read_holding_registers, 10, 2, {}, false).exception == 2);
}

TEST_CASE("counts that the standard forbids are exception 3, addresses beyond the end 2") {
  CHECK(read(some_unit(), 10, 0).exception == 3);
  CHECK(read(some_unit(), 10, 126).exception == 3);
  CHECK(read(some_unit(), 65535, 2).exception == 2);
  RegisterImage coils;
  coils.add(point(0, 1, Function::read_coils), words({1}));
  CHECK(coils.read(Function::read_coils, 0, 17, {}, false).exception == 0);
  CHECK(coils.read(Function::read_coils, 0, 2000, {}, false).exception == 2);
  CHECK(coils.read(Function::read_coils, 0, 2001, {}, false).exception == 3);
}

TEST_CASE("a strict unit refuses gaps, split values and more than its limits") {
  meter::ReadLimits limits;
  limits.max_registers = 4;
  CHECK(read_strictly(some_unit(), 10, 4, limits).exception == 0);
  CHECK(read_strictly(some_unit(), 10, 5, limits).exception == 3);
  CHECK(read_strictly(some_unit(), 12, 3).exception == 2);
  CHECK(read_strictly(some_unit(), 11, 3).exception == 2);
  CHECK(read_strictly(some_unit(), 10, 3).exception == 2);
  CHECK(read_strictly(some_unit(), 12, 19).exception == 2);
}

TEST_CASE("gaps that the profile calls borne are borne") {
  meter::ReadLimits wide;
  wide.max_gap = 69;
  CHECK(some_unit().read(Function::read_input_registers, 30, 71, wide, false).exception == 0);
  CHECK(read_strictly(some_unit(), 30, 71, wide).exception == 3);  // over its 50 registers
  wide.max_registers = 125;
  CHECK(read_strictly(some_unit(), 30, 71, wide).exception == 0);
  wide.max_gap = 68;
  CHECK(read_strictly(some_unit(), 30, 71, wide).exception == 2);
}

TEST_CASE("a strict unit keeps its alignment and reads one value where it can do no more") {
  meter::ReadLimits even;
  even.align = 2;
  CHECK(read_strictly(some_unit(), 10, 2, even).exception == 0);
  CHECK(read_strictly(some_unit(), 30, 1, even).exception == 2);
  meter::ReadLimits single;
  single.single = true;
  CHECK(read_strictly(some_unit(), 10, 2, single).exception == 0);
  CHECK(read_strictly(some_unit(), 10, 4, single).exception == 2);
}

TEST_CASE("a scale register and a plus part lie where they say, made together with their value") {
  meter::Point whole = point(20, 2);
  whole.scale_at = 40;
  whole.plus = meter::Plus{22, meter::Type::f32};
  int made = 0;
  RegisterImage image;
  image.add(whole, [&made] {
    ++made;
    return Words{1, 2, 3, 4, 5};
  });
  CHECK(read(image, 20, 4).words == Words{1, 2, 4, 5});
  CHECK(made == 1);
  CHECK(read(image, 40, 1).words == Words{3});
}
