#!/usr/bin/python3
"""SIGTERM ends the agent with exit status 0, whatever it waits for, and what was read is in the journal. (How soon: tests/bench.)"""
import csv
import io

from tests.support.plant import PlantCase, main, meter, tcp_bus


class Stop(PlantCase):
    def test_all_that_was_read_is_committed(self):
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(self.broker(), tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         commit="5min")
        agent = self.agent(site)
        status = self.wait_status(site, lambda status: status["samples"] >= 3, "three samples")
        self.assertEqual(status["last"], 0, "nothing was committed yet")

        self.assertEqual(agent.stop(), 0)

        done = self.congto("export", "--config", site)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertGreaterEqual(len(rows), 3)
        self.assertEqual({(row["meter"], row["point"], row["value"], row["unit"]) for row in rows},
                         {("m-1", "voltage_l1_n", "230.1", "V")})

    def test_nothing_answers(self):
        """Neither broker nor meter: what is waited for does not hold up the end."""
        port = self.reserved_port()
        port.socket.listen()  # takes connections, answers nothing
        site = self.site(self.broker(start=False),
                         tcp_bus("gateway", port.number) + meter("m-1", "gateway", self.one_register()))
        agent = self.agent(site)
        self.wait_status(site, lambda status: status["failed_polls"] >= 1, "a poll that failed")
        self.assertEqual(agent.stop(), 0)

    def test_the_next_run_knows(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        agent = self.agent(self.site(broker, tcp_bus("gateway", server.port) +
                                     meter("m-1", "gateway", self.one_register())))
        reader.wait_sample("m-1")
        agent.stop()
        agent.start()

        def starts(messages):
            found = [(epoch, record) for epoch, record in reader.records(messages) if record.get("event") == "start"]
            return found if len(found) == 2 else None
        (first, _), (_, second) = reader.wait(starts, "two start events")
        last = max(record["seq"] for epoch, record in reader.records() if epoch == first)
        self.assertEqual(second["seq"], 1)
        self.assertEqual(second["prev"], {"epoch": first, "last": last})
        self.assertEqual(second["why"], "stop")


if __name__ == "__main__":
    main()
