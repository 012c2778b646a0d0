// See site_copy.hpp.
#include "agent/simulate/site_copy.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "drivers/toml/document.hpp"
#include "drivers/toml/source_text.hpp"

namespace congto::simulate {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> address_keys{"serial", "tcp", "rtu-over-tcp"};
constexpr std::array<std::string_view, 4> uplink_paths{"ca", "certificate", "key", "password-file"};

struct Replacement {
  toml::Position at;
  std::string text;
};

const toml::Value* member(const toml::Value& table, std::string_view key) {
  const auto found = std::ranges::find(table.entries, key, &toml::Entry::key);
  return found == table.entries.end() ? nullptr : &found->value;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') out += '\\';
    out += character;
  }
  return out + '"';
}

bool on_this_machine(std::string_view broker) {
  const std::size_t scheme = broker.find("://");
  if (scheme != std::string_view::npos) broker.remove_prefix(scheme + 3);
  return broker.starts_with("localhost") || broker.starts_with("127.") || broker.starts_with("[::1]");
}

// Length of the string literal that begins `text`, quotes included.
std::size_t literal_length(std::string_view text) {
  const char quote = text.empty() ? '\0' : text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

class Replacements {
 public:
  explicit Replacements(const SiteCopy& copy)
      : copy_(copy), folder_(fs::absolute(copy.file).lexically_normal().parent_path()) {}

  void address(const toml::Value& bus, const std::string& address) {
    for (const std::string_view key : address_keys) {
      if (const toml::Value* value = member(bus, key)) all_.push_back({value->at, address});
    }
  }
  void text(const toml::Value& value, const std::string& text) { all_.push_back({value.at, text}); }
  void path(const toml::Value* value) {
    if (value == nullptr || value->kind != toml::Value::Kind::string || fs::path(value->text).is_absolute())
      return;
    all_.push_back({value->at, (folder_ / value->text).lexically_normal().string()});
  }
  // A profile given by its name is searched in the site's folder and its meters/ first; the copy has neither.
  void profile(const toml::Value* value) {
    if (value == nullptr || value->kind != toml::Value::Kind::string) return;
    if (value->text.ends_with(".toml")) return path(value);
    const auto used = std::ranges::find_if(copy_.profiles, [&](const fs::path& file) {
      const fs::path where = fs::absolute(file).lexically_normal();
      return where.stem() == value->text && where.string().starts_with((folder_ / "").string());
    });
    if (used != copy_.profiles.end())
      all_.push_back({value->at, fs::absolute(*used).lexically_normal().string()});
  }
  const std::vector<Replacement>& all() const { return all_; }

 private:
  const SiteCopy& copy_;
  fs::path folder_;
  std::vector<Replacement> all_;
};

std::string replace_all(std::string_view text, std::vector<Replacement> replacements) {
  const toml::SourceText source(text);
  std::ranges::sort(replacements, {},
                    [](const Replacement& one) { return std::pair(one.at.line, one.at.column); });
  std::string out;
  std::size_t copied = 0;
  for (const Replacement& one : replacements) {
    const std::string_view rest = source.rest_of_line(one.at);
    const auto begin = static_cast<std::size_t>(rest.data() - text.data());
    out += text.substr(copied, begin - copied);
    out += toml_string(one.text);
    copied = begin + literal_length(rest);
  }
  return out + std::string(text.substr(copied));
}

}  // namespace

Result<std::string> site_copy(std::string_view text, const SiteCopy& copy) {
  toml::Report report;
  const auto document = toml::Document::parse(text, copy.file.string(), report);
  if (!document) return Error{"cannot copy " + copy.file.string() + ": it is not TOML"};
  const toml::Value* buses = member(document->root(), "bus");
  if (buses == nullptr || buses->items.size() != copy.addresses.size()) {
    return Error{"cannot copy " + copy.file.string() + ": it changed while it was read; start again"};
  }
  Replacements replacements(copy);
  const toml::Value* state = member(document->root(), "state");
  if (!copy.state.empty() && state != nullptr) replacements.text(*state, copy.state.string());
  for (std::size_t i = 0; i < copy.addresses.size(); ++i) {
    replacements.address(buses->items[i], copy.addresses[i]);
  }
  if (const toml::Value* meters = member(document->root(), "meter")) {
    for (const toml::Value& meter : meters->items) replacements.profile(member(meter, "profile"));
  }
  if (const toml::Value* uplink = member(document->root(), "uplink")) {
    for (const std::string_view key : uplink_paths) replacements.path(member(*uplink, key));
  }
  std::string copied = replace_all(text, replacements.all());
  if (!copy.state.empty() && state == nullptr) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    copied.insert(copied.starts_with(byte_order_mark) ? byte_order_mark.size() : 0,
                  "state = " + toml_string(copy.state.string()) + "\n");
  }
  // Said in full: Error can be made from a string, too.
  return Result<std::string>(boost::system::in_place_value, std::move(copied));
}

std::string identity_warning(const toml::Value& root, const fs::path& copy) {
  const toml::Value* uplink = member(root, "uplink");
  const toml::Value* broker = uplink == nullptr ? nullptr : member(*uplink, "broker");
  const toml::Value* agent = member(root, "agent");
  if (broker == nullptr || agent == nullptr || on_this_machine(broker->text)) return {};
  return copy.string() + " still names the broker " + broker->text + " and the agent " + agent->text +
         ": readings published from this copy would be taken for the plant's own";
}

}  // namespace congto::simulate
