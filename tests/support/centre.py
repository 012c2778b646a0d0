"""The central side of an integration test: PostgreSQL with our tables, and congto-central. All real.

CentreCase is a PlantCase that has a broker and a database; consumers are started with consumer().
"""
import json
import os
import pathlib
import subprocess

from tests.support.plant import AGENT_NAME, PlantCase, Program
from tests.support.postgres import Postgres
from tests.support.waiting import PATIENCE

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SITE = "test-plant"
CENTRE = "test-centre"


class Consumer(Program):
    """`congto-central run`."""

    def __init__(self, config):
        super().__init__("congto-central", [os.environ["CONGTO_CENTRAL"], "run", "--config", config])
        self.config = config

    def start(self, ready=True):
        super().start()
        if ready:
            self.stream.wait_text("ready")
        return self


class CentreCase(PlantCase):
    """Base of the tests with a centre: self.mqtt and self.database are there."""

    postgres_settings = ()

    def postgres_launcher(self):
        return ()

    def setUp(self):
        super().setUp()
        self.mqtt = self.broker(settings=["allow_anonymous true", "max_queued_messages 100000"])
        self.database = self._kept(Postgres(self.directory, settings=self.postgres_settings, launcher=self.postgres_launcher())).start()
        for script in ("schema.sql", "views.sql"):
            self.database.sql(f"\\i {SOURCE}/deploy/central/{script}\n")
        self.enrol(AGENT_NAME, SITE)

    def enrol(self, agent, site):
        self.database.sql(f"insert into congto.agent (name, site) values ('{agent}', '{site}')")

    def central_config(self, name="central.toml", centre=CENTRE, database=""):
        path = self.directory / name
        path.write_text(f'centre = "{centre}"\n[broker]\nurl = "{self.mqtt.url}"\n[database]\n'
                        f'url = "{database or self.database.url}"\n')
        return path

    def consumer(self, start=True, **config):
        consumer = self._kept(Consumer(self.central_config(**config)))
        return consumer.start() if start else consumer

    def central(self, *arguments):
        """One command of congto-central, to its end."""
        return subprocess.run([os.environ["CONGTO_CENTRAL"], *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=self.directory)

    # -- an agent that isn't ours: what it says is written by the test

    def say(self, topic, payload, agent=AGENT_NAME, retained=False, encoding=None):
        """Publishes one payload (text, bytes or an object) on congto/v1/{agent}/{topic}, and waits for the PUBACK."""
        if isinstance(payload, (dict, list)):
            payload = json.dumps(payload)
        data = payload if isinstance(payload, bytes) else payload.encode()
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.mqtt.port), "-V", "5", "-q", "1", "-t",
                   f"congto/v1/{agent}/{topic}", "-s"]
        if retained:
            command.append("-r")
        if encoding:
            command += ["-D", "publish", "user-property", "content-encoding", encoding]
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def settled(self, epoch, agent=AGENT_NAME):
        """The ledger's ranges of an epoch: {[1,481)}."""
        rows = self.database.sql("select settled from congto.epoch join congto.agent using (agent_id) "
                                 f"where name = '{agent}' and epoch = '{epoch}'")
        return rows[0][0] if rows else None

    def wait_settled(self, epoch, ranges, agent=AGENT_NAME):
        self.database.wait_sql(
            "select settled from congto.epoch join congto.agent using (agent_id) "
            f"where name = '{agent}' and epoch = '{epoch}'", lambda rows: rows == [[ranges]], f"{epoch} settled {ranges}")
