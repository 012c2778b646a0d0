"""What the central database holds of some agents, in the form of central_model's tables: names instead of numbers, times in ms."""
import re

from tests.support.central_model import LAST, canon, content, inside, parsed, ranges

# One statement sees one moment.
HELD = """
with box as (select agent_id, name as agent from congto.agent where name = any ('{%(agents)s}')),
 ep as (select agent_id, epoch_id, agent, congto.hex_of(e.epoch) as epoch, settled, congto.hex_of(prev) as prev, prev_last,
   extract(epoch from since) * 1000 as since, e.why, first_heard from box join congto.epoch e using (agent_id))
select json_build_object(
 'sample', (select json_agg(json_build_array(agent, epoch, seq, slot, extract(epoch from ts) * 1000, m.name, l.id, took, clock_error,
    q, m.points, s.values::text[])) from ep join congto.sample s using (agent_id, epoch_id)
    join congto.meter m using (agent_id, meter_id) join congto.layout l using (agent_id, layout_id)),
 'event', (select json_agg(json_build_array(agent, epoch, seq, event, body)) from ep join congto.event using (agent_id, epoch_id)),
 'skipped', (select json_agg(json_build_array(agent, epoch, seq, m.name, l.id, from_slot, to_slot, count, k.why))
    from ep join congto.skipped k using (agent_id, epoch_id) join congto.meter m using (agent_id, meter_id)
    join congto.layout l using (agent_id, layout_id)),
 'void', (select json_agg(json_build_array(agent, epoch, first, last, v.why)) from ep join congto.void v using (agent_id, epoch_id)),
 'correction', (select json_agg(json_build_array(agent, epoch, seq, congto.hex_of(corrects_epoch), corrects_seq, body))
    from ep join congto.correction using (agent_id, epoch_id)),
 'clock_shift', (select json_agg(json_build_array(agent, epoch, seq, congto.hex_of(of_epoch), lower(seqs), upper(seqs) - 1, shift))
    from ep join congto.clock_shift using (agent_id, epoch_id)),
 'epoch', (select json_agg(json_build_array(agent, epoch, settled::text, prev, prev_last, since, why)
    order by first_heard, epoch_id) from ep),
 'layout_span', (select json_agg(json_build_array(agent, epoch, l.id, first_slot, last_slot))
    from ep join congto.layout_span using (agent_id, epoch_id) join congto.layout l using (agent_id, layout_id)),
 'layout', (select json_agg(json_build_array(agent, id, body)) from box join congto.layout using (agent_id) where body is not null),
 'meter', (select json_agg(json_build_array(agent, m.name, m.points)) from box join congto.meter m using (agent_id)),
 'conflict', (select json_agg(json_build_array(agent, epoch, seq, first, other)) from ep join congto.conflict using (agent_id, epoch_id)),
 'dead_letter', (select json_agg(json_build_array(agent, congto.hex_of(epoch), seq, encode(payload, 'hex')))
    from congto.dead_letter where agent = any ('{%(agents)s,%(strangers)s}')))"""


class Held:
    """tables: as Model.tables makes them. Beside them what the model can't know: order (of the epochs), points (of the meters) and
    firsts (what the conflicts call the first)."""

    def __init__(self, database, agents):
        names = {"agents": ",".join(agents), "strangers": ",".join("nobody-" + agent for agent in agents)}
        rows = {table: found or [] for table, found in parsed(database.sql(HELD % names)[0][0]).items()}

        def by_key(table, length=3):
            found = {tuple(row[:length]): tuple(row[length:]) for row in rows[table]}
            assert len(found) == len(rows[table]), f"{table}: {len(rows[table])} rows for {len(found)} keys"
            return found
        self.tables = {table: by_key(table) for table in ("skipped", "clock_shift", "layout_span")}
        self.tables["sample"] = {key: (*row[:6], canon(row[6] or {}), self._values(*row[7:])) for key, row in by_key("sample").items()}
        self.tables["event"] = {key: (event, canon(body)) for key, (event, body) in by_key("event").items()}
        self.tables["correction"] = {key: (epoch, seq, canon(body)) for key, (epoch, seq, body) in by_key("correction").items()}
        self.tables["void"] = {tuple(row) for row in rows["void"]}
        self.tables["layout"] = {place: canon(body) for place, (body,) in by_key("layout", 2).items()}
        # An epoch that was only asked for has a row with nothing in it.
        heard = {place: row for place, row in by_key("epoch", 2).items() if row != ("{}", None, None, None, None)}
        self.tables["epoch"] = {place: row[1:] for place, row in heard.items()}
        self.tables["ledger"] = {place: [(int(first), int(past) - 1) for first, past in re.findall(r"\[(\d+),(\d+)\)", row[0])]
                                 for place, row in heard.items()}
        self.tables["conflict"] = {(*key, content(other)) for *key, _, other in rows["conflict"]}
        self.tables["dead_letter"] = {self._letter(*row) for row in rows["dead_letter"]}
        self.order = {place: number for number, place in enumerate(by_key("epoch", 2))}
        self.points = {place: points for place, (points,) in by_key("meter", 2).items()}
        self.firsts = [(tuple(key), first) for *key, first, _ in rows["conflict"]]

    @staticmethod
    def _values(points, values):
        return canon({point: parsed(value) for point, value in zip(points, values) if value is not None})

    @staticmethod
    def _letter(agent, epoch, seq, payload):
        """A record means the same however it is written; a payload is what it is."""
        payload = bytes.fromhex(payload)
        try:
            body = parsed(payload)
        except ValueError:
            return (agent, None, None, payload)
        whole = isinstance(body, dict) and "agent" in body
        return (agent, epoch if seq else None, seq, payload if whole else canon(body))

    def settled_by_rows(self):
        """What the ledger must say: committed, parked or voided."""
        seqs = {}
        letters = [letter[:3] for letter in self.tables["dead_letter"] if letter[2]]
        for agent, epoch, seq in [*self.tables["sample"], *self.tables["event"], *letters]:
            seqs.setdefault((agent, epoch), set()).add((seq, seq))
        for agent, epoch, first, last, _ in self.tables["void"]:
            seqs.setdefault((agent, epoch), set()).add((first, last or LAST))
        return {place: ranges(pairs) for place, pairs in seqs.items()}

    def settled(self, agent, epoch, first, last):
        settled = self.tables["ledger"].get((agent, epoch), ())
        return inside(first, settled) and ranges([*settled, (first, last)]) == settled
