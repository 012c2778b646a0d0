// A few statements for all letters of a transaction: a box gone wrong may send thousands in one batch, and
// the others wait for it.
#include "agent/central/parking.hpp"

#include <map>
#include <set>
#include <utility>

#include "agent/central/content_hash.hpp"
#include "agent/central/sql_text.hpp"
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

// The same letter may come several times in one transaction.
struct Parcel {
  const DeadLetter* letter = nullptr;
  std::string hash;
  std::int64_t times = 0;
  bool kept = false;
};

// The same bytes of another record, or on another topic, are another letter.
std::string hash_of(const DeadLetter& letter) {
  return hex(sha256(letter.topic + '\n' + (letter.epoch ? letter.epoch->text() : "") + '\n' +
                    (letter.seq ? std::to_string(*letter.seq) : "") + '\n' + letter.payload));
}

std::string agent_of(const DeadLetter& letter) { return storable(letter.agent, 200); }

void count_known(Database& database, std::vector<Parcel>& parcels) {
  ArrayText hashes, times;
  for (const auto& parcel : parcels) {
    hashes.add(parcel.hash);
    times.add(parcel.times);
  }
  const auto rows = database.run(
      "update dead_letter d set times = d.times + w.times, last_at = now() "
      "from unnest($1::bytea[], $2::bigint[]) as w(hash, times) where d.hash = w.hash "
      "returning '\\x' || encode(d.hash, 'hex')",
      {hashes.text(), times.text()});
  std::set<std::string_view> known;
  for (std::size_t i = 0; i < rows.size(); ++i) known.insert(rows.text(i, 0));
  for (auto& parcel : parcels) parcel.kept = known.contains(parcel.hash);
}

struct Room {
  std::int64_t letters, bytes;
  bool take(std::size_t size) {
    if (letters <= 0 || bytes <= 0) return false;
    --letters;
    bytes -= static_cast<std::int64_t>(size);
    return true;
  }
};

Room room_of(Database& database, const std::string& agent) {
  const auto rows = database.run(
      "select count(*), coalesce(sum(size), 0) from "
      "(select octet_length(payload) as size from dead_letter where agent = $1 limit $2) as kept",
      {agent, std::to_string(max_dead_letters)});
  return {max_dead_letters - rows.integer(0, 0), max_dead_letter_bytes - rows.integer(0, 1)};
}

void keep(Database& database, const std::vector<const Parcel*>& parcels) {
  ArrayText agents, topics, epochs, seqs, reasons, payloads, hashes, times;
  for (const auto* const parcel : parcels) {
    const auto& letter = *parcel->letter;
    agents.add(agent_of(letter));
    topics.add(storable(letter.topic, 200));
    letter.epoch ? epochs.add(letter.epoch->text()) : epochs.add_null();
    letter.seq ? seqs.add(static_cast<std::int64_t>(*letter.seq)) : seqs.add_null();
    reasons.add(storable(letter.reason, max_reason));
    payloads.add(hex(letter.payload));
    hashes.add(parcel->hash);
    times.add(parcel->times);
  }
  database.run(
      "insert into dead_letter (agent, topic, epoch, seq, reason, payload, hash, times) select * from "
      "unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], "
      "$8::bigint[]) "
      "on conflict (hash) do update set times = dead_letter.times + excluded.times, last_at = now()",
      {agents.text(), topics.text(), epochs.text(), seqs.text(), reasons.text(), payloads.text(),
       hashes.text(), times.text()});
}

void keep_new(Database& database, std::vector<Parcel>& parcels) {
  std::map<std::string, Room> rooms;
  std::map<std::string, std::pair<std::int64_t, std::string>> overflow;  // times, the last reason
  std::vector<const Parcel*> fresh;
  for (auto& parcel : parcels) {
    if (parcel.kept) continue;
    const auto agent = agent_of(*parcel.letter);
    auto found = rooms.find(agent);
    if (found == rooms.end()) found = rooms.emplace(agent, room_of(database, agent)).first;
    if (found->second.take(parcel.letter->payload.size())) {
      parcel.kept = true;
      fresh.push_back(&parcel);
    } else {
      auto& [times, reason] = overflow[agent];
      times += parcel.times;
      reason = parcel.letter->reason;
    }
  }
  if (!fresh.empty()) keep(database, fresh);
  for (const auto& [agent, what] : overflow) count_overflow(database, agent, what.first, what.second);
}

}  // namespace

void count_overflow(Database& database, const std::string& agent, std::int64_t times,
                    const std::string& reason) {
  database.run(
      "insert into dead_letter_overflow (agent, times, reason, last_at) values ($1, $2, $3, now()) "
      "on conflict (agent) do update set times = dead_letter_overflow.times + excluded.times, reason = "
      "excluded.reason, last_at = excluded.last_at",
      {agent, std::to_string(times), storable(reason, max_reason)});
}

void park(Database& database, std::vector<DeadLetter>& letters) {
  if (letters.empty()) return;
  std::vector<Parcel> parcels;
  std::map<std::string, std::size_t> places;  // by hash
  std::vector<std::size_t> place_of;          // by letter
  for (const auto& letter : letters) {
    auto hash = hash_of(letter);
    const auto [place, is_new] = places.try_emplace(hash, parcels.size());
    if (is_new) parcels.push_back({&letter, std::move(hash), 0, false});
    ++parcels[place->second].times;
    place_of.push_back(place->second);
  }
  count_known(database, parcels);
  keep_new(database, parcels);
  for (std::size_t i = 0; i < letters.size(); ++i) letters[i].kept = parcels[place_of[i]].kept;
}

}  // namespace congto::central
