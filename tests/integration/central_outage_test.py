#!/usr/bin/python3
"""Any one part is away for a minute, with the real servers: the link, the broker, PostgreSQL, congto-central, the agent. Afterwards the
centre has every record once, the agent knows it, and completeness is 100 %."""
import signal

from tests.support import broker as broker_module
from tests.support.centre import SOURCE, Consumer
from tests.support.link import Link
from tests.support.plant import AGENT_NAME, Agent, PlantCase, head, main, meter, tcp_bus
from tests.support.postgres import Postgres
from tests.support.waiting import ask_until

MINUTE = 60
# The agent waits up to 60 s before backfill, what was lost in a grave is sent again after 60 s, and a slot counts as missing after 120 s.
RECOVERY = 400


class Chain:
    """Meters, agent, link, broker, congto-central and PostgreSQL, each a process of its own."""

    def __init__(self, case, name, meters):
        self.directory = case.directory / name
        self.directory.mkdir()
        self.broker = case._kept(broker_module.Broker(self.directory)).start()
        self.link = case._kept(Link(self.broker.port))
        self.database = case._kept(Postgres(self.directory)).start()
        for script in ("schema.sql", "views.sql"):
            self.database.sql(f"\\i {SOURCE}/deploy/central/{script}\n")
        self.database.sql(f"insert into congto.agent (name, site) values ('{AGENT_NAME}', 'test-plant')")
        config = self.directory / "central.toml"
        config.write_text(f'centre = "test-centre"\n[broker]\nurl = "{self.broker.url}"\n[database]\nurl = "{self.database.url}"\n')
        self.central = case._kept(Consumer(config)).start()
        self.site = self.directory / "site.toml"
        self.site.write_text(head(f'broker = "{self.link.url}"\n', self.directory, "1s") + meters)
        self.agent = case._kept(Agent(self.site)).start()

    def newest(self):
        """The slot of the newest sample in PostgreSQL, in ms."""
        return int(self.database.sql("select coalesce(max(slot), 0) from congto.sample")[0][0])

    def completeness(self):
        return self.database.sql("select meter, expected, missing, complete_percent::float from congto.completeness")


class Outages(PlantCase):
    def setUp(self):
        super().setUp()
        self.directory.chmod(0o711)  # where root starts it, PostgreSQL runs as its own user
        server = self.pymodbus({(1, 3): {0: [2301]}, (2, 3): {0: [2302]}})
        profile = self.directory / "one-register.toml"
        self.one_register()
        self.meters = tcp_bus("gateway", server.port) + meter("m-1", "gateway", str(profile)) + meter(
            "m-2", "gateway", str(profile), unit_id=2, every="5s")

    def chain(self, name):
        return Chain(self, name, self.meters)

    def test_a_minute_without_any_one_part(self):
        chains = {name: self.chain(name) for name in ("link", "broker", "database", "central", "agent", "agent-killed", "nothing")}
        for chain in chains.values():
            ask_until(lambda chain=chain: chain.newest() > 0, "the first samples")

        chains["link"].link.freeze()
        chains["broker"].broker.stop(signal.SIGKILL)
        chains["database"].database.stop(signal.SIGKILL)
        chains["central"].central.stop(signal.SIGKILL)
        self.assertEqual(chains["agent"].agent.stop(), 0)
        chains["agent-killed"].agent.stop(signal.SIGKILL)
        # A minute by the meters of the chain that nothing happens to.
        begin = chains["nothing"].newest()
        ask_until(lambda: chains["nothing"].newest() >= begin + MINUTE * 1000, "a minute", 3 * MINUTE, every=1)
        chains["link"].link.thaw()
        chains["broker"].broker.start()
        chains["database"].database.start()
        chains["central"].central.start(ready=False)
        chains["agent"].agent.start()
        chains["agent-killed"].agent.start()

        for name, chain in chains.items():
            with self.subTest(outage=name):
                self.assert_complete(name, chain, begin + MINUTE * 1000)

    def assert_complete(self, name, chain, end):
        def expected():
            """Slots count as expected two minutes later: so long until those of the whole outage do."""
            rows = chain.completeness()
            slots = int(chain.database.sql(f"select count(*) from generate_series((select min(slot) from congto.sample), {end}, 1000)")[0][0])
            return rows if len(rows) == 2 and max(int(row[1]) for row in rows) >= slots and all(row[2] == "0" for row in rows) else None
        rows = ask_until(lambda: expected(), f"{name}: complete", RECOVERY, every=1)
        self.assertEqual({row[3] for row in rows}, {"100"}, f"{name}: {rows}")
        self.wait_status(chain.site, lambda status: status["unacknowledged"] <= 4 and status["last_ack_age_s"] < 90, f"{name}: acknowledged")
        database = chain.database
        self.assertEqual(database.sql("select * from congto.gaps where kind <> 'hole'"), [], name)
        self.assertEqual(database.sql("select * from congto.conflict"), [], name)
        self.assertEqual(database.sql("select * from congto.dead_letter"), [], name)
        # What is settled is there: by the ledger's count, each once.
        settled, stored = database.sql(
            "select (select sum(upper(r) - lower(r)) from congto.epoch, unnest(settled) r), "
            "(select count(*) from congto.sample) + (select count(*) from congto.event)")[0]
        self.assertEqual(settled, stored, name)


if __name__ == "__main__":
    main()
