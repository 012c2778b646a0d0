#!/usr/bin/python3
"""The agent starts with broker and meters absent, and carries on by itself when they appear."""
from tests.support.plant import PlantCase, main, meter, tcp_bus


class LateStart(PlantCase):
    def test_meter_then_broker(self):
        broker = self.broker(start=False)
        port = self.reserved_port()
        site = self.site(broker, tcp_bus("gateway", port.number) + meter("m-1", "gateway", self.one_register()))
        agent = self.agent(site)
        status = self.wait_status(site, lambda status: status["buses"][0]["state"] != "ok", "the gateway is missed")
        self.assertEqual(status["buses"][0]["name"], "gateway")

        self.pymodbus({(1, 3): {0: [2301]}}, port=port)
        self.wait_status(site, lambda status: status["buses"][0]["state"] == "ok" and status["samples"] > 0, "the gateway is read")

        broker.start()
        self.assertEqual(self.reader(broker).wait_sample("m-1")["values"], {"voltage_l1_n": 230.1})
        self.assertTrue(agent.running())

    def test_what_was_read_before_the_broker_came_is_published(self):
        broker = self.broker(start=False)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         ack="central")
        self.agent(site)
        early = self.wait_status(site, lambda status: status["last"] >= 3, "three records in the journal")

        broker.start()
        reader = self.reader(broker)
        self.centre(broker, reader)
        reader.wait(lambda messages: {1, 2, 3} <= {record["seq"] for epoch, record in reader.records(messages)
                                                   if epoch == early["epoch"]}, "the first three records", seconds=150)

    def test_a_journal_that_can_be_opened_only_later_is_published(self):
        broker = self.broker(start=False)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         ack="central")
        agent = self.agent(site)
        early = self.wait_status(site, lambda status: status["last"] >= 3, "three records in the journal")
        self.assertEqual(agent.stop(), 0)

        journal = self.directory / "state" / "journal.db"
        parts = [journal, journal.with_name("journal.db-wal")]
        for part in parts:
            part.rename(self.directory / part.name)
        journal.symlink_to(self.directory / "no-such-disk" / "journal.db")
        agent.start()
        self.wait_status(site, lambda status: status["journal"] == "memory", "the journal is in memory")
        for part in reversed(parts):  # the journal last: it takes the link's place in one step
            (self.directory / part.name).rename(part)
        self.wait_status(site, lambda status: status["journal"] == "file" and status["unacknowledged"] >= early["last"],
                         "the records of the run before are counted")

        broker.start()
        reader = self.reader(broker)
        self.centre(broker, reader)
        reader.wait(lambda messages: {1, 2, 3} <= {record["seq"] for epoch, record in reader.records(messages)
                                                   if epoch == early["epoch"]}, "the first run's records", seconds=150)


if __name__ == "__main__":
    main()
