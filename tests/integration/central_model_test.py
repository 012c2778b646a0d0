#!/usr/bin/python3
"""A centre against a model of the contract: random histories of a few agents, through two consumers that are killed and a database that
crashes, end in exactly the rows that the contract's words ask for. CONGTO_MODEL_SEEDS=N runs N histories, CONGTO_MODEL_FIRST=S from
the seed S on; each failure names its seed."""
import collections
import os
import random
import signal
import time

from tests.support.central_agents import Agents
from tests.support.central_held import Held
from tests.support.central_history import History
from tests.support.central_model import Model, content, parsed
from tests.support.central_records import DAY
from tests.support.centre import SITE, CentreCase
from tests.support.plant import AGENT_NAME, main

FIRST = int(os.environ.get("CONGTO_MODEL_FIRST", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("CONGTO_MODEL_SEEDS", "3")))

EPOCH = "00112233445566778899aabbccddeeff"
START = {"seq": 1, "event": "start", "prev": None, "since": None, "why": "first"}


class CentreAgainstModel(CentreCase):
    def test_random_histories_end_in_what_the_contract_says(self):
        self.consumers = [self.consumer(), self.consumer()]
        for seed in SEEDS:
            began = time.monotonic()
            try:
                self._one_history(seed)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
            print(f"seed {seed}: {len(self.history.records)} records, {len(self.history.messages)} messages, at most "
                  f"{self.agents.most_ranges} ranges in one acknowledgement, {time.monotonic() - began:.1f} s", flush=True)

    def _one_history(self, seed):
        self.seed, self.rng = seed, random.Random(-seed)
        self.history = History(seed, int(time.time() * 1000))
        for box in self.history.boxes:
            self.enrol(box.name, box.site)
        self.agents = Agents(self, self.history, self.reader(self.mqtt, ours=("down/",)))
        self.addCleanup(self.agents.pool.shutdown)
        self.names = f"any ('{{{','.join(self.agents.boxes)}}}')"
        self._live()
        self.agents.until_asked(self._missing)
        self.history.messages += self.history.withheld
        self._replay()
        self._compare_tables()
        self._compare_gaps()
        self._compare_readings()
        for agent in self.agents.boxes:
            self._compare_completeness(agent)

    # -- what happens

    def _live(self):
        """Everything once, in random order, while things are killed; then what is unacknowledged again, until nothing is."""
        late = [message for message in self.history.messages if any(record.pinned for record in message.records)]
        queue = [message for message in self.history.messages if message not in late]
        self._through_faults(queue, [self._kill_consumers, self._crash_the_database, self._kill_consumers])
        self.agents.tell_layouts()
        self.agents.until_acknowledged()
        self._through_faults(late, [self.rng.choice([self._kill_consumers, self._crash_the_database])])

    def _through_faults(self, queue, faults):
        while queue or faults:
            size = self.rng.randint(5, 40)
            part, queue = queue[:size], queue[size:]
            sending = self.agents.pool.submit(self.agents.send, part + self.rng.sample(part, len(part) // 4))
            if faults and (not queue or self.rng.random() < 0.5):
                faults.pop()()
            sending.result()
            self.agents.listen()
            self.agents.tell_status(self.rng.choice(self.history.boxes))

    def _kill_consumers(self):
        for consumer in self.rng.sample(self.consumers, self.rng.choice([1, 2])):
            consumer.stop(signal.SIGKILL)
            consumer.start(ready=self.rng.random() < 0.5)

    def _crash_the_database(self):
        """What was acknowledged before is there after; the consumers stand still meanwhile, so that they can't write it again."""
        self.database.stop(self.rng.choice([signal.SIGQUIT, signal.SIGKILL]))
        for consumer in self.consumers:
            consumer.process.send_signal(signal.SIGSTOP)
        self.agents.listen()
        self.database.start()
        held = Held(self.database, self.agents.boxes)
        for consumer in self.consumers:
            consumer.process.send_signal(signal.SIGCONT)
        self._check_acks(held)

    def _check_acks(self, held):
        self._same("the ledger by the rows", held.settled_by_rows(), held.tables["ledger"])
        for place, pairs in self.agents.acked.items():
            for first, last in pairs:
                self.assertTrue(held.settled(*place, first, last), f"{place} {first} to {last}: acknowledged, and not in the database")

    def _replay(self):
        """All of it once more. One consumer takes one after the other, so that the last one tells that all were taken."""
        self.consumers[1].stop()
        self.agents.tell_layouts()
        self.agents.send(self.rng.sample(self.history.messages, len(self.history.messages)))
        last = f"{self.seed:032x}"
        self.say("up/data", batch(last, START))
        self.wait_settled(last, "{[1,2)}")
        self.consumers[1].start()
        self.agents.listen()

    # -- the outcome

    def _same(self, what, expected, found):
        """Tells the first few differences; whole tables would be unreadable."""
        if expected == found:
            return
        missing = [key for key in expected if key not in found]
        extra = [key for key in found if key not in expected]
        other = [(key, expected[key], found[key]) for key in expected if key in found and expected[key] != found[key]] \
            if isinstance(expected, dict) else []
        self.fail(f"{what}: {len(missing)} missing {missing[:3]}\n{len(extra)} too many {extra[:3]}\n"
                  f"{len(other)} (key, expected, found) {other[:3]}")

    def _compare_tables(self):
        self.held = Held(self.database, self.agents.boxes)
        self.model = Model(self.history, self.held.tables)
        self._check_acks(self.held)
        for table, expected in self.model.tables(self.history).items():
            self._same(table, expected, self.held.tables[table])
        for key, first in self.held.firsts:
            self.assertEqual(*self._firsts(first, self.model.kept[key]), f"the first of the conflict {key}")
        for meter, points in self.held.points.items():
            self._once(f"points of {meter}", points)

    def _once(self, what, rows):
        self.assertEqual([row for row, times in collections.Counter(rows).items() if times > 1], [], f"{what}: more than once")

    @staticmethod
    def _firsts(first, record):
        """A sample is told from its row, where the slot is known."""
        if not record.is_sample():
            return content(first), content(record.body)
        names = ("seq", "ts", "meter", "values", "q", "took", "clock", "clock_error")
        return tuple(content({name: body[name] for name in names if name in body}) for body in (first, record.body))

    def _missing(self):
        return self._rows("agent, epoch, first, last, kind", f"congto.gaps where kind <> 'void' and agent = {self.names}")

    def _rows(self, columns, source):
        text = self.database.sql(f"select coalesce(json_agg(json_build_array({columns})), '[]') from {source}")
        return [tuple(row) for row in parsed(text[0][0])]

    def _compare_gaps(self):
        self.assertEqual(self._missing(), [])
        found = self._rows("agent, epoch, first, last, why", f"congto.gaps where kind = 'void' and agent = {self.names}")
        self._same("gaps", self.model.gaps(), set(found))

    def _compare_readings(self):
        doubles = self.model.doubles({box.name: box.site for box in self.history.boxes}, self.held.order)
        found = self._rows("agent, epoch, seq, kept_agent, kept_epoch, kept_seq",
                           f"congto.doubles_of('2016-01-01', now()) where agent = {self.names}")
        self._same("doubles", doubles, {(row[:3], row[3:]) for row in found})
        readings = self.model.readings(self.model.correction_that_counts(self.held.order), self.held.points)
        for view, left_out in (("reading", set()), ("reading_once", {double for double, _ in doubles})):
            found = self._rows("agent, epoch, seq, point, value::text, quality", f"congto.{view} where agent = {self.names}")
            self._same(view, {place: told for place, told in readings.items() if place[:3] not in left_out},
                       {row[:4]: (row[4] and parsed(row[4]), row[5]) for row in found})
            self._once(view, [row[:4] for row in found])

    def _compare_completeness(self, agent):
        """Yesterday and today; where the meaning of a layout never came, nothing can be said."""
        used = {(agent, record.layout) for key, record in self.model.kept.items() if key[0] == agent and "meter" in record.body}
        if not used <= self.model.told:
            return
        today = "(now() at time zone 'UTC')::date"
        found = self._rows("now, meter, expected, read, failed, skipped, off",
                           "(select (extract(epoch from now()) * 1000)::bigint as now, meter, sum(expected) as expected, sum(read) as read, "
                           "sum(failed) as failed, sum(skipped) as skipped, sum(off) as off, sum(missing) as missing "
                           f"from congto.completeness_of({today} - 1, {today}, '{agent}') group by meter) counted")
        if used:
            now = int(found[0][0])
            self._same("completeness", self.model.completeness(agent, now, (now // DAY * DAY - DAY, now // DAY * DAY + DAY)),
                       {row[1]: row[2:] for row in found})


class SmallestHistories(CentreCase):
    """What the model found, told again in as few words as can be: each with an agent and a site of its own."""

    def test_each(self):
        self.one = self.consumer()
        self.slot = int(time.time() * 1000) // 10_000 * 10_000 - 600_000
        for number, history in enumerate([self.what_is_stored_is_not_in_conflict_with_itself, self.a_conflict_tells_all_of_the_first,
                                          self.a_void_record_that_came_is_no_gap, self.two_intervals_meet_in_one_slot]):
            self.agent = self.site = f"small-{number}"
            self.enrol(self.agent, self.site)
            with self.subTest(history.__name__):
                history()

    def tell(self, *records, epoch=EPOCH, agent=None):
        agent = agent or self.agent
        self.say("up/data", batch(epoch, *records, agent=agent, site=self.site), agent=agent)

    def sample(self, seq, value, **more):
        return {"seq": seq, "ts": self.slot + 4500, "meter": "m-1", "values": {"active_power": value}, **more}

    def conflicts(self, first, other):
        return self.database.sql(f"select distinct {first}, {other} from congto.conflict join congto.agent using (agent_id) "
                                 f"where name = '{self.agent}' order by 1, 2")

    def what_is_stored_is_not_in_conflict_with_itself(self):
        """Three contents of one key in one transaction, the last one is stored already. Nothing says for sure that they share a
        transaction; eight keys make it all but certain."""
        seqs = range(2, 10)
        self.tell(START, *(self.sample(seq, 1) for seq in seqs))
        self.wait_settled(EPOCH, "{[1,10)}", agent=self.agent)
        self.one.process.send_signal(signal.SIGSTOP)
        for value in (5, 6, 1):
            for seq in seqs:
                self.tell(self.sample(seq, value))
        self.tell({"seq": 10, "event": "last"})
        self.one.process.send_signal(signal.SIGCONT)
        self.wait_settled(EPOCH, "{[1,11)}", agent=self.agent)
        self.assertEqual(self.conflicts("first->'values'->>'active_power'", "other->'values'->>'active_power'"), [["1", "5"], ["1", "6"]])

    def a_conflict_tells_all_of_the_first(self):
        self.tell(START, self.sample(2, 1, took=7777))
        self.wait_settled(EPOCH, "{[1,3)}", agent=self.agent)
        self.tell(self.sample(2, 1), {"seq": 3, "event": "last"})
        self.wait_settled(EPOCH, "{[1,4)}", agent=self.agent)
        self.assertEqual(self.conflicts("first->>'took'", "other->>'took'"), [["7777", ""]])

    def a_void_record_that_came_is_no_gap(self):
        """Seq 2 tells that 5 to 7 were damaged; later 1 to 4 are given up, but they had come."""
        self.tell(START, {"seq": 2, "void": {"epoch": EPOCH, "first": 5, "last": 7}, "why": "corrupt"},
                  {"seq": 3, "event": "x"}, {"seq": 4, "event": "x"})
        self.tell({"seq": 8, "void": {"epoch": EPOCH, "first": 1, "last": 4}, "why": "aged-out"})
        self.wait_settled(EPOCH, "{[1,9)}", agent=self.agent)
        gaps = self.database.sql(f"select first, last, why from congto.gaps where agent = '{self.agent}'")
        self.assertEqual(gaps, [["5", "7", "corrupt"]])

    def two_intervals_meet_in_one_slot(self):
        """A box reads the meter every 10 s, another one, heard later, every second: doubles and reading_once tell the same of it."""
        second = self.agent + "-b"
        self.enrol(second, self.site)
        for agent, every, epoch in ((self.agent, 10_000, EPOCH), (second, 1000, "11" * 16)):
            meter = {"name": "m-1", "bus": "b", "unit_id": 1, "profile": "p", "medium": "electricity", "every": every, "points": "p"}
            layout = {"v": 1, "agent": agent, "site": self.site, "id": "layout-1", "meters": [meter],
                      "points": {"p": {"active_power": {"unit": "W", "kind": "gauge"}}}}
            sample = self.sample(3, every, ts=self.slot + every * 45 // 100)  # in the same slot, each in time for its interval
            self.tell(START, {"seq": 2, "event": "meta", "id": "layout-1", "meta": layout}, sample, epoch=epoch, agent=agent)
            self.wait_settled(epoch, "{[1,4)}", agent=agent)
        of_site = f"where site = '{self.site}'"
        self.assertEqual(self.database.sql(f"select agent, kept_agent from congto.doubles {of_site}"), [[second, self.agent]])
        self.assertEqual(self.database.sql(f"select agent from congto.reading_once {of_site}"), [[self.agent]])


def batch(epoch, *records, agent=AGENT_NAME, site=SITE):
    return {"v": 1, "agent": agent, "site": site, "epoch": epoch, "sent": 1, "meta": "layout-1", "records": list(records)}


if __name__ == "__main__":
    main()
