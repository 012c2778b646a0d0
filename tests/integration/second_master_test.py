#!/usr/bin/python3
"""Another master on a serial line: the line is not polled, and status and `read` say why."""
import threading

from tests.support.modbus_meters import crc16
from tests.support.plant import PlantCase, main, meter, serial_bus

REQUEST = bytes([9, 3, 0, 0, 0, 2])
FRAME = REQUEST + crc16(REQUEST)


class SecondMaster(PlantCase):
    def setUp(self):
        super().setUp()
        self.line = self.cable()
        self.device = self.directory / "ttyUSB7"
        self.device.symlink_to(self.line.near)
        self.config = self.site(self.broker(), serial_bus("line-1", self.device) +
                                meter("m-1", "line-1", self.one_register()))
        stop = threading.Event()
        master = threading.Thread(target=self.line.speak, args=(FRAME, stop, 0.3))
        master.start()

        def end():
            stop.set()
            master.join()
        self.addCleanup(end)

    def test_run_does_not_poll(self):
        self.agent(self.config)
        status = self.wait_status(self.config, lambda status: status["buses"][0].get("foreign_frames", 0) > 0 and
                                  "master" in status["buses"][0]["state"], "the other master is named")
        self.assertEqual(status["samples"], 0)
        self.assertEqual(self.line.sent_by("near"), b"")

    def test_an_adapter_plugged_in_later_is_listened_to_first(self):
        self.device.unlink()
        self.agent(self.config)
        self.wait_status(self.config, lambda status: "does not exist" in status["buses"][0]["state"], "the port is missed")
        self.device.symlink_to(self.line.near)
        self.wait_status(self.config, lambda status: "master" in status["buses"][0]["state"], "the other master is named")
        self.assertEqual(self.line.sent_by("near"), b"")

    def test_read_refuses(self):
        done = self.congto("read", "m-1", "--config", self.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("master", done.stderr)
        self.assertEqual(self.line.sent_by("near"), b"")


if __name__ == "__main__":
    main()
