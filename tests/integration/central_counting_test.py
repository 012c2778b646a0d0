#!/usr/bin/python3
"""The views of the central database that count every sample: completeness, counters and doubles; by hand-made rows."""
import unittest

from tests.support.central_rows import DAY, HOUR, MINUTE, MONDAY, SECOND, ViewCase, at

TEN = 10 * SECOND
POWER = {"power": ("W", "gauge", None)}
NAMES = "day, expected, read, failed, skipped, off, missing"


class Completeness(ViewCase):
    def days(self, box, columns=NAMES, first="2026-03-02", last="2026-03-02", where="true"):
        box.spans()
        return self.rows(box, columns, f"completeness_of('{first}', '{last}', '{box.name}')", where, "day, meter")

    def plant(self, every=TEN):
        box = self.box()
        box.layout("a", {"m-1": (every, POWER)})
        box.epoch("e")
        return box

    def test_days_end_at_midnight_utc(self):
        box = self.plant()
        box.samples("e", 1, "m-1", "a", (MONDAY - 2 * TEN, MONDAY + DAY + 3 * TEN, TEN))
        box.remove()
        self.assertEqual(self.days(box, first="2026-03-01", last="2026-03-04"), [
            ["2026-03-01", "2", "2", "0", "0", "0", "0"], ["2026-03-02", "8640", "8640", "0", "0", "0", "0"],
            ["2026-03-03", "3", "3", "0", "0", "0", "0"]])
        self.assertEqual(self.days(box, "complete_percent, read_percent, why"), [["100.0000", "100.0000", ""]])

    def test_what_was_not_read_is_sorted_by_why(self):
        box = self.plant()
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 12 * HOUR, TEN))
        box.samples("e", 5001, "m-1", "a", (MONDAY + 12 * HOUR, MONDAY + 13 * HOUR, TEN), value="", q={"*": "timeout"})
        box.samples("e", 6001, "m-1", "a", (MONDAY + 13 * HOUR, MONDAY + 14 * HOUR, TEN), value="null", q={"power": "timeout"})
        # 40 minutes are told as skipped; within them lie two failed polls, and a poll that was then read.
        box.skipped("e", 7001, "m-1", "a", MONDAY + 14 * HOUR, MONDAY + 14 * HOUR + 30 * MINUTE - TEN)
        box.skipped("e", 7002, "m-1", "a", MONDAY + 14 * HOUR + 20 * MINUTE, MONDAY + 14 * HOUR + 40 * MINUTE - TEN, "overrun")
        box.samples("e", 7003, "m-1", "a", (MONDAY + 14 * HOUR, MONDAY + 14 * HOUR + 2 * TEN, TEN), value="", q={"*": "crc"})
        box.samples("e", 7006, "m-1", "a", (MONDAY + 14 * HOUR + TEN, MONDAY + 14 * HOUR + 2 * TEN, TEN))
        box.samples("e", 8001, "m-1", "a", (MONDAY + 15 * HOUR, MONDAY + DAY, TEN))
        self.assertEqual(self.days(box), [["2026-03-02", "8640", str(21 * 360 + 1), str(2 * 360 + 1), "238", "0", "120"]])
        self.assertEqual(self.days(box, "complete_percent, read_percent"), [["98.6111", "87.5115"]])

    def test_skipped_across_midnight_counts_on_both_days(self):
        box = self.plant(every=15 * MINUTE)
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 23 * HOUR, 15 * MINUTE))
        box.skipped("e", 201, "m-1", "a", MONDAY + 23 * HOUR, MONDAY + DAY + 45 * MINUTE)
        box.samples("e", 301, "m-1", "a", (MONDAY + DAY + HOUR, MONDAY + 2 * DAY, 15 * MINUTE))
        self.assertEqual(self.days(box, last="2026-03-03"), [
            ["2026-03-02", "96", "92", "0", "4", "0", "0"], ["2026-03-03", "96", "92", "0", "4", "0", "0"]])

    def test_an_outage_is_off_where_the_start_record_covers_it(self):
        box = self.plant()
        box.epoch("covered", since=MONDAY + 6 * HOUR)
        box.epoch("half", since=MONDAY + 13 * HOUR)
        box.epoch("first again")  # its start says nothing
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 6 * HOUR, TEN))
        box.samples("covered", 1, "m-1", "a", (MONDAY + 8 * HOUR, MONDAY + 12 * HOUR, TEN))
        box.samples("half", 1, "m-1", "a", (MONDAY + 14 * HOUR, MONDAY + 18 * HOUR, TEN))
        box.samples("first again", 1, "m-1", "a", (MONDAY + 19 * HOUR, MONDAY + DAY, TEN))
        # off is only what is not told otherwise
        box.samples("e", 5001, "m-1", "a", (MONDAY + 6 * HOUR, MONDAY + 6 * HOUR + 2 * TEN, TEN))
        box.skipped("e", 5004, "m-1", "a", MONDAY + 7 * HOUR, MONDAY + 7 * HOUR + 2 * TEN)
        self.assertEqual(self.days(box), [["2026-03-02", "8640", str(19 * 360 + 2), "0", "3", str(3 * 360 - 5), str(2 * 360)]])

    def test_a_slot_that_passes_while_a_line_is_listened_to_was_not_promised(self):
        box = self.box()
        box.layout("a", {"m-1": (TEN, POWER), "m-2": (MINUTE, POWER)})
        box.epoch("e")
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + TEN, TEN))
        box.samples("e", 2, "m-1", "a", (MONDAY + 2 * TEN, MONDAY + DAY, TEN))
        box.samples("e", 10_001, "m-2", "a", (MONDAY + MINUTE, MONDAY + DAY, MINUTE))
        self.assertEqual(self.days(box, "meter, expected, read, off, missing"), [
            ["m-1", "8640", "8639", "0", "1"], ["m-2", "1440", "1439", "1", "0"]])

    def test_a_new_layout_at_noon_changes_meters_and_intervals(self):
        box = self.box()
        box.layout("a", {"m-1": (TEN, POWER), "m-2": (MINUTE, POWER)})
        box.layout("b", {"m-1": (15 * MINUTE, POWER), "m-3": (TEN, POWER)})
        box.epoch("e")
        box.epoch("f", since=MONDAY + 12 * HOUR)
        noon = MONDAY + 12 * HOUR
        box.samples("e", 1, "m-1", "a", (MONDAY, noon, TEN))
        box.samples("e", 10_001, "m-2", "a", (MONDAY, noon, MINUTE))
        box.samples("f", 1, "m-3", "b", (noon + 5 * TEN, MONDAY + DAY, TEN))
        box.samples("f", 10_001, "m-1", "b", (noon + 15 * MINUTE, MONDAY + DAY, 15 * MINUTE))
        # a is in use until the first slot of b, and what lies between is off
        self.assertEqual(self.days(box, "meter, expected, read, off, missing"), [
            ["m-1", str(4320 + 5 + 47), str(4320 + 47), "5", "0"], ["m-2", "721", "720", "1", "0"],
            ["m-3", str(4320 - 5), str(4320 - 5), "0", "0"]])

    def test_a_slot_that_two_epochs_tell_counts_once(self):
        box = self.plant()
        box.epoch("clone")
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + DAY - HOUR, TEN))
        box.samples("clone", 1, "m-1", "a", (MONDAY + HOUR, MONDAY + DAY, TEN))
        self.assertEqual(self.days(box), [["2026-03-02", "8640", "8640", "0", "0", "0", "0"]])

    def test_a_removed_agent_is_expected_until_its_last_slot(self):
        box = self.plant()
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + HOUR, TEN))
        self.assertEqual(self.days(box, last="2026-03-03"), [
            ["2026-03-02", "8640", "360", "0", "0", "0", "8280"], ["2026-03-03", "8640", "0", "0", "0", "0", "8640"]])
        box.remove()
        self.assertEqual(self.days(box, last="2026-03-03"), [["2026-03-02", "360", "360", "0", "0", "0", "0"]])

    def test_a_layout_that_has_not_come(self):
        box = self.box()
        box.layout("a", {"m-1": (TEN, POWER), "m-2": (TEN, POWER)})
        box.layout("b")
        box.epoch("e")
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 12 * HOUR, TEN))
        box.sample("e", 9001, MONDAY + 13 * HOUR, "m-1", "b", [1])
        box.sample("e", 9002, MONDAY + 13 * HOUR, "m-9", "b", [1])
        why = "the meaning of layout b has not come"
        self.assertEqual(self.days(box, "meter, expected, read, missing, complete_percent, why"), [
            ["m-1", "", "4320", "", "", why], ["m-2", "", "0", "", "", why], ["m-9", "", "", "", "", why]])
        self.assertEqual(self.days(box, "meter, expected, missing, why", "2026-03-03", "2026-03-03", "meter = 'm-1'"),
                         [["m-1", "8640", "8640", ""]])
        # Its slots are known by what was skipped: from then on nothing is.
        box.skipped("e", 9003, "m-1", "b", MONDAY + 14 * HOUR, MONDAY + 15 * HOUR)
        self.assertEqual(self.days(box, "meter, expected, why", where="meter = 'm-1'"), [["m-1", "", why]])

    def test_slots_of_an_estimated_clock_are_floored(self):
        box = self.plant()
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 12 * HOUR, TEN))
        box.epoch("lost its clock")
        box.samples("lost its clock", 1, "m-1", "a", (MONDAY + 12 * HOUR + 3456, MONDAY + DAY, TEN), clock_error=60_000)
        self.assertEqual(self.days(box), [["2026-03-02", "8640", "8640", "0", "0", "0", "0"]])

    def test_clock_shifts_move_slots_to_another_day(self):
        box = self.plant()
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + HOUR, TEN))
        box.skipped("e", 500, "m-1", "a", MONDAY + HOUR, MONDAY + HOUR + TEN)
        box.epoch("f")
        box.shift("f", 1, "e", 1, 1000, DAY)
        box.remove()
        self.assertEqual(self.days(box, first="2026-03-01", last="2026-03-04"), [["2026-03-03", "362", "360", "0", "2", "0", "0"]])

    def test_today_ends_two_minutes_ago(self):
        box = self.plant(every=SECOND)
        # In one transaction, so that now() is the same for the samples and for the question.
        box.write(f"""begin;
            insert into sample (agent_id, epoch_id, seq, ts, slot, meter_id, layout_id, hash, values)
            select {box.id}, epoch_id, i, now() - i * interval '1 s', floor(extract(epoch from now()) - i) * 1000,
              {box.meter('m-1')}, layout_id, i, '{{1}}' from epoch join layout using (agent_id), generate_series(0, 200) i where agent_id = {box.id};
            delete from sample where agent_id = {box.id} and seq in (119, 121, 122);
            insert into layout_span select agent_id, epoch_id, layout_id, min(slot), max(slot) from sample where agent_id = {box.id} group by 1, 2, 3;
            create table counted as select sum(expected) as expected, sum(read) as read, sum(missing) as missing
            from completeness where agent = '{box.name}';
            commit""")
        box.flush()
        self.assertEqual(self.database.sql("select expected, read, missing from congto.counted"), [["81", "79", "2"]])
        self.database.sql("drop table congto.counted")
        self.assertRegex(self.rows(box, "coalesce(complete_yesterday, complete_today)", "agents", order="1")[0][0], r"^9\d\.")


class Counters(ViewCase):
    def plant(self, rollover="null"):
        box = self.box()
        box.layout("a", {"m-1": (15 * MINUTE, {"energy": ("kWh", "counter", rollover), "power": ("W", "gauge", None)})})
        box.epoch("e")
        return box

    def hours(self, box, columns, first=MONDAY, last=MONDAY + 3 * HOUR):
        return self.rows(box, columns, f"counters_hourly_of({at(first)}, {at(last)}, '{box.name}')", order="hour, point")

    def test_growth_between_the_ends_of_an_hour(self):
        box = self.plant()
        for seq, (ts, value) in enumerate([(-HOUR, 90), (-100, 100), (15 * MINUTE, 101.5), (HOUR, 104), (HOUR + 100, 104.25),
                                           (2 * HOUR - 100, 106)]):
            box.sample("e", seq + 1, MONDAY + ts, "m-1", "a", [value, 5])
        self.assertEqual(self.hours(box, "point, unit, hour, readings, from_ts, from_value, first_ts, first_value, to_ts, to_value, consumed, "
                                         "rollovers, resets, quality"), [
            ["energy", "kWh", "2026-03-02 00:00:00+00", "2", "2026-03-01 23:59:59.9+00", "100", "2026-03-02 00:15:00+00", "101.5",
             "2026-03-02 01:00:00+00", "104", "4", "0", "0", ""],
            ["energy", "kWh", "2026-03-02 01:00:00+00", "2", "2026-03-02 01:00:00+00", "104", "2026-03-02 01:00:00.1+00", "104.25",
             "2026-03-02 01:59:59.9+00", "106", "2", "0", "0", ""]])
        # a reading on the hour is the end of the hour before
        self.assertEqual(self.hours(box, "hour, from_value, consumed", first=MONDAY + HOUR), [["2026-03-02 01:00:00+00", "104", "2"]])
        self.assertEqual(self.hours(box, "hour, to_value", last=MONDAY + HOUR), [["2026-03-02 00:00:00+00", "104"]])

    def test_what_grew_unread_stands_in_the_hour_of_the_next_reading(self):
        box = self.plant()
        box.sample("e", 1, MONDAY + MINUTE, "m-1", "a", [10])
        box.sample("e", 2, MONDAY + HOUR + MINUTE, "m-1", "a", [], q={"*": "timeout"})
        box.sample("e", 3, MONDAY + HOUR + 2 * MINUTE, "m-1", "a", [12], q={"energy": "implausible"})
        box.sample("e", 4, MONDAY + 2 * HOUR + MINUTE, "m-1", "a", [13], clock_error=1000)
        self.assertEqual(self.hours(box, "hour, readings, from_value, from_ts, consumed, quality"), [
            ["2026-03-02 00:00:00+00", "1", "", "", "", "no reading before"],
            ["2026-03-02 02:00:00+00", "1", "10", "2026-03-02 00:01:00+00", "3", "estimated clock"]])
        self.assertEqual(self.hours(box, "hour, from_value, consumed", first=MONDAY + 2 * HOUR), [["2026-03-02 02:00:00+00", "10", "3"]])

    def test_rollover_and_reset(self):
        for rollover, values, expected in [
                ("1000", (990, 998, 3, 5), ["15", "1", "0", ""]),     # 8 + 5 + 2
                ("null", (990, 998, 3, 5), ["10", "0", "1", "reset"]),
                ("1000", (300, 301, 3, 5), ["3", "0", "1", "reset"]),  # far from its top: the meter was changed
                ("1000", (990, 998, 0, 998), ["1008", "1", "0", ""])]:
            box = self.plant(rollover)
            for seq, value in enumerate(values):
                box.sample("e", seq + 1, MONDAY + (seq + 1) * MINUTE, "m-1", "a", [value])
            self.assertEqual(self.hours(box, "consumed, rollovers, resets, quality"), [expected[:3] + [", ".join(filter(None, [
                "no reading before", expected[3]]))]], values)

    def test_corrections_and_another_unit(self):
        box = self.plant()
        box.layout("b", {"m-1": (15 * MINUTE, {"energy": ("m3", "counter", None)})})
        box.sample("e", 1, MONDAY + MINUTE, "m-1", "a", [10])
        box.sample("e", 2, MONDAY + 2 * MINUTE, "m-1", "a", [1400])
        box.correction("e", 9, ("e", 2), {"energy": 14})
        box.sample("e", 3, MONDAY + 3 * MINUTE, "m-1", "b", [70])
        box.sample("e", 4, MONDAY + 4 * MINUTE, "m-1", "b", [71])
        self.assertEqual(sorted(self.hours(box, "unit, consumed")), [["kWh", "4"], ["m3", "1"]])

    def test_the_view_shows_yesterday_and_today(self):
        box = self.plant()
        for seq, hours in enumerate((80, 1)):
            box.write(f"insert into sample (agent_id, epoch_id, seq, ts, meter_id, layout_id, hash, values) select agent_id, epoch_id, {seq + 1}, "
                      f"now() - interval '{hours} hours', {box.meter('m-1')}, layout_id, 1, '{{{seq}}}' from epoch join layout using (agent_id) "
                      f"where agent_id = {box.id}")
        self.assertEqual(self.rows(box, "readings, consumed", "counters_hourly", order="hour"), [["1", "1"]])


class Doubles(ViewCase):
    COLUMNS = "meter, slot, seq, kept_agent, kept_seq, kept_epoch"

    def doubles(self, box):
        return self.rows(box, self.COLUMNS, f"doubles_of({at(MONDAY)}, {at(MONDAY + DAY)})", order="slot, seq")

    def test_two_epochs_and_one_slot_polled_twice(self):
        box = self.box()
        box.layout("a", {"m-1": (TEN, POWER), "m-2": (TEN, POWER)})
        box.epoch("clone", heard=MONDAY + HOUR)
        first = box.epoch("e", heard=MONDAY)
        box.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 4 * TEN, TEN), value="10 + i")
        box.samples("clone", 11, "m-1", "a", (MONDAY + 2 * TEN, MONDAY + 5 * TEN, TEN), value="20 + i")
        box.samples("e", 21, "m-2", "a", (MONDAY, MONDAY + 2 * TEN, TEN))
        box.sample("e", 31, MONDAY + 9000, "m-2", "a", [7], slot=MONDAY)
        self.assertEqual(self.doubles(box), [
            ["m-2", "2026-03-02 00:00:00+00", "31", box.name, "21", first],
            ["m-1", "2026-03-02 00:00:20+00", "11", box.name, "3", first], ["m-1", "2026-03-02 00:00:30+00", "12", box.name, "4", first]])
        self.assertEqual(self.rows(box, "meter, seq, value", "reading_once", order="meter, ts"), [
            ["m-1", "1", "10"], ["m-1", "2", "11"], ["m-1", "3", "12"], ["m-1", "4", "13"], ["m-1", "13", "22"],
            ["m-2", "21", "1"], ["m-2", "22", "1"]])

    def test_two_agents_of_one_site_and_the_one_that_read_it(self):
        old, new, stranger = self.box("shared"), self.box("shared"), self.box()
        for box, heard in ((old, MONDAY), (new, MONDAY + HOUR), (stranger, MONDAY - HOUR)):
            box.layout("a", {"m-1": (TEN, POWER)})
            box.epoch("e", heard=heard)
        old.sample("e", 1, MONDAY + 40, "m-1", "a", [1], slot=MONDAY)
        old.sample("e", 2, MONDAY + TEN, "m-1", "a", [], slot=MONDAY + TEN, q={"*": "timeout"})
        new.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 2 * TEN, TEN))
        stranger.samples("e", 1, "m-1", "a", (MONDAY, MONDAY + 2 * TEN, TEN))
        for box in (new, stranger):
            box.flush()
        self.assertEqual(self.doubles(old), [["m-1", "2026-03-02 00:00:10+00", "2", new.name, "2", new.hex("e")]])
        self.assertEqual(self.doubles(new), [["m-1", "2026-03-02 00:00:00+00", "1", old.name, "1", old.hex("e")]])
        self.assertEqual(self.doubles(stranger), [])
        self.assertEqual(self.rows(old, "seq", "reading_once", order="1"), [["1"]])
        self.assertEqual(self.rows(new, "seq", "reading_once", order="1"), [["2"]])
        self.assertEqual(self.rows(stranger, "seq", "reading_once", order="1"), [["1"], ["2"]])


if __name__ == "__main__":
    unittest.main()
