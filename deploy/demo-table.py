# Reads what mosquitto_sub prints ("topic payload" a line) and shows the last reading of every meter of a site as a table.
# Used by deploy/demo. Exit status 0 when every meter has sent at least one value, otherwise 1.
import argparse
import json
import os
import select
import shutil
import signal
import sys
import time
import tomllib

REDRAW_SECONDS = 1.0  # on a terminal
PRINT_SECONDS = 15.0  # where nobody can redraw
WIDE = 120  # columns, likewise

# The value that says most about a meter now, and the counter that a bill is made of: point, factor, unit, digits.
NOW = [("active_power", 0.001, "kW", 2), ("flow_rate", 1, "m3/h", 2)]
COUNTER = [
    ("active_energy_import", 1, "kWh", 2),
    ("active_energy_total", 1, "kWh", 2),
    ("volume_forward", 1, "m3", 3),
]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True, help="the site file, for the names of its meters")
    parser.add_argument("--seconds", type=float, default=0, help="stop after that long; 0: never")
    return parser.parse_args()


class Meter:
    def __init__(self, name, profile):
        self.name = name
        self.profile = profile
        self.readings = 0  # values received
        self.last = None  # the last sample
        self.time = None  # its ts in seconds


class Plant:
    """What the subscriber has heard so far."""

    def __init__(self, site_file):
        with open(site_file, "rb") as file:
            site = tomllib.load(file)
        self.meters = {m["name"]: Meter(m["name"], m["profile"]) for m in site["meter"]}
        self.messages = 0
        self.online = None
        self.unreadable = 0

    def take(self, line):
        topic, _, payload = line.partition(" ")
        self.messages += 1
        try:
            message = json.loads(payload)
        except ValueError:
            self.unreadable += 1
            return
        if topic.endswith("/up/online"):
            self.online = message.get("online")
        elif topic.endswith(("/up/data", "/up/backfill")):
            for record in message.get("records", []):
                self.take_record(record)

    def take_record(self, record):
        meter = self.meters.get(record.get("meter"))
        if meter is None or "ts" not in record:
            return
        meter.readings += len(record.get("values", {}))
        if meter.time is None or record["ts"] / 1000 >= meter.time:
            meter.time = record["ts"] / 1000
            meter.last = record

    def missing(self):
        return [meter.name for meter in self.meters.values() if meter.readings == 0]


def shown(sample, choices):
    for point, factor, unit, digits in choices:
        value = sample.get("values", {}).get(point)
        if value is not None:
            return f"{value * factor:,.{digits}f} {unit:<4}"
    return "-"


def quality(sample):
    troubles = sample.get("q", {})
    if not troubles:
        return "good"
    if "*" in troubles:
        return troubles["*"]
    point, word = next(iter(troubles.items()))
    more = f" and {len(troubles) - 1} more" if len(troubles) > 1 else ""
    return f"{point}: {word}{more}"


def table(plant, now, width):
    """A line for each meter; where there is no room for a column it is left out."""
    columns = ["meter", "profile", "read at", "age", "power or flow", "counter", "values", "quality"]
    longest = max(len(name) for name in ["meter", *plant.meters])
    sizes = {"meter": longest, "profile": 18, "read at": 8, "age": 5, "power or flow": 14, "counter": 18, "values": 7, "quality": 11}
    for spare in ("profile", "values", "read at"):
        if sum(sizes.values()) + len(sizes) - 1 > width:
            del sizes[spare]
    words = {"meter": "<", "profile": "<", "quality": "<"}

    def row(cells):
        return " ".join(f"{cells[name]:{words.get(name, '>')}{size}}" for name, size in sizes.items()).rstrip()

    lines = [row({name: name for name in columns})]
    for meter in plant.meters.values():
        cells = {"meter": meter.name, "profile": meter.profile, "values": meter.readings}
        if meter.last is None:
            cells |= {"read at": "-", "age": "-", "power or flow": "-", "counter": "-", "quality": "nothing yet"}
        else:
            cells |= {"read at": time.strftime("%H:%M:%S", time.localtime(meter.time)),
                      "age": f"{max(0.0, now - meter.time):.0f} s", "power or flow": shown(meter.last, NOW),
                      "counter": shown(meter.last, COUNTER), "quality": quality(meter.last)}
        lines.append(row(cells))
    return lines


def header(plant, seconds_left):
    state = {None: "not heard yet", True: "online", False: "offline"}[plant.online]
    stop = "Ctrl-C stops it" if seconds_left is None else f"stops in {seconds_left:.0f} s, or with Ctrl-C"
    values = sum(meter.readings for meter in plant.meters.values())
    return ["Congto's simulated ice plant, as mosquitto_sub receives it",
            f"agent {state}, {plant.messages} messages, {values} values; {stop}", ""]


def width_of_output():
    """Columns of the terminal; None where the output is none, and no line needs to be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def draw(lines, first, width):
    # Home, then each line with the rest of the old one wiped; no clearing of the whole screen, which would flicker.
    start = "\033[2J\033[H" if first else "\033[H"
    sys.stdout.write(start + "".join(line[:width] + "\033[K\n" for line in lines) + "\033[J")
    sys.stdout.flush()


class Lines:
    """Whole lines from a descriptor, without waiting longer than asked."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.rest = b""
        self.ended = False

    def wait(self, seconds):
        ready, _, _ = select.select([] if self.ended else [self.descriptor], [], [], max(0.0, seconds))
        if not ready:
            return []
        data = os.read(self.descriptor, 1 << 20)
        self.ended = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]


class Stopped(Exception):
    """A signal came."""


def stop(*_):
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    raise Stopped  # out of the wait at once; a flag would be looked at only after it


def watch(plant, seconds):
    terminal = sys.stdout.isatty()
    begin = time.monotonic()
    next_show = begin + (0 if terminal else PRINT_SECONDS)
    first = True
    lines = Lines(sys.stdin.fileno())
    while not lines.ended:
        now = time.monotonic()
        if seconds and now - begin >= seconds:
            break
        if now >= next_show:
            left = max(0.0, seconds - (now - begin)) if seconds else None
            width = width_of_output()
            text = header(plant, left) + table(plant, time.time(), width or WIDE)
            if terminal:
                draw(text, first, width)
                first = False
            else:
                print("\n".join(text) + "\n", flush=True)
            next_show += REDRAW_SECONDS if terminal else PRINT_SECONDS
        until = min(next_show, begin + seconds) if seconds else next_show
        for line in lines.wait(until - time.monotonic()):
            plant.take(line)


def main():
    arguments = parse_arguments()
    plant = Plant(arguments.site)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    try:
        watch(plant, arguments.seconds)
    except Stopped:
        pass
    width = width_of_output()
    print("\n" + "\n".join(line[:width] for line in table(plant, time.time(), width or WIDE)))
    missing = plant.missing()
    print()
    if missing:
        print(f"No reading arrived of: {', '.join(missing)}")
    else:
        print(f"Readings of all {len(plant.meters)} meters arrived at the subscriber.")
    if plant.unreadable:
        print(f"{plant.unreadable} messages were not JSON.")
    return 1 if missing or plant.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
