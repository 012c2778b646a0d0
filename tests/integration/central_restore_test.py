#!/usr/bin/python3
"""The centre's database is lost and restored from a backup: the agent, which had everything acknowledged, is asked for what the backup
lacks, epoch by epoch, and sends it again from its journal."""
import os
import subprocess

from tests.support.centre import CentreCase
from tests.support.plant import main, meter, tcp_bus
from tests.support.postgres import binary
from tests.support.waiting import PATIENCE, ask_until


class Restore(CentreCase):
    def samples(self):
        return self.database.sql("select epoch, seq, ts, values from congto.sample join congto.epoch using (agent_id, epoch_id) order by 1, 2")

    def run_for(self, site, records):
        """One run of the agent, until so many of its records are acknowledged."""
        agent = self.agent(site)
        self.wait_status(site, lambda status: status["last"] >= records and status["unacknowledged"] == 0, f"{records} acknowledged")
        return agent

    def test_what_the_backup_lacks_comes_again(self):
        consumer = self.consumer()
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(self.mqtt, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()), ack="central")
        self.assertEqual(self.run_for(site, 5).stop(), 0)
        backup = self.directory / "backup"
        self.dump(backup)
        self.assertEqual(self.run_for(site, 6).stop(), 0)
        self.run_for(site, 7)
        before = self.samples()

        self.assertEqual(consumer.stop(), 0)
        self.database.sql("drop database congto", database="postgres")
        self.database.sql("create database congto", database="postgres")
        self.restore(backup)
        lost = len(before) - len(self.samples())
        self.assertGreaterEqual(lost, 8)
        consumer.start()
        # Each status of the agent, one a minute, lets the centre walk back one epoch.
        ask_until(lambda: set(map(tuple, before)) <= set(map(tuple, self.samples())), "what was lost", 5 * 60, every=1)
        self.assertEqual(self.database.sql("select * from congto.conflict"), [])
        self.database.wait_sql("select agent, kind, epoch, first, last from congto.gaps where kind <> 'hole'",
                               lambda rows: rows == [], "no gap is left")

    def dump(self, file):
        self.tool("pg_dump", "-Fc", "-f", file, self.database.url)

    def restore(self, file):
        self.tool("pg_restore", "--exit-on-error", "-d", self.database.url, file)

    def tool(self, name, *arguments):
        done = subprocess.run([binary(name), *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env=os.environ)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
