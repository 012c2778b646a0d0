"""The loads that are measured: sites and a profile of 40 f32 values, served by `congto simulate`."""
import json
import subprocess

from machine import Process

PROFILE = "vendor = \"Bench\"\nmodel = \"40 floats\"\nmedium = \"electricity\"\nfunction = 3\n" \
          "word-order = \"big\"\nmax-registers = 125\n[points]\n"
FLOATS = 40
AGENT = "bench-agent"


def write_profile(folder):
    points = [f"voltage_p{i} = {{ at = {2 * i}, type = \"f32\", unit = \"V\" }}" for i in range(FLOATS)]
    (folder / "forty.toml").write_text(PROFILE + "\n".join(points) + "\n")


def site(folder, broker_port, buses, meters, commit="1s", ack="broker"):
    """buses: [(name, body)], meters: [(name, bus, unit, every)]. Returns the file."""
    write_profile(folder)
    text = f'site = "bench"\nagent = "{AGENT}"\nstate = "{folder}/state"\nclock = "trusted"\n'
    if broker_port:
        text += f'[uplink]\nbroker = "mqtt://127.0.0.1:{broker_port}"\nack = "{ack}"\n'
    text += f'[journal]\ncommit-period = "{commit}"\n'
    for name, body in buses:
        text += f'[[bus]]\nname = "{name}"\n{body}\n'
    for name, bus, unit, every in meters:
        text += f'[[meter]]\nname = "{name}"\nbus = "{bus}"\nunit-id = {unit}\nprofile = "forty.toml"\nevery = "{every}"\n'
    file = folder / "plan.toml"
    file.write_text(text)
    return file


def listeners(count):
    """`count` TCP meters, each on a listener of its own."""
    buses = [(f"bus-{i}", f'tcp = "127.0.0.1:{20000 + i}"') for i in range(count)]
    return buses, [(f"meter-{i}", f"bus-{i}", 1, "1s") for i in range(count)]


def gateway(count):
    return [("gateway", 'tcp = "127.0.0.1:20000"')], [(f"meter-{i}", "gateway", i + 1, "1s") for i in range(count)]


def line(count, baud, every):
    body = f'serial = "/dev/ttyUSB0"\nbaud = {baud}\nparity = "none"'
    return [("line", body)], [(f"meter-{i}", "line", i + 1, every) for i in range(count)]


class Simulation:
    """`congto simulate` with the site; `file` is the site with the real addresses."""

    def __init__(self, binary, file, folder, faults=()):
        self.folder = folder / "simulated"
        command = [binary, "simulate", str(file), "--dir", str(self.folder), "--statistics"]
        for fault in faults:
            command += ["--fault", fault]
        self.process = Process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for answer in self.process.child.stdout:
            if answer.strip() == "ready":
                break
        else:
            raise RuntimeError("simulate ended before it was ready")
        self.file = self.folder / "site.toml"
        # The profile is named relative to the site file.
        write_profile(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.__exit__(*error)

    def statistics(self):
        self.process.child.stdin.write("statistics\n")
        self.process.child.stdin.flush()
        for answer in self.process.child.stdout:
            if answer.startswith("{"):
                return {bus["name"]: bus for bus in json.loads(answer)["buses"]}
        raise RuntimeError("simulate ended")

    def addresses(self):
        """(host, port) or (device,) of each bus, from the written site."""
        found = []
        for text in self.file.read_text().splitlines():
            if text.startswith("tcp = "):
                host, port = text.split('"')[1].rsplit(":", 1)
                found.append((host, int(port)))
            elif text.startswith("serial = "):
                found.append((text.split('"')[1],))
        return found
