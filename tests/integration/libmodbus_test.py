#!/usr/bin/python3
"""The agent reads a libmodbus server over TCP and over a serial line."""
from tests.support.modbus_meters import f32
from tests.support.plant import PlantCase, main, meter, serial_bus, tcp_bus

PROFILE = """vendor = "Test"
model = "libmodbus"
medium = "electricity"
function = 4
word-order = "big"
[points]
voltage_l1_n = { at = 20, type = "f32", unit = "V" }
frequency    = { at = 22, type = "f32", unit = "Hz" }
"""
VALUES = f32(231.5) + f32(49.75)


class LibmodbusServer(PlantCase):
    def check(self, reader):
        self.assertEqual(reader.wait_sample("m-1")["values"], {"voltage_l1_n": 231.5, "frequency": 49.75})

    def test_tcp(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.libmodbus(17, 4, 20, VALUES)
        self.agent(self.site(broker, tcp_bus("bus-1", server.port) + meter("m-1", "bus-1", self.profile("m.toml", PROFILE), 17)))
        self.check(reader)

    def test_serial(self):
        broker = self.broker()
        reader = self.reader(broker)
        cable = self.cable()
        self.libmodbus(17, 4, 20, VALUES, device=cable.far, baud=19200)
        self.agent(self.site(broker, serial_bus("bus-1", cable.near) + meter("m-1", "bus-1", self.profile("m.toml", PROFILE), 17)))
        self.check(reader)


if __name__ == "__main__":
    main()
