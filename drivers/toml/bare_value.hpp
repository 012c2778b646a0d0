// What is wrong with a value that stands without quotes and is no TOML: a text, a number as a manual prints
// it, a boolean in other words. Pure; used by syntax_hint.
#pragma once

#include <string>
#include <string_view>

namespace congto::toml {

// What to write instead, for people. `key` is what stands before its =, empty inside lists; `text` is not
// empty.
std::string bare_value_advice(std::string_view key, std::string_view text);

}  // namespace congto::toml
