#!/usr/bin/python3
"""The views of the central database that look at everything: readings, what is newest, silent, missing or refused; by hand-made rows."""
import unittest

from tests.support.central_rows import DAY, HOUR, MINUTE, MONDAY, SECOND, ViewCase, at

POWER = ("W", "gauge", None)
ENERGY = ("kWh", "counter", 1000)
VIEWS = ["agent_health", "agents", "completeness", "counters_hourly", "dated_sample", "dated_skipped", "dated_span", "doubles", "gaps",
         "known_epoch", "last_read", "latest", "layout_spell", "off_time", "reading", "reading_once", "refused", "shifted_seqs",
         "silent_agents", "silent_meters", "told_reading"]


class Readings(ViewCase):
    def test_values_with_unit_kind_and_quality(self):
        box = self.box()
        box.layout("a", {"m-1": (10 * SECOND, {"power": POWER, "energy": ENERGY, "current": ("A", "gauge", None)})})
        epoch = box.epoch("e")
        box.sample("e", 2, MONDAY + 10_150, "m-1", "a", [7421.5, 12], slot=MONDAY + 10_000, q={"current": "not-available"})
        box.sample("e", 3, MONDAY + 20_150, "m-1", "a", [None, 9999999, 1], slot=MONDAY + 20_000, q={"energy": "implausible"})
        box.sample("e", 4, MONDAY + 30_150, "m-1", "a", [], slot=MONDAY + 30_000, q={"*": "timeout"}, clock_error=5000)
        self.assertEqual(self.rows(box, "seq, point, value, unit, kind, quality, clock_error", "reading", order="seq, point"), [
            ["2", "current", "", "A", "gauge", "not-available", ""],
            ["2", "energy", "12", "kWh", "counter", "", ""],
            ["2", "power", "7421.5", "W", "gauge", "", ""],
            ["3", "current", "1", "A", "gauge", "", ""],
            ["3", "energy", "9999999", "kWh", "counter", "implausible", ""],
            ["4", "current", "", "A", "gauge", "timeout", "5000"],
            ["4", "energy", "", "kWh", "counter", "timeout", "5000"],
            ["4", "power", "", "W", "gauge", "timeout", "5000"]])
        self.assertEqual(self.rows(box, "site, meter, ts, slot, epoch", "reading", "seq = 2 and point = 'power'"),
                         [[f"site-{ViewCase.boxes}", "m-1", "2026-03-02 00:00:10.15+00", "2026-03-02 00:00:10+00", epoch]])

    def test_a_layout_that_has_not_come(self):
        box = self.box()
        box.layout("a")
        box.meter("m-1", ["power"])
        box.epoch("e")
        box.sample("e", 2, MONDAY, "m-1", "a", [5])
        self.assertEqual(self.rows(box, "value, unit, kind, slot", "reading"), [["5", "", "", ""]])
        self.assertEqual(self.rows(box, "value", "reading_once", order="1"), [["5"]])
        self.assertEqual(self.rows(box, "point, value, unit", "latest"), [["power", "5", ""]])

    def test_the_last_correction_takes_the_place_of_the_values(self):
        box = self.box()
        box.layout("a", {"m-1": (10 * SECOND, {"power": POWER, "energy": ENERGY})})
        box.epoch("late", heard=MONDAY + DAY)  # its rows come first, and it was heard last
        box.epoch("e")
        box.sample("e", 2, MONDAY, "m-1", "a", [1, 2], slot=MONDAY)
        box.sample("e", 3, MONDAY + 10_000, "m-1", "a", [3, 4], slot=MONDAY + 10_000)
        box.correction("late", 7, ("e", 2), {"power": 10.5}, q={"energy": "implausible"})
        box.correction("late", 6, ("e", 2), {"power": 11, "energy": 12})
        box.correction("e", 9, ("e", 2), {"power": 13, "energy": 14})
        self.assertEqual(self.rows(box, "seq, point, value, unit, quality", "reading"), [
            ["2", "energy", "", "kWh", "implausible"], ["2", "power", "10.5", "W", ""],
            ["3", "energy", "4", "kWh", ""], ["3", "power", "3", "W", ""]])

    def test_clock_shifts_move_ts_and_slot_and_add_up(self):
        box = self.box()
        box.layout("a", {"m-1": (10 * SECOND, {"power": POWER})})
        box.epoch("e")
        box.samples("e", 2, "m-1", "a", (MONDAY, MONDAY + 40_000, 10_000), value="i")
        box.shift("e", 90, "e", 3, 4, HOUR)
        box.shift("e", 91, "e", 4, 9, MINUTE)
        self.assertEqual(self.rows(box, "seq, ts, slot, value", "reading"), [
            ["2", "2026-03-02 00:00:00.04+00", "2026-03-02 00:00:00+00", "0"],
            ["3", "2026-03-02 01:00:10.04+00", "2026-03-02 01:00:10+00", "1"],
            ["4", "2026-03-02 01:01:20.04+00", "2026-03-02 01:01:20+00", "2"],
            ["5", "2026-03-02 00:01:30.04+00", "2026-03-02 00:01:30+00", "3"]])
        self.assertEqual(self.rows(box, "seq", "reading", f"ts > {at(MONDAY + HOUR)}", order="1"), [["3"], ["4"]])
        self.assertEqual(self.rows(box, "value, ts", "latest", order="1"), [["2", "2026-03-02 01:01:20.04+00"]])

    def test_one_meter_and_a_time_are_found_by_the_index(self):
        box = self.box()
        for name in ("m-1", "m-2", "m-3"):
            box.layout(f"of {name}", {name: (SECOND, {"power": POWER})})
            box.epoch(f"e {name}")
            box.samples(f"e {name}", 2, name, f"of {name}", (MONDAY, MONDAY + 20_000_000, SECOND))
        box.write("analyze sample")
        box.flush()
        for view in ("reading", "reading_once"):
            plan = self.database.sql(f"explain select * from congto.{view} where agent = '{box.name}' and meter = 'm-2' and point = 'power' "
                                     f"and ts >= {at(MONDAY + HOUR)} and ts < {at(MONDAY + 2 * HOUR)}")
            found = [line for (line,) in plan if "Index Cond" in line and "ts >=" in line and "agent_id" in line and "meter_id" in line]
            self.assertTrue(found, plan)
            self.assertFalse([line for (line,) in plan if "Seq Scan on sample" in line], plan)


class Latest(ViewCase):
    def test_a_refused_point_shows_its_last_good_value_of_a_day(self):
        box = self.box()
        box.layout("old", {"m-1": (10 * SECOND, {"gone": POWER})})
        box.layout("a", {"m-1": (10 * SECOND, {"power": POWER, "energy": ENERGY, "current": POWER})})
        box.write(f"update congto.meter set points = array['gone', 'power', 'energy', 'current'] where agent_id = {box.id}")
        box.epoch("e")
        newest = MONDAY + DAY
        box.sample("e", 2, MONDAY - 1, "m-1", "a", [1, 1, 1, 1])
        box.sample("e", 10, newest - 2 * HOUR, "m-1", "old", [8])
        box.sample("e", 3, newest - HOUR, "m-1", "a", [None, 2, 2])
        box.sample("e", 4, newest - MINUTE, "m-1", "a", [None, 3, 3], q={"energy": "implausible"})
        box.sample("e", 5, newest, "m-1", "a", [None, 4], q={"energy": "timeout"})
        self.assertEqual(self.rows(box, "point, value, unit, ts, age > interval '1 minute'", "latest"), [
            ["energy", "2", "kWh", "2026-03-02 23:00:00+00", "t"], ["power", "4", "W", "2026-03-03 00:00:00+00", "t"]])
        box.correction("e", 9, ("e", 5), {"energy": 40}, q={"power": "implausible"})
        self.assertEqual(self.rows(box, "point, value", "latest", order="1"), [["energy", "40"], ["power", "3"]])


class Silent(ViewCase):
    def plant(self, age="0 s", last="now()"):
        box = self.box()
        box.layout("a", {"m-1": (30 * SECOND, {"power": POWER})})
        box.epoch("e", heard=MONDAY)
        (last,), = self.database.sql(f"select (extract(epoch from {last}) * 1000)::bigint")
        box.sample("e", 2, last, "m-1", "a", [1], slot=last)
        box.status(age=age, epoch="e", last=2, unacknowledged=32, clock="ntp, error 12 ms", clock_known=True, version="0.1.0",
                   alarms=["no acknowledgement for 24 h"], meters=[{"name": "m-1", "state": "ok"}])
        box.spans()
        return box

    def test_agents(self):
        columns = "why, online, last_heard > now() - interval '5 minutes', last_reading, unacknowledged, clock, clock_known, alarms, version"
        self.assertEqual(self.rows(self.plant(), columns, "silent_agents"), [])
        box = self.plant(age="4 minutes", last="timestamptz '2026-03-02 00:00:07+00'")
        (why, *rest), = self.rows(box, columns, "silent_agents")
        self.assertRegex(why, "^no status since ....-..-..")
        self.assertEqual(rest, ["t", "t", "2026-03-02 00:00:07+00", "32", "ntp, error 12 ms", "t", '{"no acknowledgement for 24 h"}', "0.1.0"])
        box.remove()
        self.assertEqual(self.rows(box, columns, "silent_agents"), [])
        box = self.plant()
        box.write(f"update agent_status set online = false where agent_id = {box.id}")
        self.assertEqual(self.rows(box, "why", "silent_agents", order="1"), [["it is not connected to the broker"]])
        self.assertEqual(self.rows(self.box(), "why, online, last_heard, unacknowledged, alarms", "silent_agents"),
                         [["it never told its status", "", "", "", "{}"]])

    def test_a_status_of_another_form_is_shown_as_unknown(self):
        box = self.box()
        box.status(age="1 hour", unacknowledged="many", clock_known="yes", alarms=7, last=None, epochs=3, meters="none")
        self.assertEqual(self.rows(box, "unacknowledged, clock_known, alarms", "silent_agents"), [["", "", "{7}"]])
        self.assertEqual(self.rows(box, "holes", "agents", order="1"), [["0"]])

    def test_meters(self):
        columns = "meter, every, last_reading is null, silent_for > interval '1 minute', why, state"
        self.assertEqual(self.rows(self.plant(last="now() - interval '80 s'"), columns, "silent_meters"), [])
        box = self.plant(last="now() - interval '100 s'")
        self.assertEqual(self.rows(box, columns, "silent_meters"), [["m-1", "00:00:30", "f", "t", "nothing came", "ok"]])
        (last,), = self.database.sql("select (extract(epoch from now()) * 1000)::bigint")
        box.sample("e", 3, last, "m-1", "a", [], slot=last, q={"*": "timeout"})
        box.skipped("e", 4, "m-1", "a", int(last) + 30_000, int(last) + 30_000)
        box.write(f"update agent_status set status = jsonb_set(status, '{{meters,0,state}}', '\"silent\"') where agent_id = {box.id}")
        self.assertEqual(self.rows(box, "why, state", "silent_meters", order="1"), [["timeout; silent; skipped: back-off", "silent"]])
        box = self.plant(age="1 hour", last="now() - interval '1 hour'")
        self.assertEqual(self.rows(box, "why", "silent_meters", order="1"), [["the agent is silent"]])
        box.remove()
        self.assertEqual(self.rows(box, "why", "silent_meters", order="1"), [])

    def test_a_meter_that_was_never_read_and_one_that_was_taken_away(self):
        box = self.plant(last="now() - interval '100 s'")
        box.layout("b", {"m-2": (10 * SECOND, {"power": POWER})})
        (last,), = self.database.sql("select (extract(epoch from now()) * 1000)::bigint")
        box.sample("e", 3, last, "m-2", "b", [], slot=last, q={"*": "no-link"})
        box.write(f"delete from layout_span where agent_id = {box.id}")
        box.spans()
        self.assertEqual(self.rows(box, "meter, last_reading, silent_for, why", "silent_meters"), [["m-2", "", "", "no-link"]])


class Gaps(ViewCase):
    COLUMNS = "epoch, first, last, count, kind, why"

    def test_holes(self):
        box = self.box()
        box.epoch("a", "{[1,5),[8,11)}")           # its successor says 12
        box.epoch("b", "{[3,5)}", prev="a", prev_last=12, heard=MONDAY + DAY)
        box.epoch("c", "{[1,41)}", prev="b", prev_last=4)
        box.epoch("d", "{[1,21)}", prev="c", prev_last=30)  # 31 to 40 of c are kept, and no hole
        box.status(epoch="d", last=25, epochs=[[box.hex("d"), 24, 25]])
        box.write(f"update epoch set asked_at = now() where agent_id = {box.id} and epoch = '{box.hex('b')}'")
        self.assertEqual(self.rows(box, self.COLUMNS, "gaps", order="kind, since, epoch = '" + box.hex("d") + "', first"), [
            [box.hex("b"), "1", "2", "2", "hole", "not come; asked for again"],
            [box.hex("d"), "21", "25", "5", "hole", "not come"],
            [box.hex("a"), "5", "7", "3", "hole", "not come"],
            [box.hex("a"), "11", "12", "2", "hole", "not come"]])
        self.assertEqual(self.rows(box, "distinct since", "gaps", f"epoch = '{box.hex('a')}'", order="1"), [["2026-03-03 00:00:00+00"]])
        box.write(f"update agent_status set status = jsonb_set(status, '{{epochs,0,1}}', '21') where agent_id = {box.id}")
        self.assertEqual(self.rows(box, "why", "gaps", f"epoch = '{box.hex('d')}'", order="1"), [["not come; the agent still holds it"]])
        self.assertEqual(self.rows(box, "holes, gaps", "agents", order="1"), [["4", "4"]])
        box.remove()
        self.assertEqual(self.rows(box, "distinct kind, why", "gaps", order="1"), [["closed", "closed: sold"]])

    def test_voids_less_what_came_after_all(self):
        box = self.box()
        box.layout("a", {"m-1": (10 * SECOND, {"power": POWER})})
        box.epoch("e", "{[1,101)}")
        box.status(epoch="e", last=100)
        box.void("e", 10, 20, "evicted")
        box.sample("e", 12, MONDAY, "m-1", "a", [1])
        box.event("e", 13, "clock")
        box.event("e", 20, "void", {"void": {"epoch": box.hex("e"), "first": 10, "last": 20}, "why": "evicted"})  # tells it, no data
        box.void("e", 30, 30, "corrupt")
        box.event("e", 30, "void", {"void": {"epoch": box.hex("e"), "first": 30, "last": 30}, "why": "corrupt"})
        box.void("e", 50, 51, "evicted")
        box.sample("e", 50, MONDAY, "m-1", "a", [1])
        box.event("e", 51, "skipped")
        self.assertEqual(self.rows(box, self.COLUMNS, "gaps", order="first"), [
            [box.hex("e"), "10", "11", "2", "void", "evicted"], [box.hex("e"), "14", "20", "7", "void", "evicted"],
            [box.hex("e"), "30", "30", "1", "void", "corrupt"]])

    def test_open_ends(self):
        box = self.box()
        box.epoch("lost", "{[1,8)}", last_heard=MONDAY + HOUR)
        box.epoch("given up", "{[1,5),[7,9007199254740992)}")
        box.void("given up", 7, None, "unknown-epoch")
        box.epoch("closed", "{[1,5)}")
        box.epoch("current", "{[1,5)}")
        box.write(f"update epoch set closed_at = now() where agent_id = {box.id} and epoch = '{box.hex('closed')}'")
        box.status(epoch="current", last=4)
        box.epoch("just heard", "{[1,3)}")
        box.write(f"update epoch set first_heard = now() + interval '1 s' where agent_id = {box.id} and epoch = '{box.hex('just heard')}'")
        self.assertEqual(self.rows(box, self.COLUMNS + ", since", "gaps", "kind <> 'void'", order="kind"), [
            [box.hex("given up"), "5", "6", "2", "hole", "not come", "2026-03-02 00:00:00+00"],
            [box.hex("lost"), "8", "", "", "open-ended", "no epoch follows it", "2026-03-02 01:00:00+00"]])
        self.assertEqual(self.rows(box, self.COLUMNS, "gaps", "kind = 'void'"), [[box.hex("given up"), "7", "", "", "void", "unknown-epoch"]])

    def test_cloned_box_and_a_previous_epoch_that_nobody_heard(self):
        box = self.box()
        box.epoch("b", "{[1,5)}", prev="a", prev_last=500)
        box.epoch("c", "{[1,5)}", prev="b", prev_last=4, heard=MONDAY + 1)
        box.epoch("d", "{[1,5)}", prev="b", prev_last=4, heard=MONDAY + 2)
        box.status(epoch="d", last=4)
        self.assertEqual(self.rows(box, self.COLUMNS, "gaps", order="kind"), [
            [box.hex("b"), "", "", "", "cloned", f"followed by {box.hex('c')}, {box.hex('d')}"],
            [box.hex("c"), "5", "", "", "open-ended", "no epoch follows it"],
            [box.hex("a"), "1", "500", "500", "unknown-previous", f"never heard; followed by {box.hex('b')}"]])


class TheWhole(ViewCase):
    def test_refused(self):
        box = self.box()
        box.epoch("e")
        for number, (reason, times, when) in enumerate([("no values", 1, 0), ("no values", 4, HOUR), ("not JSON", 2, 0)]):
            box.write(f"insert into dead_letter (dead_letter_id, agent, topic, reason, payload, hash, first_at, last_at, times) overriding system "
                      f"value values ({number + 101}, '{box.name}', 't', '{reason}', 'x', '{number}', {at(MONDAY)}, {at(MONDAY + when)}, {times})")
        box.write(f"insert into dead_letter_overflow values ('{box.name}', 12, 'full', {at(MONDAY)})")
        for seq, when in ((5, 2), (6, 1)):
            box.write(f"insert into conflict (agent_id, epoch_id, seq, hash, first, other, last_at) select agent_id, epoch_id, {seq}, 1, '{{}}', "
                      f"'{{}}', {at(MONDAY + when * HOUR)} from epoch where agent_id = {box.id}")
        box.write("insert into dead_letter (agent, topic, reason, payload, hash) values ('stranger', 't', 'not enrolled', 'x', 'y')")
        self.assertEqual(self.rows(box, "kind, reason, different, times, newest_at, newest_id", "refused"), [
            ["conflict", "the same epoch and seq with another content", "2", "2", "2026-03-02 02:00:00+00", f"{box.hex('e')} 5"],
            ["dead letter", "no values", "2", "5", "2026-03-02 01:00:00+00", "102"],
            ["dead letter", "not JSON", "1", "2", "2026-03-02 00:00:00+00", "103"],
            ["not kept", "full", "", "12", "2026-03-02 00:00:00+00", ""]])
        self.assertEqual(self.database.sql("select agent, site, reason from congto.refused where site is null"), [["stranger", "", "not enrolled"]])

    def test_agents(self):
        box = self.box()
        box.epoch("e", "{[1,4)}")
        box.status(epoch="e", last=3, unacknowledged=2, version="0.1.0", clock="rtc", clock_known=False, alarms=["a", "b"])
        columns = "online, silent, unacknowledged, clock, clock_known, version, holes, gaps, alarms, complete_today, removed_why"
        self.assertEqual(self.rows(box, columns, "agents"), [["t", "", "2", "rtc", "f", "0.1.0", "0", "0", "2", "", ""]])
        box.remove()
        self.assertEqual(self.rows(box, "removed_why", "agents", order="1"), [["sold"]])

    def test_applied_again_and_again_and_read_by_a_reader(self):
        self.apply("schema.sql")
        self.apply("views.sql")
        self.assertEqual([name for (name,) in self.database.sql(
            "select viewname from pg_views where schemaname = 'congto' order by 1")], VIEWS)
        self.assertEqual(self.database.sql("select relname from pg_class where relnamespace = 'congto'::regnamespace and relkind = 'v' "
                                           "and obj_description(oid) is null"), [])
        for role in ("congto_reader", "congto_central"):
            self.database.sql(f"set role {role};\n" + "\n".join(f"select * from congto.{view} limit 1;" for view in VIEWS))


if __name__ == "__main__":
    unittest.main()
