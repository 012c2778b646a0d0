#!/usr/bin/python3
"""A disk that takes no writes: the agent runs and keeps polling, and says that its journal is in memory only."""
import subprocess
import unittest

from tests.support.plant import PlantCase, main, meter, tcp_bus

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def allowed():
    return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0


class ReadOnlyDisk(PlantCase):
    @unittest.skipUnless(allowed(), "this machine allows no mounts of our own")
    def test_told_in_status(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()))
        state = self.directory / "state"
        state.mkdir()
        agent = self.agent(site, launcher=[*NAMESPACE, "sh", "-c", f'mount -t tmpfs -o ro none {state} && exec "$@"', "sh"])
        status = reader.wait_status(lambda status: status["journal"] == "memory", "the journal is in memory")
        self.assertIn("ead-only", status["journal_trouble"])
        self.assertTrue(agent.running())
        self.assertEqual(agent.stop(), 0)


if __name__ == "__main__":
    main()
