// What to say about a file that is no TOML: the mistakes people make, each with the mending it needs.
// toml++ gives the place and its own words; these are kept only where no mistake is recognised. Pure.
#pragma once

#include <string>
#include <string_view>

#include "drivers/toml/report.hpp"
#include "drivers/toml/source_text.hpp"

namespace congto::toml {

struct SyntaxError {
  Position at;
  std::string message;
};

// `at` and `parser_says` as toml++ 3.3 or 3.4 gives them.
SyntaxError explain_syntax_error(const SourceText& source, Position at, std::string_view parser_says);

}  // namespace congto::toml
