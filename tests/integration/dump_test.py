#!/usr/bin/python3
"""The register dump of a real TUF-2000M, served by pymodbus, comes out of mosquitto_sub with its known values."""
import csv
import pathlib

from tests.support.plant import PlantCase, main, meter, serial_bus, tcp_bus

DUMPS = pathlib.Path(__file__).parents[1] / "data" / "dumps.csv"


def dump():
    with DUMPS.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["device_id"] == "tuf-2000m")
    registers = [int(word) for word in row["registers"].split()]
    raw = {name: float(value) for name, value in (pair.split("=") for pair in row["expected"].split(";"))}
    # The profile gives a totalizer as one point: integer part plus fraction.
    raw["volume_forward"] = raw.pop("volume_forward_int") + raw.pop("volume_forward_frac")
    return int(row["first_wire_address"]), registers, raw


class Dump(PlantCase):
    def setUp(self):
        super().setUp()
        self.first, self.registers, self.expected = dump()
        self.table = {(1, 3): {self.first: self.registers}}

    def check(self, values):
        known = {name: value for name, value in self.expected.items() if name in values}
        self.assertGreaterEqual(set(known), {"flow_rate", "velocity", "volume_forward", "temperature_supply",
                                             "temperature_return"})
        self.assert_values(known, values)

    def test_over_tcp(self):
        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus(self.table)
        self.agent(self.site(broker, tcp_bus("gateway", server.port) + meter("water-1", "gateway", "tuf-2000m")))
        self.check(reader.wait_sample("water-1")["values"])

    def test_over_a_serial_line(self):
        broker = self.broker()
        reader = self.reader(broker)
        cable = self.cable()
        self.pymodbus(self.table, device=cable.far, baud=9600)
        self.agent(self.site(broker, serial_bus("line-1", cable.near, 9600) + meter("water-1", "line-1", "tuf-2000m")))
        self.check(reader.wait_sample("water-1")["values"])


if __name__ == "__main__":
    main()
