// What manuals and other programs write, and where it is written too low in a file: each is told the word and
// the place of ours.
#include "drivers/meter/profile_reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"

using namespace congto;
using namespace congto::meter;

namespace {

// Empty when the profile has one error, at the sign », with these words.
std::string wrong_about(std::string_view text, std::initializer_list<std::string_view> words) {
  const auto expected = test::marked(text);
  const ProfileFile file = read_profile_text(expected.text, "p.toml");
  if (file.profile) return "the profile was taken";
  return test::mismatch(test::texts(file.errors), expected, words);
}

std::string wrong_head(std::string_view line, std::initializer_list<std::string_view> words) {
  return wrong_about("function = 3\n" + std::string(line) + "\n[points]\nx = { at = 1, type = \"u32\" }",
                     words);
}

std::string wrong_point(std::string_view keys, std::initializer_list<std::string_view> words) {
  return wrong_about("function = 3\n[points]\nx = { " + std::string(keys) + " }", words);
}

}  // namespace

TEST_CASE("word orders as manuals print them") {
  CHECK(wrong_head("word-order = »\"ABCD\"", {"called \"big\""}) == "");
  CHECK(wrong_head("word-order = »\"CDAB\"", {"called \"little\""}) == "");
  CHECK(wrong_head("word-order = »\"swap\"", {"called \"little\""}) == "");
  CHECK(wrong_head("word-order = »\"LSW\"", {"called \"little\""}) == "");
  for (const auto* order : {"BADC", "DCBA"}) {
    CHECK(wrong_head("word-order = »\"" + std::string(order) + "\"",
                     {"within a register", "can't be swapped"}) == "");
  }
}

TEST_CASE("types as manuals print them, in any letter case") {
  const std::pair<std::string_view, std::string_view> types[] = {{"UINT32", "u32"}, {"Float32", "f32"},
                                                                 {"INT16", "s16"},  {"DWORD", "u32"},
                                                                 {"WORD", "u16"},   {"REAL", "f32"}};
  for (const auto& [foreign, ours] : types) {
    CHECK(wrong_point("at = 1, type = »\"" + std::string(foreign) + "\"",
                      {"called \"" + std::string(ours) + "\""}) == "");
  }
}

TEST_CASE("keys as other programs call them") {
  CHECK(wrong_head("»byte-order = \"big\"", {"\"byte-order\"", "called \"word-order\""}) == "");
  CHECK(wrong_point("»address = 1, at = 1, type = \"u16\"", {"called \"at\""}) == "");
  CHECK(wrong_point("»register = 1, at = 1, type = \"u16\"", {"called \"at\""}) == "");
}

TEST_CASE("a head key below the header of the points is told its place, and nothing else") {
  CHECK(wrong_about("function = 3\n[points]\n»max-registers = 80\nx = { at = 1, type = \"u16\" }",
                    {"\"max-registers\" stands under [points]", "the head of a profile"}) == "");
  CHECK(wrong_about("function = 3\n[points]\nx = { at = 1, type = \"u16\" }\n»every = \"30s\"",
                    {"\"every\" stands under [points]", "[[meter]]"}) == "");
}
