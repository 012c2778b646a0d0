#!/usr/bin/python3
"""The small centre of config/contract/recipe-centre.md, run as it stands there.

It gets golden messages, rubbish, a database that goes away, and the agent itself, which must get rid of everything it holds.
"""
import gzip
import json
import os
import signal
import subprocess

from tests.support.contract_schemas import validators
from tests.support.plant import AGENT_NAME, PlantCase, main, meter, tcp_bus
from tests.support.postgres import Postgres
from tests.support.reader import ranges
from tests.support.recipes import AGENT, EPOCH, SAMPLES, environment, intervals, publish, readings, recipe, sample
from tests.support.waiting import PATIENCE, Stream, ask_until

VOIDED = "00112233445566778899aabbccddeeff"  # by batch-void.json and batch-answer.json
GOLDEN = sorted(file.stem for file in SAMPLES.glob("batch-*.json"))

# Refused by the contract, yet taken by the recipe, which looks only at what it uses.
TAKEN_ALL_THE_SAME = {"batch-estimated-without-error", "batch-failed-whole-with-values", "batch-skipped-meter-too-long",
                      "batch-skipped-without-count", "batch-start-not-first", "batch-start-without-prev"}


def of_epoch(payload, number):
    """The golden samples use a seq more than once; each gets an epoch of its own."""
    return payload.replace(EPOCH.encode(), b"%032x" % number)


class Centre:
    """The script of the recipe."""

    def __init__(self, case, broker, database):
        script = case.directory / "centre"
        script.write_text(recipe("centre"), encoding="utf-8")
        before = sum("Sending SUBACK" in line for line in broker.stream.lines())
        self.process = subprocess.Popen(["bash", str(script)], env=environment(broker, case.directory, DATABASE=database.url),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        start_new_session=True)
        self.errors = Stream(self.process.stderr)
        broker.stream.wait(lambda lines: sum("Sending SUBACK" in line for line in lines) > before, "the centre subscribes")

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.errors.join()


class Acks:
    """What is published on down/ack, checked by its schema."""

    def __init__(self, broker):
        command = ["stdbuf", "-oL", "mosquitto_sub", "-V", "5", "-q", "1", "-d", "-h", "127.0.0.1", "-p", str(broker.port),
                   "-t", "congto/v1/+/down/#", "-F", "%t %p"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = Stream(self.process.stdout)
        self.stream.wait_text("Subscribed")
        self.validator = validators()["ack"]

    def settled(self, lines, agent=AGENT):
        """epoch -> ranges, the union of all acks."""
        found = {}
        for line in lines:
            if line.startswith(f"congto/v1/{agent}/down/ack "):
                ack = json.loads(line.split(" ", 1)[1])
                self.validator.validate(ack)
                for entry in ack["acks"]:
                    found.setdefault(entry["epoch"], set()).update(map(tuple, entry["ranges"]))
        return found

    def wait(self, accept, what):
        return self.stream.wait(lambda lines: accept(self.settled(lines)), what)

    def count(self, lines=None):
        return sum("/down/ack " in line for line in (self.stream.lines() if lines is None else lines))

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.stream.join()


class OwnCentre(PlantCase):
    def setUp(self):
        super().setUp()
        self.hub = self.broker()
        self.database = self._kept(Postgres(self.directory)).start()
        for _ in range(2):  # applied again, it changes nothing
            self.database.sql(recipe("centre.sql"))
        self.acks = self._kept(Acks(self.hub))

    def start_centre(self):
        return self._kept(Centre(self, self.hub, self.database))

    def answered(self):
        """All that was published before has been taken: a status of our own has its answer."""
        publish(self.hub, "up/status", b'{"v":1,"agent":"probe","epoch":"%032x","epochs":[]}' % 1, agent="probe")
        self.acks.stream.wait_text("/probe/down/ack ")

    def rows(self, text):
        return [tuple(row) for row in self.database.sql(text)]

    def parked(self):
        return {content: reason for content, reason in self.rows("select content, reason from plant.parked")}

    def test_golden_batches_are_kept_once_and_acknowledged(self):
        self.start_centre()
        batches = [of_epoch(sample(name), number) for number, name in enumerate(GOLDEN, 1)]
        for payload in batches + batches[::-1]:
            publish(self.hub, "up/data", payload)
        for payload in batches:
            publish(self.hub, "up/backfill", gzip.compress(payload), encoding="gzip")
        self.answered()

        wanted, records = {VOIDED: {(1, 9007199254740991)}}, 0
        for batch in map(json.loads, batches):
            seqs = {record["seq"] for record in batch["records"] if "seq" in record}
            records += len(seqs)
            if seqs:
                wanted[batch["epoch"]] = {tuple(part) for part in ranges(seqs)}
        acknowledged = self.acks.settled(self.acks.stream.lines())
        # batch-void tells the end of the epoch after its beginning was told
        self.assertLessEqual(acknowledged[VOIDED] - wanted[VOIDED], {(1, 480)})
        self.assertEqual({**acknowledged, VOIDED: wanted[VOIDED]}, wanted)
        self.assertEqual(self.rows("select count(*) from plant.record"), [(str(records),)])
        self.assertEqual(self.parked(), {})
        kept = self.rows("select agent, meter, ts, slot, point, value, quality from plant.reading")
        self.assertEqual(sorted(kept), sorted(row for payload in batches for row in readings(payload)))
        self.assertEqual(self.rows("select * from plant.message"), [])

    def test_slots_corrections_and_errors_of_time_are_applied_by_the_view(self):
        self.start_centre()
        for name in ("batch-meta", "batch-sample", "batch-correction"):  # 21 corrects 7
            publish(self.hub, "up/data", sample(name))
        publish(self.hub, "up/data", sample("batch-clock"))  # 3 to 20: 1500 ms too late
        bad = [sample("batch-correction").replace(b'"seq":21', b'"seq":31').replace(b"742.15", b'"much"'),
               sample("batch-clock").replace(b'"seq":22', b'"seq":32').replace(b"-1500", b'"later"'),
               sample("batch-meta").replace(b'"seq":2', b'"seq":33').replace(b'"every":10000', b'"every":0')]
        for payload in bad:
            publish(self.hub, "up/data", payload)
        self.answered()
        self.assertEqual(len(self.parked()), len(bad))
        table = self.rows("select ts, slot, point, value, quality from plant.current order by ts, point")
        shifted = sorted((str(int(ts) - 1500), str(int(slot) - 1500), point, value, quality)
                         for _, _, ts, slot, point, value, quality in readings(sample("batch-sample"), intervals()))
        corrected = [(*row[:3], "742.15", "good") if row[2] == "active_power" and row[0] == "1772323198712" else row
                     for row in shifted]
        self.assertEqual(table, corrected)
        self.assertNotEqual(shifted, corrected)

    def test_what_cannot_be_taken_is_parked_and_stops_nothing(self):
        self.start_centre()
        files = sorted((SAMPLES / "refused").glob("batch-*.json"))
        for number, file in enumerate(files, 100):
            publish(self.hub, "up/data", of_epoch(file.read_bytes(), number))
        whole = [b"{", b"true", b"[" * 60000, b'{"v":1,"agent":"ice-plant-04-edge-1"}', b"\xff\xfe",
                 sample("batch-sample").replace(b"compressor-1", b"\\u0000"), gzip.compress(sample("batch-sample"))[:70]]
        for payload in whole:
            publish(self.hub, "up/data", payload)
        self.answered()

        taken = {int(epoch, 16) - 100 for epoch, in self.rows("select epoch from plant.record")}
        self.assertEqual({files[number].stem for number in taken}, TAKEN_ALL_THE_SAME)
        self.assertEqual(len(self.parked()), len(files) - len(taken) + len(whole))
        settled = self.acks.settled(self.acks.stream.lines())
        self.assertEqual(settled["%032x" % (100 + [file.stem for file in files].index("batch-no-ts"))], {(7, 7)})
        self.assertNotIn(EPOCH, settled)  # of the payloads that could not be read
        publish(self.hub, "up/data", sample("batch-sample"))
        self.acks.wait(lambda settled: settled.get(EPOCH) == {(7, 8)}, "what is good is taken and acknowledged")

    def test_of_two_records_with_one_key_the_first_stays(self):
        self.start_centre()
        publish(self.hub, "up/data", sample("batch-sample"))
        publish(self.hub, "up/data", sample("batch-sample").replace(b"7421.5", b"9999"))
        self.answered()
        self.assertEqual(self.rows("select distinct value from plant.reading where point = 'active_power'"), [("7421.5",)])
        self.assertEqual(set(self.parked().values()), {"another record with this key was here first"})
        self.assertEqual(len(self.parked()), 2)

    def test_an_acknowledgement_comes_after_the_commit(self):
        # everything goes well but the commit itself
        self.database.sql("""create function plant.no() returns trigger language plpgsql as $$ begin raise 'no commit'; end $$;
            create constraint trigger no after insert on plant.reading deferrable initially deferred for each row
            execute function plant.no()""")
        centre = self.start_centre()
        publish(self.hub, "up/data", sample("batch-sample"))
        self.assertNotEqual(centre.process.wait(PATIENCE), 0)
        centre.errors.wait_text("no commit")
        self.assertEqual(self.acks.count(), 0)

    def test_nothing_is_acknowledged_while_the_database_is_away(self):
        first = self.start_centre()
        self.database.stop()
        publish(self.hub, "up/data", sample("batch-sample"))  # the script notices with this one
        self.assertNotEqual(first.process.wait(PATIENCE), 0)
        self.assertEqual(self.acks.count(), 0)
        self.database.start()
        self.start_centre()
        publish(self.hub, "up/data", sample("batch-sample"))
        self.acks.wait(lambda settled: settled == {EPOCH: {(7, 8)}}, "the acknowledgement")

    def test_a_status_is_answered_for_the_epochs_it_lists(self):
        self.start_centre()
        publish(self.hub, "up/data", sample("batch-sample"))
        self.acks.wait(lambda settled: EPOCH in settled, "the acknowledgement")
        before = self.acks.count()
        publish(self.hub, "up/status", sample("status"))
        self.acks.stream.wait(lambda lines: self.acks.count(lines) > before, "the answer")
        last = [line for line in self.acks.stream.lines() if "/down/ack " in line][-1]
        ack = json.loads(last.split(" ", 1)[1])
        self.assertEqual(ack["acks"], [{"epoch": EPOCH, "ranges": [[7, 8]]}])

    def test_the_agent_gets_rid_of_all_it_holds(self):
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(self.hub, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         ack="central")
        self.agent(site)
        # published into the void: no centre yet, and the broker keeps nothing for it
        early = self.wait_status(site, lambda status: status["last"] >= 4, "records that nobody hears")
        self.start_centre()

        def acknowledged():
            status = json.loads(self.congto("status", "--config", site, "--json").stdout)
            return status if status["last"] > early["last"] and status["unacknowledged"] <= 2 else None
        # a record that was not acknowledged joins backfill after 60 s
        late = ask_until(acknowledged, "all is acknowledged", seconds=200)
        self.assertEqual(late["epoch"], early["epoch"])
        settled = f"select 1 from plant.ledger where agent = '{AGENT_NAME}' and settled @> int8range(1, {late['last']})"
        ask_until(lambda: self.rows(settled), "everything is settled")
        values = self.rows("select distinct point, value, quality from plant.current where slot is not null")
        self.assertEqual(values, [("voltage_l1_n", "230.1", "good")])
        self.assertEqual(self.parked(), {})


if __name__ == "__main__":
    main()
