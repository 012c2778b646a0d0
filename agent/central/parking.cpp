// One statement a dead letter: they are rare, and each must be counted right.
#include "agent/central/parking.hpp"

#include "agent/central/content_hash.hpp"
#include "agent/contract/json_text.hpp"

namespace congto::central {

namespace {

constexpr std::size_t max_reason = 1'000;

// bytea in its hex form.
std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

// PostgreSQL's text takes no zero character and nothing that isn't UTF-8; clipped() cuts between characters.
std::string storable(std::string_view text, std::size_t bytes) {
  std::string quoted;
  contract::append_string(quoted, contract::clipped(text, bytes));
  std::string plain =
      quoted.substr(1, quoted.size() - 2);  // as JSON writes it: control characters become \u00..
  return plain;
}

bool has_room(Database& database, const std::string& agent) {
  const auto rows = database.run(
      "select count(*) from (select from dead_letter where agent is not distinct from $1 limit $2) as kept",
      {agent, std::to_string(max_dead_letters)});
  return rows.integer(0, 0) < max_dead_letters;
}

}  // namespace

void park(Database& database, const std::vector<DeadLetter>& letters) {
  for (const auto& letter : letters) {
    const auto agent = storable(letter.agent, 200);
    const auto reason = storable(letter.reason, max_reason);
    // The same bytes of another record, or on another topic, are another letter.
    const auto hash = hex(sha256(letter.topic + '\n' + (letter.epoch ? letter.epoch->text() : "") + '\n' +
                                 (letter.seq ? std::to_string(*letter.seq) : "") + '\n' + letter.payload));
    const auto again =
        database.run("update dead_letter set times = times + 1, last_at = now() where hash = $1", {hash});
    if (again.changed() > 0) continue;
    if (!has_room(database, agent)) {
      database.run(
          "insert into dead_letter_overflow (agent, times, reason, last_at) values ($1, 1, $2, now()) "
          "on conflict (agent) do update set times = dead_letter_overflow.times + 1, reason = "
          "excluded.reason, "
          "last_at = excluded.last_at",
          {agent, reason});
      continue;
    }
    database.run(
        "insert into dead_letter (agent, topic, epoch, seq, reason, payload, hash) values ($1, $2, $3, $4, "
        "$5, $6, $7) "
        "on conflict (hash) do update set times = dead_letter.times + 1, last_at = now()",
        {agent, storable(letter.topic, 200), letter.epoch ? Value(letter.epoch->text()) : Value(),
         letter.seq ? Value(std::to_string(*letter.seq)) : Value(), reason, hex(letter.payload), hash});
  }
}

}  // namespace congto::central
