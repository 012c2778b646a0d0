"""What an integration test stands on: a directory, a broker, a reader, meters that are not ours, and the built congto.

Every test is a PlantCase: it makes its plant with the methods below, and everything is taken down again in reverse order.
"""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from tests.support import broker as broker_module
from tests.support import modbus_meters
from tests.support.pty_pair import PtyPair
from tests.support.reader import Centre, Reader
from tests.support.waiting import PATIENCE, Stream, ask_until

AGENT_NAME = "test-edge-1"
ONE_REGISTER = """vendor = "Test"
model = "one register"
medium = "electricity"
function = 3
[points]
voltage_l1_n = { at = 0, type = "u16", scale = 0.1, unit = "V" }
"""


def head(uplink, directory, commit):
    """The start of a site.toml. Records are committed at once and the clock is trusted: no test waits for either."""
    return f'''site = "test-plant"
agent = "{AGENT_NAME}"
state = "{directory}/state"
clock = "trusted"

[journal]
commit-period = "{commit}"

[uplink]
{uplink}
'''


def tcp_bus(name, port, extra=""):
    return f'[[bus]]\nname = "{name}"\ntcp = "127.0.0.1:{port}"\n{extra}\n'


def serial_bus(name, device, baud=19200, extra=""):
    return f'[[bus]]\nname = "{name}"\nserial = "{device}"\nbaud = {baud}\nparity = "none"\n{extra}\n'


def meter(name, bus, profile, unit_id=1, every="1s", extra=""):
    return (f'[[meter]]\nname = "{name}"\nbus = "{bus}"\nunit-id = {unit_id}\nprofile = "{profile}"\nevery = "{every}"\n'
            f'{extra}\n')


class Program:
    """A program that a test starts and stops, again and again; what it says is kept."""

    def __init__(self, name, command):
        self.name = name
        self.command = [str(word) for word in command]
        self.process = None
        self.stream = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = Stream(self.process.stdout)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, how=signal.SIGTERM):
        """The exit status."""
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self.stream.join()
        return status

    def close(self):
        if self.process is None:
            return
        if self.running():
            self.process.kill()
            self.process.wait()
            self.stream.join()
        print(f"-- {self.name} said:\n{self.stream.text()}\n--")


class Agent(Program):
    """`congto run` on a site."""

    def __init__(self, site, launcher=()):
        super().__init__(f"the agent on {site.name}", [*launcher, os.environ["CONGTO"], "run", "--config", site])


class PlantCase(unittest.TestCase):
    """Base of the integration tests."""

    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="congto-test-")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def _kept(self, thing):
        self.addCleanup(thing.close)
        return thing

    # -- the plant

    def broker(self, start=True, **settings):
        broker = self._kept(broker_module.Broker(self.directory, **settings))
        return broker.start() if start else broker

    def reader(self, broker, **options):
        return self._kept(Reader(broker, **options))

    def centre(self, broker, reader):
        return self._kept(Centre(broker, reader))

    def pymodbus(self, registers, **where):
        return self._kept(modbus_meters.Pymodbus(registers, **where))

    def libmodbus(self, *what, **where):
        return self._kept(modbus_meters.Libmodbus(*what, **where))

    def cable(self):
        return self._kept(PtyPair())

    def reserved_port(self):
        return self._kept(broker_module.ReservedPort())

    # -- congto

    def profile(self, name, text):
        """A profile of the test's own beside its site; gives what `profile =` must say."""
        (self.directory / name).write_text(text)
        return name

    def one_register(self):
        """For tests that are not about decoding: holding register 0 is a voltage in 0.1 V."""
        return self.profile("one-register.toml", ONE_REGISTER)

    def site(self, broker, body, name="site.toml", ack="broker", uplink="", commit="200ms"):
        path = self.directory / name
        connection = f'broker = "{broker.url}"\nack = "{ack}"\n{uplink}'
        path.write_text(head(connection, self.directory, commit) + "\n" + body)
        return path

    def agent(self, site, start=True, launcher=()):
        agent = self._kept(Agent(site, launcher))
        return agent.start() if start else agent

    def congto(self, *arguments, timeout=PATIENCE):
        """One command, to its end."""
        return subprocess.run([os.environ["CONGTO"], *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, check=False, cwd=self.directory)

    def read_json(self, meter_name, site):
        """`congto read METER --json`."""
        done = self.congto("read", meter_name, "--config", site, "--json")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def wait_status(self, site, accept, what):
        """`congto status --json` of the running agent until it is accepted."""
        def ask():
            done = self.congto("status", "--config", site, "--json")
            if done.returncode != 0:
                return None
            status = json.loads(done.stdout)
            return status if accept(status) else None
        return ask_until(ask, what)

    # -- expectations

    def assert_values(self, expected, values):
        """Every expected point is there with this value; floats as close as 32 bits allow."""
        for name, value in expected.items():
            self.assertIn(name, values)
            self.assertAlmostEqual(values[name], value, delta=max(1e-9, abs(value) * 1e-6), msg=name)

    def assert_without_holes(self, records):
        """Of each epoch every seq from 1 on was seen, and each with one content."""
        epochs = {}
        for epoch, record in records:
            known = epochs.setdefault(epoch, {}).setdefault(record["seq"], record)
            self.assertEqual(known, record, f"two contents under {epoch} {record['seq']}")
        for epoch, by_seq in epochs.items():
            self.assertEqual(sorted(by_seq), list(range(1, max(by_seq) + 1)), f"holes in epoch {epoch}")
        return epochs


def main():
    unittest.main(verbosity=2)
