#!/usr/bin/python3
"""What a box gone wrong, a frozen consumer or two consumers at the same moment can do to the centre: never a record that is
acknowledged and not there, never a standstill for the others."""
import gzip
import json
import random
import signal
import subprocess
import time

from tests.support.centre import SITE, CentreCase
from tests.support.plant import AGENT_NAME, main

EPOCH = "00112233445566778899aabbccddeeff"
OTHER = "aa" * 16
START = {"seq": 1, "event": "start", "prev": None, "since": None, "why": "first"}
LAYOUT = {"v": 1, "agent": AGENT_NAME, "site": SITE, "id": "layout-1",
          "meters": [{"name": "m-1", "bus": "b", "unit_id": 1, "profile": "p", "medium": "electricity", "every": 1000, "points": "p"}],
          "points": {"p": {"active_power": {"unit": "W", "kind": "gauge"}}}}
MOST_LETTERS = 10_000  # agent/central/parking.hpp


def now():
    return int(time.time() * 1000)


def sample(seq, values=None, **more):
    return {"seq": seq, "ts": now(), "meter": "m-1", "values": {"active_power": seq + 0.5} if values is None else values, **more}


def batch(*records, epoch=EPOCH, **more):
    return {"v": 1, "agent": AGENT_NAME, "site": SITE, "epoch": epoch, "sent": now(), "meta": "layout-1", "records": list(records), **more}


def too_old(seq):
    """The centre refuses it for its time."""
    return {"seq": seq, "ts": 5, "meter": "m-1", "values": {}}


def no_index_row(seq):
    """The schema allows it, the database does not: its reason is part of an index, whose rows end at 2.7 kB."""
    noise = random.Random(seq)
    return {"seq": seq, "void": {"epoch": OTHER, "first": 1, "last": 2}, "why": "".join(noise.choices("abcdefghijklmnopqrstuvwxyz", k=9000))}


class Hostile(CentreCase):
    def letters(self):
        return self.database.sql("select coalesce(seq::text, '-'), reason from congto.dead_letter order by dead_letter_id")

    def acks(self, reader):
        return [ack["ranges"] for message in reader.messages("down/ack") for ack in message.json()["acks"] if ack["epoch"] == EPOCH]

    def say_and_see_taken(self, *payloads, topic="up/data", encoding=None):
        """Everything that was said is stored, or parked, when a later record of the same consumer is settled."""
        for payload in payloads:
            self.say(topic, payload, encoding=encoding)
        self.say("up/data", batch(START, epoch="bb" * 16))
        self.wait_settled("bb" * 16, "{[1,2)}")

    def hold_events(self):
        """A session that keeps consumers from storing events, within their transactions; call what it returns to end it."""
        session = subprocess.Popen(["psql", "-XqtA", "-d", self.database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.kill)
        session.stdin.write("begin; lock table congto.event in share mode; select 'held';\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "held\n")

        def end():
            session.stdin.write("rollback;\n")
            session.stdin.close()
            session.wait()
        return end

    def wait_waiting(self, count):
        self.database.wait_sql("select count(*) from pg_stat_activity where application_name = 'congto-central' "
                               "and wait_event_type = 'Lock'", lambda rows: rows == [[str(count)]], f"{count} consumers that wait")

    # -- several consumers

    def test_samples_stored_while_another_consumer_learns_their_layout_have_slots(self):
        self.consumer()
        self.consumer()
        self.say("up/data", batch(START, sample(2)))
        self.wait_settled(EPOCH, "{[1,3)}")
        end = self.hold_events()
        self.say("up/data", batch(sample(3), {"seq": 4, "event": "odd"}))
        self.wait_waiting(1)
        self.say("up/meta", LAYOUT, retained=True)
        # The other consumer has to wait for the first, whose sample it could not see.
        self.wait_waiting(2)
        end()
        self.database.wait_sql("select count(*) from congto.layout_meter", lambda rows: rows == [["1"]], "the layout")
        self.wait_settled(EPOCH, "{[1,5)}")
        self.assertEqual(self.database.sql("select count(*) from congto.sample where slot is null"), [["0"]])

    def test_a_consumer_that_freezes_within_a_transaction_stops_the_others_for_half_a_minute_only(self):
        frozen = self.consumer()
        end = self.hold_events()
        self.say("up/data", batch(START))
        self.wait_waiting(1)
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            end()
            self.consumer()
            # The broker hands every other message to the frozen one.
            for seq in range(2, 6):
                self.say("up/data", batch(sample(seq)))
            self.database.wait_sql("select count(*) from congto.sample", lambda rows: int(rows[0][0]) >= 2, "samples of the other consumer")
        finally:
            frozen.process.send_signal(signal.SIGCONT)
        # It finds its transaction ended, and does it again.
        self.wait_settled(EPOCH, "{[1,6)}")
        self.assertEqual(self.database.sql("select count(*) from congto.sample"), [["4"]])

    # -- a box gone wrong

    def test_what_the_reader_refused_is_parked_although_the_database_refuses_the_record_beside_it(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        self.say("up/data", batch(no_index_row(1), too_old(2)))
        self.wait_settled(EPOCH, "{[1,3)}")
        reader.wait(lambda _: [[1, 2]] in self.acks(reader), "an acknowledgement")
        self.assertEqual([row[0] for row in self.letters()], ["1", "2"])

    def test_a_record_that_the_database_refuses_stops_none_of_its_batch(self):
        self.consumer()
        self.say("up/data", batch(START, *[sample(seq) for seq in range(2, 20)], no_index_row(20), sample(21), too_old(22)))
        self.wait_settled(EPOCH, "{[1,23)}")
        self.assertEqual(sorted(row[0] for row in self.letters()), ["20", "22"])
        self.assertEqual(self.database.sql("select count(*) from congto.sample"), [["19"]])

    def test_a_record_that_finds_no_room_among_the_dead_letters_is_not_acknowledged(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        consumer = self.consumer()
        self.database.sql("insert into congto.dead_letter (agent, topic, reason, payload, hash) "
                          f"select '{AGENT_NAME}', 't', 'r', '', int8send(i) from generate_series(1, {MOST_LETTERS}) i")
        self.say("up/data", batch(START, too_old(2), sample(3)))
        self.wait_settled(EPOCH, "{[1,2),[3,4)}")
        reader.wait(lambda _: [[1, 1], [3, 3]] in self.acks(reader), "an acknowledgement of what is stored")
        consumer.stream.wait_text("neither kept nor acknowledged")
        self.assertEqual(self.database.sql("select agent, times from congto.dead_letter_overflow"), [[AGENT_NAME, "1"]])
        # There is room again: it is kept, and settled.
        self.database.sql("delete from congto.dead_letter")
        self.say("up/data", batch(too_old(2)))
        self.wait_settled(EPOCH, "{[1,4)}")

    def test_dead_letters_of_an_agent_have_a_size_too(self):
        self.consumer()
        self.database.sql("insert into congto.dead_letter (agent, topic, reason, payload, hash) "
                          f"select '{AGENT_NAME}', 't', 'r', decode(repeat('00', 1048576), 'hex'), int8send(i) from generate_series(1, 64) i")
        self.say("up/data", batch(START, too_old(2), sample(3)))
        self.wait_settled(EPOCH, "{[1,2),[3,4)}")
        self.assertEqual(self.database.sql("select times from congto.dead_letter_overflow"), [["1"]])

    def test_conflicts_beyond_the_limit_are_counted_and_the_first_content_stays(self):
        consumer = self.consumer()
        self.say("up/data", batch(START, sample(2), sample(3), sample(4)))
        self.wait_settled(EPOCH, "{[1,5)}")
        first = self.database.sql("select values from congto.sample order by seq")
        self.database.sql("insert into congto.conflict (agent_id, epoch_id, seq, hash, first, other) select agent_id, epoch_id, 2, i, 'null', "
                          "'null' from congto.epoch, generate_series(1, 9999) i")
        self.say("up/data", batch(*[sample(seq, {"active_power": 7}) for seq in (2, 3, 4)]))
        consumer.stream.wait_text("10000 conflicts; more are counted, and not kept")
        self.assertEqual(self.database.sql("select count(*) from congto.conflict"), [["10000"]])
        self.assertEqual(self.database.sql("select times, reason from congto.dead_letter_overflow"),
                         [["2", "the same epoch and seq with another content"]])
        self.assertEqual(self.database.sql("select values from congto.sample order by seq"), first)

    def test_a_batch_full_of_rubbish_is_parked_up_to_the_limit(self):
        self.consumer()
        self.say_and_see_taken(gzip.compress(json.dumps(batch(*[too_old(seq) for seq in range(1, 12001)])).encode()),
                               topic="up/backfill", encoding="gzip")
        self.assertEqual(self.settled(EPOCH), f"{{[1,{MOST_LETTERS + 1})}}")
        self.assertEqual(self.database.sql("select count(*) from congto.dead_letter"), [[str(MOST_LETTERS)]])
        self.assertEqual(self.database.sql("select times from congto.dead_letter_overflow"), [[str(12000 - MOST_LETTERS)]])

    def test_the_same_rubbish_many_times_is_one_dead_letter(self):
        self.consumer()
        self.say_and_see_taken(gzip.compress(json.dumps(batch(*[{}] * 20000)).encode()), topic="up/backfill", encoding="gzip")
        self.assertEqual(self.database.sql("select times from congto.dead_letter"), [["20000"]])

    def test_more_records_than_any_batch_has_are_parked_as_one_payload(self):
        self.consumer()
        self.say_and_see_taken(gzip.compress(json.dumps(batch(*[{}] * 20001)).encode()), topic="up/backfill", encoding="gzip")
        self.assertEqual(self.letters(), [["-", 'batch: field \\"records\\" has 20001 records; at most 20000 are allowed']])

    def test_a_layout_that_no_index_could_hold_is_refused_with_its_payload(self):
        self.consumer()
        self.say_and_see_taken(batch(sample(2), meta="x" * 201), batch(sample(2), meta="layout\0"))
        self.assertEqual(self.letters(), [["-", 'batch: field \\"meta\\" has 201 bytes; at most 200 are allowed'],
                                          ["-", 'batch: field \\"meta\\" contains a zero character']])

    def test_bytes_that_are_not_utf8_do_not_reach_the_database(self):
        self.consumer()
        wrong = [b"\xff", b"\x80", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80",
                 b"\xe2\x82", b"\\ud800", b"\\udc00", b"\\ud800\\ud800"]
        payloads = [json.dumps(batch(sample(2))).encode().replace(place, place + one) for one in wrong for place in (b"m-1", b"active_power")]
        payloads += [json.dumps(batch({"seq": 2, "event": "odd"})).encode().replace(b"odd", one) for one in wrong]
        self.say_and_see_taken(*payloads)
        letters = self.letters()
        self.assertEqual(len(letters), len(payloads))
        self.assertEqual([row for row in letters if not row[1].startswith("batch: not JSON: ")], [])

    def test_what_the_database_fails_at_for_a_reason_of_its_own_stops_nothing_else(self):
        """A trigger stands for a bug or a missing right: its errors say nothing about the content."""
        reader = self.reader(self.mqtt, ours=("down/",))
        consumer = self.consumer()
        self.database.sql("""create function congto.fail() returns trigger language plpgsql as $$ begin
            if new.body ? 'bug' then raise exception 'a bug' using errcode = 'XX000'; end if; return new; end $$;
            create trigger fail before insert on congto.event for each row execute function congto.fail();""")
        self.say("up/data", batch(START, sample(2), {"seq": 3, "event": "odd", "bug": 1}, sample(4)))
        self.wait_settled(EPOCH, "{[1,3),[4,5)}")
        consumer.stream.wait_text("neither stored nor acknowledged")
        reader.wait(lambda _: [[1, 2], [4, 4]] in self.acks(reader), "an acknowledgement of what is stored")
        self.database.sql("drop trigger fail on congto.event")
        self.say("up/data", batch({"seq": 3, "event": "odd", "bug": 1}))
        self.wait_settled(EPOCH, "{[1,5)}")

    # -- odd, but right

    def test_names_that_look_like_sql_are_kept_as_they_are(self):
        self.consumer()
        names = ["NULL", 'a"b\\c', "{x}", "tab\t", "line\n", "\u2028", "\U0001F600", "\uffff", "e\u0301", "\u00e9", " ", "a,b", "\\N", "\\.",
                 "''", "$1", "\x7f", "\x01", "\\u0000"]
        layout = LAYOUT | {"meters": [LAYOUT["meters"][0] | {"name": name} for name in names],
                           "points": {"p": {name: {"unit": name, "kind": name} for name in names}}}
        self.say("up/meta", layout, retained=True)
        records = [START]
        for name in names:
            records.append(sample(len(records) + 1, {other: 1 for other in names}, meter=name))
            records.append(sample(len(records) + 1, {}, meter=name, q={other: "timeout" for other in names}))
            records.append({"seq": len(records) + 1, "event": name, name: name})
        self.say("up/data", batch(*records))
        self.wait_settled(EPOCH, f"{{[1,{len(records) + 1})}}")
        self.assertEqual(self.letters(), [])
        self.assertEqual(sorted(row[0] for row in self.database.sql("select name from congto.meter")), sorted(names))
        self.assertEqual(self.database.sql("select distinct array_length(points, 1) from congto.meter"), [[str(len(names))]])
        self.assertEqual(sorted(row[0] for row in self.database.sql("select event from congto.event where seq > 1")), sorted(names))

    def test_numbers_at_the_ends_of_their_range_are_kept_exactly(self):
        self.consumer()
        numbers = {"a": "0e9999", "b": "1e308", "c": "-1.7976931348623157e308", "d": "1e-9999", "e": "123456789012345678901234567890",
                   "f": "-0.0", "g": "0.000000000000000000000000000001", "h": "5e-324"}
        text = json.dumps(batch(START, sample(2, {}))).replace("{}", "{" + ",".join(f'"{name}":{number}' for name, number in numbers.items()) + "}")
        self.say("up/data", text)
        self.wait_settled(EPOCH, "{[1,3)}")
        expected = ", ".join(f"('{name}', {number})" for name, number in numbers.items())
        self.assertEqual(self.database.sql(
            "select v.point from congto.sample s join congto.meter m using (agent_id, meter_id), unnest(m.points, s.values) as v(point, value) "
            f"join (values {expected}) as said(point, value) using (point) where v.value is distinct from said.value"), [])
        self.assertEqual(self.letters(), [])

    def test_a_database_of_another_encoding_takes_nothing(self):
        self.database.sql("create database narrow encoding LATIN1 locale 'C' template template0", database="postgres")
        consumer = self.consumer(start=False, database=self.database.url_of("narrow"))
        consumer.start(ready=False)
        consumer.stream.wait_text("create it with encoding UTF8")


if __name__ == "__main__":
    main()
