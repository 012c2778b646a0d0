#!/usr/bin/python3
"""congto-central takes each record once, whatever comes, in whatever order, through however many consumers; what it can't take is
parked with its reason and stops nothing."""
import gzip
import json
import time

from tests.support.centre import SITE, CentreCase
from tests.support.contract_schemas import CONTRACT
from tests.support.plant import AGENT_NAME, main
from tests.support.waiting import ask_until

EPOCH = "00112233445566778899aabbccddeeff"
LAYOUT = {"v": 1, "agent": AGENT_NAME, "site": SITE, "id": "layout-1",
          "meters": [{"name": "m-1", "bus": "b", "unit_id": 1, "profile": "p", "medium": "electricity", "every": 1000, "points": "p"}],
          "points": {"p": {"active_power": {"unit": "W", "kind": "gauge"},
                           "active_energy_import": {"unit": "kWh", "kind": "counter"}}}}


def now():
    return int(time.time() * 1000)


def sample(seq, values=None, **more):
    return {"seq": seq, "ts": now(), "meter": "m-1", "values": {"active_power": seq + 0.5} if values is None else values, **more}


def batch(*records, epoch=EPOCH, **more):
    return {"v": 1, "agent": AGENT_NAME, "site": SITE, "epoch": epoch, "sent": now(), "meta": "layout-1",
            "records": list(records), **more}


START = {"seq": 1, "event": "start", "prev": None, "since": None, "why": "first"}


class Ingest(CentreCase):
    def samples(self):
        return self.database.sql("select seq, meter.name, values from congto.sample join congto.meter using (agent_id, meter_id) "
                                 "order by epoch_id, seq")

    def letters(self):
        return self.database.sql("select coalesce(seq::text, '-'), reason, times from congto.dead_letter order by dead_letter_id")

    def wait_letters(self, count):
        return self.database.wait_sql("select coalesce(seq::text, '-'), reason, times from congto.dead_letter order by dead_letter_id",
                                      lambda rows: len(rows) >= count, f"{count} dead letters")

    def acks(self, reader, epoch=EPOCH):
        """All ranges that were acknowledged so far."""
        return [ack["ranges"] for message in reader.messages("down/ack") for ack in message.json()["acks"] if ack["epoch"] == epoch]

    def wait_ack(self, reader, ranges):
        reader.wait(lambda messages: ranges in self.acks(reader), f"an acknowledgement of {ranges}")

    def test_a_replay_in_any_order_through_two_consumers_changes_nothing(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        self.consumer()
        batches = [batch(START)] + [batch(*[sample(seq) for seq in range(first, first + 10)]) for first in range(2, 102, 10)]
        for one in batches:
            self.say("up/data", one)
        self.wait_settled(EPOCH, "{[1,102)}")
        before = self.samples()
        self.assertEqual(len(before), 100)
        for one in reversed(batches):
            self.say("up/backfill", gzip.compress(json.dumps(one).encode()), encoding="gzip")
            self.say("up/data", one)
        self.wait_ack(reader, [[1, 101]])
        self.say("up/data", batch(sample(102)))
        self.wait_settled(EPOCH, "{[1,103)}")
        self.assertEqual(self.samples()[:100], before)
        self.assertEqual(self.database.sql("select count(*) from congto.conflict"), [["0"]])

    def test_an_acknowledgement_comes_for_duplicates_too(self):
        self.consumer()
        first = batch(START, sample(2))
        self.say("up/data", first)
        self.wait_settled(EPOCH, "{[1,3)}")
        reader = self.reader(self.mqtt, ours=("down/",))
        self.say("up/data", first)
        self.wait_ack(reader, [[1, 2]])

    def test_the_same_key_with_another_content_is_told_and_acknowledged_and_the_first_stays(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        self.say("up/data", batch(START, sample(2, {"active_power": 5})))
        self.wait_settled(EPOCH, "{[1,3)}")
        third = sample(3)
        for times in ("1", "2"):  # one after the other: in one transaction they would be one
            self.say("up/data", batch(sample(2, {"active_power": 6}, ts=1795853902000), third))
            rows = self.database.wait_sql("select seq, first->'values'->>'active_power', other->'values'->>'active_power', times "
                                          "from congto.conflict", lambda found, times=times: found and found[0][3] == times, "the conflict")
        self.wait_settled(EPOCH, "{[1,4)}")
        self.wait_ack(reader, [[1, 3]])
        self.assertEqual(rows, [["2", "5", "6", "2"]])
        self.assertEqual(self.samples()[0][2], "{5}")

    def test_bad_records_are_parked_and_settled_and_stop_nothing(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        self.say("up/data", batch(
            START, sample(2), sample(3, ts=1000), sample(4, ts=now() + 3 * 86_400_000), sample(5, {"active_power": "five"}),
            sample(6, meter="x" * 300), {"seq": 7, "event": "door", "text": "a\0b"}, sample(8), {"no": "seq"}))
        self.wait_settled(EPOCH, "{[1,9)}")
        self.wait_ack(reader, [[1, 8]])
        self.assertEqual([row[0] for row in self.samples()], ["2", "8"])
        letters = {seq: reason for seq, reason, _ in self.wait_letters(6)}
        self.assertEqual(set(letters), {"3", "4", "5", "6", "7", "-"})
        self.assertIn("before 2020", letters["3"])
        self.assertIn("more than a day ahead", letters["4"])
        self.assertIn("300 bytes", letters["6"])
        self.assertIn("zero character", letters["7"])

    def test_unusable_payloads_are_parked_once_and_not_acknowledged(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        good = json.dumps(batch(START))
        self.enrol("other-edge-1", "other-site")
        for _ in range(2):
            self.say("up/data", "rubbish")
            self.say("up/backfill", gzip.compress(b" " * 30_000_000), encoding="gzip")
            self.say("up/backfill", gzip.compress(good.encode())[:-9], encoding="gzip")
            self.say("up/data", json.dumps(batch(START) | {"v": 2}))
            self.say("up/data", good, agent="not-enrolled-1")
            self.say("up/data", good, agent="other-edge-1")
            self.say("up/data", good.replace(SITE, "somewhere-else"))
        self.say("up/data", good)
        self.wait_settled(EPOCH, "{[1,2)}")
        reasons = [reason for _, reason, _ in self.wait_letters(7)]
        for part in ("not JSON", "1048576 bytes", "cut short", "version 2", "came on the topic of", "enrolled for site"):
            self.assertTrue(any(part in reason for reason in reasons), f"{part}: {reasons}")
        # a batch is written anew for each publish here (time of sending), so some are parked once each
        self.assertTrue(any(times == "2" for _, _, times in self.letters()))
        self.wait_ack(reader, [[1, 1]])
        self.assertEqual([message.topic for message in reader.messages("down/ack") if AGENT_NAME not in message.topic], [])

    def test_an_agent_that_is_not_enrolled_is_not_acknowledged_until_it_is(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        stranger = batch(START) | {"agent": "late-edge-1", "site": "late"}
        self.say("up/data", stranger, agent="late-edge-1")
        self.assertIn("not enrolled", self.wait_letters(1)[0][1])
        self.assertEqual(self.acks(reader), [])
        done = self.central("enrol", "late-edge-1", "late", "--config", self.directory / "central.toml")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.say("up/data", stranger, agent="late-edge-1")
        self.wait_settled(EPOCH, "{[1,2)}", agent="late-edge-1")
        for site, said in (("", "is empty"), ("  ", "is empty"), ("a\nb", "control character"), ("x" * 201, "201 bytes")):
            wrong = self.central("enrol", "late-edge-2", site, "--config", self.directory / "central.toml")
            self.assertEqual((wrong.returncode, said in wrong.stderr), (2, True), wrong.stderr)
        again = self.central("enrol", "late-edge-1", "late", "--config", self.directory / "central.toml")
        self.assertEqual(again.returncode, 1)
        self.assertIn("never enrolled twice", again.stderr)

    def test_a_site_is_corrected_while_nothing_was_taken_from_the_agent(self):
        config = self.consumer().config
        self.database.sql(f"update congto.agent set site = 'Test plant' where name = '{AGENT_NAME}'")
        self.say("up/data", batch(START))
        self.assertIn("enrolled for site", self.wait_letters(1)[0][1])
        done = self.central("enrol", AGENT_NAME, SITE, "--config", config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.say("up/data", batch(START))
        self.wait_settled(EPOCH, "{[1,2)}")
        done = self.central("enrol", AGENT_NAME, "another", "--config", config)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.database.sql("select site from congto.agent"), [[SITE]])

    def test_check_tells_a_database_without_tables_and_a_role_without_rights(self):
        config = self.central_config()
        self.assertEqual(self.central("check", "--config", config).returncode, 0)
        self.database.sql("create role looker login in role congto_reader")
        self.database.sql("create database bare", database="postgres")
        for url, said in ((self.database.url_of(user="looker"), "may not write"), (self.database.url_of("bare"), "has no tables")):
            done = self.central("check", "--config", self.central_config("other.toml", database=url))
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)

    def test_data_replaces_its_void(self):
        self.consumer()
        self.say("up/data", batch(START, {"void": {"epoch": EPOCH, "first": 2, "last": 9}, "why": "evicted"}))
        self.wait_settled(EPOCH, "{[1,10)}")
        self.say("up/backfill", batch(sample(5)))
        self.database.wait_sql("select seq from congto.sample", lambda rows: rows == [["5"]], "the data")

    def test_samples_before_their_layout_get_their_slots_when_it_comes(self):
        self.consumer()
        self.say("up/data", batch(START, sample(2, ts=1795853902400), sample(3, ts=1795853903400, slot=1795853902000)))
        self.wait_settled(EPOCH, "{[1,4)}")
        slots = "select coalesce(slot::text, '-') from congto.sample order by seq"
        self.assertEqual(self.database.sql(slots), [["-"], ["1795853902000"]])
        self.say("up/meta", LAYOUT, retained=True)
        self.database.wait_sql(slots, lambda rows: rows == [["1795853902000"], ["1795853902000"]], "the slots")
        self.assertEqual(self.database.sql("select first_slot, last_slot from congto.layout_span"),
                         [["1795853902000", "1795853902000"]])

    def test_points_that_come_and_go_keep_their_names(self):
        self.consumer()
        self.say("up/data", batch(START, sample(2, {"b": 1, "a": 2})))
        self.say("up/data", batch(sample(3, {"c": 3}, q={"a": "timeout"}), sample(4, {}, q={"*": "timeout"})))
        self.say("up/data", batch(sample(5, {"a": 18446744073709551615, "b": 0.000001})))
        self.wait_settled(EPOCH, "{[1,6)}")
        rows = self.database.sql("select s.seq, v.point, v.value from congto.sample s join congto.meter m using (agent_id, meter_id), "
                                 "unnest(m.points, s.values) as v(point, value) where v.value is not null order by 1, 2")
        self.assertEqual(rows, [["2", "a", "2"], ["2", "b", "1"], ["3", "c", "3"], ["5", "a", "18446744073709551615"],
                                ["5", "b", "0.000001"]])

    def test_a_restored_centre_walks_the_chain_and_asks_for_what_it_lost(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        first, second = "11" * 16, "22" * 16
        status = json.loads((self.contract_sample("status.json")))
        status |= {"agent": AGENT_NAME, "site": SITE, "epoch": second, "last": 40, "unacknowledged": 0, "epochs": [], "more": 0}

        def report():
            status["sent"] = now()
            self.say("up/status", status, retained=True)

        def requests():
            return [part for message in reader.messages("down/request") for part in message.json()["requests"]]
        report()
        reader.wait(lambda messages: {"epoch": second, "ranges": [[1, 40]]} in requests(), "a request for the current epoch")
        self.say("up/backfill", batch({"seq": 1, "event": "start", "prev": {"epoch": first, "last": 9}, "since": None, "why": "stop"},
                                      *[sample(seq) for seq in range(2, 41)], epoch=second))
        self.wait_settled(second, "{[1,41)}")
        report()
        reader.wait(lambda messages: {"epoch": first, "ranges": [[1, 9]]} in requests(), "a request for the epoch before")
        self.say("up/backfill", batch({"void": {"epoch": first, "first": 1, "last": None}, "why": "unknown-epoch"}, epoch=second))
        self.wait_settled(first, "{[1,9007199254740992)}")
        asked = len(requests())
        answered = len(reader.messages("down/ack"))
        report()
        reader.wait(lambda messages: len(reader.messages("down/ack")) > answered, "an answer to the status")
        self.assertEqual(len(requests()), asked)

    def test_the_chain_is_walked_as_fast_as_it_is_answered_not_an_epoch_a_status(self):
        reader = self.reader(self.mqtt, ours=("down/",))
        self.consumer()
        epochs = [f"{number:02d}" * 16 for number in range(1, 6)]
        status = json.loads((self.contract_sample("status.json")))
        status |= {"agent": AGENT_NAME, "site": SITE, "epoch": epochs[-1], "last": 3, "unacknowledged": 0, "epochs": [], "more": 0,
                   "sent": now()}
        self.say("up/status", status, retained=True)
        for epoch, before in zip(reversed(epochs), [*reversed(epochs[:-1]), None]):
            reader.wait(lambda messages, epoch=epoch: any(part == {"epoch": epoch, "ranges": [[1, 3]]} for message in
                        reader.messages("down/request") for part in message.json()["requests"]), f"a request for {epoch}")
            prev = {"epoch": before, "last": 3} if before else None
            self.say("up/backfill", batch({"seq": 1, "event": "start", "prev": prev, "since": None, "why": "stop"},
                                          sample(2), sample(3), epoch=epoch))
        for epoch in epochs:
            self.wait_settled(epoch, "{[1,4)}")
        self.assertEqual(len(reader.messages("down/request")), 5)

    def test_one_status_is_answered_once_by_many_consumers(self):
        self.consumer()
        self.consumer()
        reader = self.reader(self.mqtt, ours=("down/",))
        status = json.loads(self.contract_sample("status.json")) | {"agent": AGENT_NAME, "site": SITE, "epochs": [], "more": 0}
        for number in range(3):
            status["sent"] = now() + number
            self.say("up/status", status, retained=True)
            reader.wait(lambda messages, number=number: len(reader.messages("down/ack")) >= number + 1, "an answer")
        # Both consumers have stored the last status or seen that it is stored: a later record of each proves it.
        self.say("up/data", batch(START))
        self.wait_settled(EPOCH, "{[1,2)}")
        self.wait_ack(reader, [[1, 1]])
        self.assertLessEqual(len(reader.messages("down/ack")), 4)

    def contract_sample(self, name):
        return (CONTRACT / "samples" / name).read_text()

    def test_a_removed_agent_is_parked_and_its_retained_topics_are_gone(self):
        consumer = self.consumer()
        self.say("up/meta", LAYOUT, retained=True)
        self.say("up/data", batch(START))
        self.wait_settled(EPOCH, "{[1,2)}")
        done = self.central("remove", AGENT_NAME, "--reason", "the box burned", "--config", consumer.config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.database.sql("select closed_why from congto.epoch"), [["the box burned"]])
        self.say("up/data", batch(sample(2)))
        self.assertIn("not enrolled", self.wait_letters(1)[0][1])
        reader = self.reader(self.mqtt, ours=("down/",))
        self.say("up/data", batch(sample(3)))
        reader.wait(lambda messages: any(message.kind == "up/data" for message in messages), "the last message")
        self.assertEqual(reader.messages("up/meta"), [])
        again = self.central("remove", AGENT_NAME, "--reason", "another", "--config", consumer.config)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.database.sql("select removed_why from congto.agent"), [["the box burned"]])

    def test_the_log_holds_no_payload_and_names_each_trouble_once(self):
        consumer = self.consumer()
        for _ in range(5):
            self.say("up/data", "{\"secret\": \"s3cret\"}")
        self.wait_letters(1)
        ask_until(lambda: self.letters()[0][2] == "5", "five times")
        text = consumer.stream.text()
        self.assertNotIn("s3cret", text)
        self.assertEqual(text.count("field \"v\" is missing"), 1, text)


if __name__ == "__main__":
    main()
