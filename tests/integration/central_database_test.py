#!/usr/bin/python3
"""PostgreSQL is away, restarted, read-only, full or not ours: nothing is acknowledged, nothing is lost, and congto-central resumes."""
import os
import signal
import subprocess
import time
import unittest

from tests.support.centre import SITE, SOURCE, CentreCase
from tests.support.plant import AGENT_NAME, main

EPOCH = "00112233445566778899aabbccddeeff"


def batch(first, last):
    now = int(time.time() * 1000)
    records = [{"seq": 1, "event": "start", "prev": None, "since": None, "why": "first"}] if first == 1 else []
    records += [{"seq": seq, "ts": now, "meter": "m-1", "values": {"active_power": seq}} for seq in range(max(first, 2), last + 1)]
    return {"v": 1, "agent": AGENT_NAME, "site": SITE, "epoch": EPOCH, "sent": now, "meta": "layout-1", "records": records}


def signal_all(processes, what):
    for process in processes:
        try:
            os.kill(process, what)
        except ProcessLookupError:
            pass  # a worker of the database that has ended by itself


class Database(CentreCase):
    def acks(self, reader):
        return [ack["ranges"] for message in reader.messages("down/ack") for ack in message.json()["acks"]]

    def outage(self, begin, end, told):
        """What comes while the database takes nothing is acknowledged when it does again, and not before."""
        reader = self.reader(self.mqtt, ours=("down/",))
        consumer = self.consumer()
        self.say("up/data", batch(1, 5))
        reader.wait(lambda messages: [[1, 5]] in self.acks(reader), "the first acknowledgement")
        begin()
        self.say("up/data", batch(6, 9))
        consumer.stream.wait_text(told)
        self.say("up/data", batch(10, 12))
        self.assertEqual([ranges for ranges in self.acks(reader) if ranges != [[1, 5]]], [])
        end()
        reader.wait(lambda messages: [[1, 12]] in self.acks(reader), "everything acknowledged")
        self.assertEqual(self.database.sql("select count(*) from congto.sample"), [["11"]])
        self.assertEqual(consumer.stop(), 0)

    def test_stopped_and_started(self):
        self.outage(self.database.stop, self.database.start, "nothing is acknowledged until it is back")

    def test_killed_and_started(self):
        self.outage(lambda: self.database.stop(signal.SIGKILL), self.database.start, "nothing is acknowledged until it is back")

    def test_read_only(self):
        def switch(value):
            # The consumer's own sessions take the new default with their next transaction; this one must not.
            self.database.sql(f"set default_transaction_read_only = off; alter system set default_transaction_read_only = {value};")
            self.database.sql("select pg_reload_conf()")
            self.database.wait_sql("show default_transaction_read_only", lambda rows: rows == [[value]], value)
        self.outage(lambda: switch("on"), lambda: switch("off"), "read-only transaction")

    def test_away_at_the_start(self):
        self.database.stop()
        consumer = self.consumer(start=False)
        consumer.start(ready=False)
        consumer.stream.wait_text("nothing is acknowledged until it is back")
        consumer.stream.wait_text("connected to the broker")
        self.say("up/data", batch(1, 5))
        self.database.start()
        self.wait_settled(EPOCH, "{[1,6)}")
        consumer.stream.wait_text("ready")

    def test_tables_of_another_version(self):
        self.database.sql("update congto.schema_version set version = 99")
        consumer = self.consumer(start=False)
        consumer.start(ready=False)
        consumer.stream.wait_text("run deploy/central/database")
        consumer.stream.wait_text("connected to the broker")
        self.say("up/data", batch(1, 5))
        self.database.sql("update congto.schema_version set version = 1")
        self.wait_settled(EPOCH, "{[1,6)}")

    def test_a_frozen_server_is_told_and_so_is_that_it_answers_again(self):
        consumer = self.consumer()
        frozen = [self.database.process.pid, *self.database.workers()]
        signal_all(frozen, signal.SIGSTOP)
        try:
            self.say("up/data", batch(1, 5))
            consumer.stream.wait_text("the database has not answered for 15 s")
        finally:
            signal_all(frozen, signal.SIGCONT)
        consumer.stream.wait_text("the database answers again")
        self.wait_settled(EPOCH, "{[1,6)}")

    def test_timescaledb_is_asked_for_a_hypertable_while_there_are_no_rows(self):
        """No package of Debian has the extension: a function of its name and arguments, and its line in the catalogue, stand for it."""
        self.database.sql("create schema elsewhere; create table elsewhere.calls (relation text, dimension name, period interval);"
                          "create function elsewhere.create_hypertable(relation regclass, time_column_name name, "
                          "chunk_time_interval interval default null, create_default_indexes boolean default true, "
                          "if_not_exists boolean default false) returns void language sql "
                          "as 'insert into elsewhere.calls values ($1, $2, $3)';"
                          "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) "
                          "values (99999, 'timescaledb', 10, 'elsewhere'::regnamespace, false, '2')")
        schema = f"\\i {SOURCE}/deploy/central/schema.sql\n"
        self.database.sql(schema)
        asked = [["sample", "ts", "7 days"]]
        self.assertEqual(self.database.sql("table elsewhere.calls"), asked)
        self.consumer()
        self.say("up/data", batch(1, 5))
        self.wait_settled(EPOCH, "{[1,6)}")
        self.database.sql(schema)
        self.assertEqual(self.database.sql("table elsewhere.calls"), asked)
        # What TimescaleDB refuses: a unique key without the time, and a reference to such a table.
        self.assertEqual(self.database.sql("select indexrelid::regclass from pg_index i where indrelid = 'congto.sample'::regclass and indisunique "
                                           "and not exists (select from pg_attribute where attrelid = indrelid and attnum = any(indkey) "
                                           "and attname = 'ts')"), [])
        self.assertEqual(self.database.sql("select conname from pg_constraint where confrelid = 'congto.sample'::regclass"), [])

    def test_frozen_and_stopped(self):
        """A server that does not answer holds nobody up for long who wants to stop."""
        consumer = self.consumer()
        self.say("up/data", batch(1, 5))
        self.wait_settled(EPOCH, "{[1,6)}")
        frozen = [self.database.process.pid, *self.database.workers()]
        signal_all(frozen, signal.SIGSTOP)
        try:
            self.say("up/data", batch(6, 9))
            begin = time.monotonic()
            self.assertEqual(consumer.stop(), 0)
            self.assertLess(time.monotonic() - begin, 20)
        finally:
            signal_all(frozen, signal.SIGCONT)
        consumer.start()
        self.say("up/data", batch(6, 9))
        self.wait_settled(EPOCH, "{[1,10)}")
        self.assertEqual(self.database.sql("select count(*) from congto.sample"), [["8"]])


def mounts_allowed():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True,
                                                check=False).returncode == 0


@unittest.skipUnless(mounts_allowed(), "only root may mount a small disk for the database")
class FullDisk(CentreCase):
    def postgres_launcher(self):
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        return ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=16m,uid=$(id -u postgres),mode=700 none {self.disk} && exec "$@"', "sh"]

    def test_full(self):
        self.database.sql(f"create tablespace small location '{self.disk}';")
        self.database.sql("alter table congto.sample set tablespace small; alter table congto.sample add filler text;"
                          "alter table congto.sample alter filler set default repeat('x', 1900);"
                          "create table congto.filler (content text) tablespace small;")
        reader = self.reader(self.mqtt, ours=("down/",))
        consumer = self.consumer()
        self.say("up/data", batch(1, 5))
        self.wait_settled(EPOCH, "{[1,6)}")
        for size in (1_000_000, 8000):  # coarse, then fine, until nothing fits
            while self.fill(size):
                pass
        self.say("up/data", batch(6, 300))
        consumer.stream.wait_text("No space left on device")
        self.assertEqual(self.settled(EPOCH), "{[1,6)}")
        self.database.sql("drop table congto.filler; checkpoint")
        reader.wait(lambda messages: any([[1, 300]] == ack["ranges"] for message in reader.messages("down/ack")
                                         for ack in message.json()["acks"]), "everything acknowledged")
        self.assertEqual(self.database.sql("select count(*) from congto.sample"), [["299"]])

    def fill(self, size):
        try:
            self.database.sql("insert into congto.filler select string_agg(md5(i::text || random()), '') "
                              f"from generate_series(1, {size // 32}) i")
            return True
        except AssertionError as error:
            self.assertIn("No space left on device", str(error))
            return False


if __name__ == "__main__":
    main()
