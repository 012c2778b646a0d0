#!/usr/bin/python3
"""A journal that is garbage is set aside: the agent starts, begins a new epoch, and says so."""
from tests.support.plant import PlantCase, main, meter, tcp_bus

GARBAGE = bytes(range(256)) * 64


class GarbageJournal(PlantCase):
    def setUp(self):
        super().setUp()
        self.mqtt = self.broker()
        self.subscriber = self.reader(self.mqtt)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        self.config = self.site(self.mqtt, tcp_bus("gateway", server.port) +
                                meter("m-1", "gateway", self.one_register()))
        self.state = self.directory / "state"

    def start_over_garbage(self, journal):
        agent = self.agent(self.config)
        start = self.subscriber.wait(lambda messages: next(
            (record for _, record in reversed(self.subscriber.records(messages)) if record.get("event") == "start"
             and record["why"] == "journal-lost"), None), "a start event that says that the journal was lost")
        self.assertEqual(start["seq"], 1)
        self.assertIsNone(start["prev"])
        self.wait_status(self.config, lambda status: status.get("journal_trouble") and status["samples"] > 0, "status tells, and it reads")
        aside = [path for path in self.state.iterdir() if path != journal and path.is_file() and path.read_bytes() == GARBAGE]
        self.assertEqual(len(aside), 1, f"the damaged file is kept; there are {sorted(self.state.iterdir())}")
        return agent

    def test_overwritten(self):
        agent = self.agent(self.config)
        self.subscriber.wait_sample("m-1")
        agent.stop()
        journal = self.state / "journal.db"
        self.assertTrue(journal.is_file())
        for path in self.state.iterdir():
            path.unlink()
        journal.write_bytes(GARBAGE)
        self.start_over_garbage(journal)


if __name__ == "__main__":
    main()
