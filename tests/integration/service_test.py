#!/usr/bin/python3
"""What the service manager sees of the agent: ready, alive, stopping; and the socket, for the group only."""
import os
import socket
import stat

from tests.support.plant import PlantCase, main, meter, tcp_bus
from tests.support.waiting import PATIENCE


class Service(PlantCase):
    def setUp(self):
        super().setUp()
        path = self.directory / "notify"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(str(path))
        self.manager.settimeout(PATIENCE)
        for name, value in (("NOTIFY_SOCKET", str(path)), ("WATCHDOG_USEC", "300000")):
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name)

    def test_ready_alive_stopping(self):
        server = self.pymodbus({(1, 3): {0: [2301]}})
        agent = self.agent(self.site(self.broker(start=False),
                                     tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register())))
        said = [self.manager.recv(4096).decode() for _ in range(4)]
        self.assertEqual(said, ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"])

        control = [path for path in (self.directory / "state").iterdir() if path.is_socket()]
        self.assertEqual(len(control), 1)
        self.assertEqual(stat.S_IMODE(control[0].stat().st_mode), 0o660)

        agent.stop()
        while said[-1] != "STOPPING=1":
            said.append(self.manager.recv(4096).decode())
        self.assertFalse(control[0].exists())


if __name__ == "__main__":
    main()
