#!/usr/bin/python3
"""The broker is killed and comes back without memory: every record reaches the reader, none with two contents."""
import signal

from tests.support.plant import PlantCase, main, meter, tcp_bus


class BrokerRestart(PlantCase):
    def test_nothing_is_lost(self):
        broker = self.broker()
        reader = self.reader(broker)
        self.centre(broker, reader)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         ack="central")
        self.agent(site)
        reader.wait(lambda messages: len(reader.records(messages)) >= 4, "the first records")

        broker.stop(signal.SIGKILL)
        mark = self.wait_status(site, lambda status: True, "the agent answers")["last"]
        during = self.wait_status(site, lambda status: status["last"] >= mark + 4, "polling goes on without a broker")
        broker.start()

        # The agent waits up to 60 s before backfill, so that a fleet does not come back all at once, and a record that
        # the broker took with it into its grave is sent again after 60 s.
        def all_seen(messages):
            seqs = {record["seq"] for epoch, record in reader.records(messages) if epoch == during["epoch"]}
            return set(range(1, during["last"] + 1)) <= seqs
        reader.wait(all_seen, f"every record up to {during['last']}", seconds=200)
        self.wait_status(site, lambda status: status["unacknowledged"] <= 3, "the backlog is acknowledged")


if __name__ == "__main__":
    main()
