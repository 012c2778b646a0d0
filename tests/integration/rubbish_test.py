#!/usr/bin/python3
"""Meters that answer rubbish: nothing is made up from it, the reason is given, and the other meters are read."""
import os
import threading

from tests.support.modbus_meters import crc16
from tests.support.plant import PlantCase, main, meter, serial_bus, tcp_bus


def damaged(request):
    """A reply whose CRC is wrong by one bit."""
    reply = bytes([request[0], request[1], 2, 0x08, 0xFD])
    crc = crc16(reply)
    return reply + bytes([crc[0] ^ 1, crc[1]])


def of_another_unit(request):
    reply = bytes([request[0] + 1, request[1], 2, 0x08, 0xFD])
    return reply + crc16(reply)


def too_many_registers(request):
    reply = bytes([request[0], request[1], 4, 0x08, 0xFD, 0, 0])
    return reply + crc16(reply)


def noise(_):
    return bytes(range(1, 40))


def exception(request):
    reply = bytes([request[0], request[1] | 0x80, 4])
    return reply + crc16(reply)


class Rubbish(PlantCase):
    def answer(self, cable, how):
        """Something at the far end that answers every request of eight bytes in this way."""
        device = os.open(cable.far, os.O_RDWR | os.O_NOCTTY)

        def serve():
            request = b""
            while True:
                try:
                    request += os.read(device, 8 - len(request))
                except OSError:  # the cable is gone
                    return
                if len(request) == 8:
                    os.write(device, how(request))
                    request = b""
        threading.Thread(target=serve, daemon=True).start()

    def test_gap_with_a_reason(self):
        broker = self.broker()
        reader = self.reader(broker)
        good = self.pymodbus({(1, 3): {0: [2301]}})
        body = tcp_bus("gateway", good.port) + meter("good", "gateway", self.one_register())
        expected = {damaged: "crc", of_another_unit: "timeout", too_many_registers: None, noise: None, exception: "exception-4"}
        for how in expected:
            cable = self.cable()
            self.answer(cable, how)
            name = how.__name__.replace("_", "-")
            body += serial_bus(f"line-{name}", cable.near) + meter(name, f"line-{name}", self.one_register())
        site = self.site(broker, body)
        agent = self.agent(site)

        for how, reason in expected.items():
            with self.subTest(how.__name__):
                sample = reader.wait_sample(how.__name__.replace("_", "-"), accept=lambda record: True)
                self.assertEqual(sample["values"], {})
                self.assertEqual(list(sample["q"]), ["*"])
                if reason:
                    self.assertEqual(sample["q"]["*"], reason)
        self.assertEqual(reader.wait_sample("good")["values"], {"voltage_l1_n": 230.1})
        self.assertTrue(agent.running())


if __name__ == "__main__":
    main()
