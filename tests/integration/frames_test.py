#!/usr/bin/python3
"""Every published or captured reply of frames.csv decodes to its known value, when pymodbus gives its registers."""
import csv
import pathlib
import struct

from tests.support.plant import PlantCase, main, meter, tcp_bus

FRAMES = pathlib.Path(__file__).parents[1] / "data" / "frames.csv"
WORDS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2}
# Units that a row leaves to a setting of the device, and marks that its table knows as "not available".
UNIT_OF_SETTING = {"flow_rate": "m3/h", "volume_forward": "m3"}
NOT_AVAILABLE = {"u32": "FFFFFFFF", "s32": "7FFFFFFF"}


def rows():
    """Rows whose reply is whole; of f11 the frame between the two glitch bytes, f12 is the one with a wrong CRC."""
    with FRAMES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            frame = bytes.fromhex(row["reply_hex"])
            if row["reply_crc_ok"] == "yes_after_trimming":
                frame = frame[1:-1]
            if row["reply_crc_ok"] != "no":
                yield row, frame


def points(row):
    """(name, type, wire address, scale, unit, expected value or None) of each point of a row."""
    address = int(row["start_address"])
    columns = [row[name].split("|") for name in ("point", "type", "scale", "decoded_value", "unit")]
    count = len(columns[0])
    for name, kind, scale, value, unit in zip(*(column * (count if len(column) == 1 else 1) for column in columns)):
        kind, _, at = kind.partition("@")
        if at:
            address = int(at, 16)
        yield name, kind, address, scale, unit, None if value == "not_available" else float(value)
        address += sum(WORDS[part] for part in kind.split("+"))


def profile(row, frame):
    lines = ['vendor = "Test"', f'model = "{row["device_id"]}"', 'medium = "electricity"', f"function = {frame[1]}",
             f'word-order = "{row["word_order"]}"', "max-registers = 125", "max-gap = 100", "[points]"]
    expected = {}
    for name, kind, at, scale, unit, value in points(row):
        fields = [f"at = {at}"]
        if "+" in kind:  # integer and fraction
            kind, fraction = kind.split("+")
            name = name.split("_int")[0]
            fields.append(f'plus = {{ at = {at + WORDS[kind]}, type = "{fraction}" }}')
        if name == "demand_time_setting":
            unit, scale = "s", "60"  # minutes as printed; the closed list has seconds
            value *= 60
        fields += [f'type = "{kind}"', f'unit = "{unit or UNIT_OF_SETTING[name]}"']
        if scale != "1":
            fields.append(f"scale = {scale}")
        if name.startswith(("active_energy", "volume")):
            fields.append('kind = "counter"')
        if kind in NOT_AVAILABLE:
            fields.append(f'not-available = ["{NOT_AVAILABLE[kind]}"]')
        lines.append(f"{name} = {{ {', '.join(fields)} }}")
        expected[name] = value
    return "\n".join(lines) + "\n", expected


class Frames(PlantCase):
    def test_every_row(self):
        registers, body, wanted = {}, "", {}
        for unit, (row, frame) in enumerate(rows(), start=1):
            words = list(struct.unpack(f">{frame[2] // 2}H", frame[3:3 + frame[2]]))
            registers[(unit, frame[1])] = {int(row["start_address"]): words}
            text, wanted[row["id"]] = profile(row, frame)
            body += meter(row["id"], "gateway", self.profile(f"{row['id']}.toml", text), unit)
        self.assertEqual(len(wanted), 11)

        broker = self.broker()
        reader = self.reader(broker)
        server = self.pymodbus(registers)
        self.agent(self.site(broker, tcp_bus("gateway", server.port) + body))
        for name, expected in wanted.items():
            with self.subTest(row=name):
                sample = reader.wait_sample(name)
                self.assert_values({point: value for point, value in expected.items() if value is not None},
                                   {point: float(value) for point, value in sample["values"].items()})
                for point in (point for point, value in expected.items() if value is None):
                    self.assertNotIn(point, sample["values"])
                    self.assertEqual(sample["q"][point], "not-available")


if __name__ == "__main__":
    main()
