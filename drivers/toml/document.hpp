// Document: one parsed TOML file. This folder is the only place that knows toml++; it sorts keys and loses
// the text of numbers, so that a tree of our own keeps the order of the file and every number as it is
// written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/toml/report.hpp"
#include "drivers/toml/value.hpp"

namespace congto::toml {

class Document {
 public:
  // Nothing, and one error in `report`, when the text is not UTF-8 or not TOML, or has a line of more than
  // 4096 bytes. `file` is for messages.
  static std::optional<Document> parse(std::string_view text, std::string file, Report& report);
  // The same for a file; also when it cannot be read or is longer than 256 KiB.
  static std::optional<Document> load(const std::filesystem::path& file, Report& report);

  const std::string& file() const { return file_; }
  const Value& root() const { return root_; }

 private:
  std::string file_;
  Value root_;
};

}  // namespace congto::toml
