#!/usr/bin/python3
"""A meter that is not in the repository reads correctly through a profile written from its manual, at once and continuously."""
from tests.support.modbus_meters import u32
from tests.support.plant import PlantCase, main, meter, serial_bus, tcp_bus

# A device of our invention with a bit of everything that makers do.
HELIOS = """vendor = "Helios"
model = "HX-9"
medium = "electricity"
function = 3
word-order = "little"
max-registers = 20
[points]
voltage_l1_n         = { at = 100, type = "u16", scale = 0.1, unit = "V" }
temperature          = { at = 101, type = "s16", scale = 0.1, unit = "degC" }
active_power         = { at = 102, type = "s32", unit = "W", scale-at = 110 }
active_energy_import = { at = 104, type = "u32", scale = 0.01, unit = "kWh", kind = "counter" }
active_energy_export = { at = 106, type = "mod10k4", scale = 0.001, unit = "kWh", kind = "counter" }
frequency            = { at = 111, type = "u16", scale = 0.01, unit = "Hz", not-available = ["FFFF"] }
current_l1           = { at = 300, type = "u16", scale = 0.001, unit = "A" }
"""
REGISTERS = {(7, 3): {
    100: [2302, 0x10000 - 55],
    102: u32(0x100000000 - 1234, "little"),
    104: u32(123456789, "little"),
    106: [4321, 8765, 12, 0],
    110: [2, 0xFFFF],
    300: [1500],
}}
EXPECTED = {"voltage_l1_n": 230.2, "temperature": -5.5, "active_power": -123400, "active_energy_import": 1234567.89,
            "active_energy_export": 1287654.321, "current_l1": 1.5}


class UnknownDevice(PlantCase):
    def check(self, answer):
        self.assertEqual({name: float(value) for name, value in answer["values"].items()}, EXPECTED)
        self.assertEqual(answer["q"], {"frequency": "not-available"})

    def test_read_and_run_over_tcp(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus(REGISTERS)
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("boiler", "gateway", self.profile("hx-9.toml", HELIOS), 7))
        self.check(self.read_json("boiler", site))

        self.agent(site)
        sample = reader.wait_sample("boiler")
        self.check(sample)
        # decimal as a person would write it, not 1234567.8899999999
        self.assertEqual(sample["values"]["active_energy_import"].text, "1234567.89")

    def test_read_while_the_agent_owns_the_line(self):
        cable = self.cable()
        self.pymodbus(REGISTERS, device=cable.far, baud=19200)
        site = self.site(self.broker(), serial_bus("line-1", cable.near) +
                         meter("boiler", "line-1", self.profile("hx-9.toml", HELIOS), 7))
        self.agent(site)
        self.wait_status(site, lambda status: status["samples"] > 0, "the agent polls the line")
        self.check(self.read_json("boiler", site))

    def test_read_without_a_site(self):
        cable = self.cable()
        self.pymodbus(REGISTERS, device=cable.far, baud=19200)
        profile = self.directory / self.profile("hx-9.toml", HELIOS)
        done = self.congto("read", "--serial", cable.near, "--baud", 19200, "--unit-id", 7, "--profile", profile)
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("1234567.89", "-5.5", "-123400", "not-available"):
            self.assertIn(text, done.stdout)


if __name__ == "__main__":
    main()
