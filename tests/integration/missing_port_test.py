#!/usr/bin/python3
"""A serial port that is not there is named in status, the other buses go on, and the port is used as soon as it appears."""
from tests.support.plant import PlantCase, main, meter, serial_bus, tcp_bus


class MissingPort(PlantCase):
    def test_named_and_awaited(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        device = self.directory / "ttyUSB7"
        profile = self.one_register()
        site = self.site(broker, serial_bus("line-1", device) + tcp_bus("gateway", server.port) +
                         meter("m-1", "gateway", profile) + meter("m-2", "line-1", profile))
        self.agent(site)
        self.assertEqual(reader.wait_sample("m-1")["values"], {"voltage_l1_n": 230.1})
        status = self.wait_status(site, lambda status: any(bus["name"] == "line-1" and bus["state"] != "ok"
                                                           for bus in status["buses"]), "the line is missed")
        state = next(bus["state"] for bus in status["buses"] if bus["name"] == "line-1")
        self.assertIn("does not exist", state)

        cable = self.cable()
        self.pymodbus({(1, 3): {0: [2302]}}, device=cable.far, baud=19200)
        device.symlink_to(cable.near)
        self.assertEqual(reader.wait_sample("m-2")["values"], {"voltage_l1_n": 230.2})

    def test_read_of_the_agent_is_answered_at_once(self):
        site = self.site(self.broker(), serial_bus("line-1", self.directory / "ttyUSB7") +
                         meter("m-2", "line-1", self.one_register()))
        self.agent(site)
        self.wait_status(site, lambda status: status["buses"][0]["state"] != "ok", "the line is missed")
        done = self.congto("read", "m-2", "--config", site, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-link", done.stderr)

    def test_read_says_what_is_wrong(self):
        site = self.site(self.broker(start=False), serial_bus("line-1", self.directory / "ttyUSB7") +
                         meter("m-2", "line-1", self.one_register()))
        done = self.congto("read", "m-2", "--config", site)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ttyUSB7", done.stderr)
        self.assertIn("does not exist", done.stderr)


if __name__ == "__main__":
    main()
