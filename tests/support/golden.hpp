// Golden samples: config/contract/samples holds, byte for byte, what our writers write.
// CONGTO_WRITE_GOLDEN=1 in the environment writes them anew; look at the difference before you commit it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/catch.hpp"

namespace congto::test {

inline std::filesystem::path samples() {
  return std::filesystem::path(CONGTO_SOURCE_DIR) / "config" / "contract" / "samples";
}

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) FAIL("cannot read " << file);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void check_golden(const std::string& name, const std::string& text) {
  if (std::getenv("CONGTO_WRITE_GOLDEN") != nullptr)
    std::ofstream(samples() / name, std::ios::binary) << text;
  CHECK(contents(samples() / name) == text);
}

}  // namespace congto::test
