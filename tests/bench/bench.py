"""The figures of design.md section 5, measured here and printed as one table with the budget beside each.

Windows are short, so CPU figures carry the noise of the machine; where a peer can carry the load, its figure of the same
run stands in the last column. Exit status 1 only when something could not be measured: a missed budget is a figure."""
import argparse
import contextlib
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

import collectd
import plant
from boxes import boxes_case
from central import central_case
from centre import Centre
from machine import Card, Process, start_broker, wait_for
from reader import Reader

FLOATS = plant.FLOATS
TURNAROUND = 0.005
ADAPTER = 0.001


class Bench:
    def __init__(self, options):
        self.binary = str(pathlib.Path(options.binary).resolve())
        self.filler = str(pathlib.Path(options.filler).resolve())
        self.central = str(pathlib.Path(options.central).resolve())
        self.boxes = options.boxes
        self.scale = 0.5 if options.quick else 1.0
        self.rows = []

    def row(self, what, budget, measured, peer=""):
        self.rows.append((what, budget, measured, peer))
        print(f"  {what}: {measured}  (budget {budget}){'; ' + peer if peer else ''}", flush=True)

    def agent(self, file, *options):
        return Process([self.binary, "run", "--config", str(file), *options], stdout=subprocess.DEVNULL,
                       stderr=open(pathlib.Path(file).parent / "agent.log", "w"))

    def window(self, seconds):
        time.sleep(max(5, seconds * self.scale))


def tcp_case(bench, title, count, faults, budget, gateway=False, footprint=False):
    """Live readings of TCP meters at 1 s, and what the agent costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        broker, port = start_broker(folder)
        buses, meters = plant.gateway(count) if gateway else plant.listeners(count)
        file = plant.site(folder, port, buses, meters)
        silent = {fault.split("=")[0] for fault in faults if fault.endswith("=silent")}
        live = {meter[0] for meter in meters} - silent
        with broker, plant.Simulation(bench.binary, file, folder, faults) as simulation, Reader(port) as reader, \
                bench.agent(simulation.file) as agent:
            wait_for(lambda: reader.samples, 30, "the first sample")
            time.sleep(8)
            begin, cpu, started = int(time.time()), agent.cpu_seconds(), time.monotonic()
            bench.window(30)
            end, used, elapsed = int(time.time()), agent.cpu_seconds() - cpu, time.monotonic() - started
            resident, anonymous = agent.memory()
            time.sleep(3)  # the last commit on its way
            share = reader.share(live, begin, end)
            addresses = simulation.addresses()
            peer = collectd_tcp(folder, port, addresses, count if gateway else 1, bench, len(live), end - begin)
        if footprint:
            bench.row(f"{title}: CPU", "<= 2 % of a core", f"{used / elapsed * 100:.2f} %", peer["cpu"])
            bench.row(f"{title}: memory", "anonymous <= 4 MB, all <= 16 MB", f"{anonymous:.1f} MB, {resident:.1f} MB", peer["memory"])
        bench.row(f"{title}: live readings", budget, f"{share * 100:.1f} %", peer["share"])


def collectd_tcp(folder, port, addresses, units, bench, live, seconds):
    hosts = [(f"h{i}", f'Address "{host}"\nPort "{number}"', range(1, units + 1)) for i, (host, number) in enumerate(addresses)]
    file = collectd.config(folder, port, hosts, FLOATS)
    with Process(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", "collectd/#"], stdout=open(folder / "collectd.out", "w")):
        with collectd.start(file) as daemon:
            time.sleep(6)
            before, cpu = count_lines(folder / "collectd.out"), daemon.cpu_seconds()
            bench.window(15)
            elapsed = max(5, 15 * bench.scale)
            after, used = count_lines(folder / "collectd.out"), daemon.cpu_seconds() - cpu
            resident, anonymous = daemon.memory()
    return {"cpu": f"collectd {used / elapsed * 100:.1f} %",
            "memory": f"collectd {anonymous:.1f} MB, {resident:.1f} MB",
            "share": f"collectd {(after - before) / (live * FLOATS * elapsed) * 100:.1f} %"}


def count_lines(file):
    with open(file, "rb") as lines:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))


def best_rate(baud):
    """Polls/s of the best plan: one request of 80 registers; 3.5 characters of silence, 1.75 ms above 19200 baud."""
    character = 10 / baud
    silence = 3.5 * character if baud <= 19200 else 0.00175
    return 1 / ((8 + 5 + 4 * FLOATS) * character + TURNAROUND + ADAPTER + silence)


def serial_case(bench, baud, budget):
    healthy = serial_run(bench, baud, [], 20)
    best = best_rate(baud)
    peer = collectd_serial(bench, baud, best)
    bench.row(f"serial {baud}: share of the best rate", budget, f"{healthy['rate'] / best * 100:.1f} % ({healthy['rate']:.2f} polls/s)", peer)
    bench.row(f"serial {baud}: silences cut short", "0", f"{healthy['early']} of {healthy['requests']}")
    silent = serial_run(bench, baud, ["meter-3=silent"], 70)
    live = silent["live_rate"] / (healthy["rate"] * 7 / 8)
    asked = "yes" if silent["asked"] > 0 else "no"
    bench.row(f"serial {baud}, 1 of 8 silent: live units against 7/8 of healthy", ">= 100 %", f"{live * 100:.1f} %; asked again: {asked}")


def serial_run(bench, baud, faults, seconds):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        broker, port = start_broker(folder)
        buses, meters = plant.line(8, baud, "100ms")
        file = plant.site(folder, port, buses, meters)
        with broker, plant.Simulation(bench.binary, file, folder, faults) as simulation, Reader(port) as reader, \
                bench.agent(simulation.file):
            wait_for(lambda: len(reader.samples) > 8, 60, "the first samples")
            time.sleep(5 if not faults else 20)
            before, started = simulation.statistics()["line"], time.monotonic()
            first = int(time.time() * 1000)
            bench.window(seconds)
            after, elapsed = simulation.statistics()["line"], time.monotonic() - started
            last = int(time.time() * 1000)
            time.sleep(3)
            inside = [sample for sample in reader.samples if first <= sample[1] < last]
            good = [sample for sample in inside if sample[2]]
            return {"rate": (after["replies"] - before["replies"]) / elapsed,
                    "requests": after["requests"] - before["requests"],
                    "early": after["too_early"] - before["too_early"],
                    "live_rate": len(good) / ((last - first) / 1000),
                    "asked": len([sample for sample in inside if not sample[2]])}


def collectd_serial(bench, baud, best):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        broker, port = start_broker(folder)
        buses, meters = plant.line(8, baud, "1s")
        file = plant.site(folder, port, buses, meters)
        with broker, plant.Simulation(bench.binary, file, folder) as simulation:
            device = simulation.addresses()[0][0]
            hosts = [("line", f'Device "{device}"\nBaudrate {baud}', range(1, 9))]
            with Process(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", "collectd/#"], stdout=open(folder / "out", "w")):
                with collectd.start(collectd.config(folder, port, hosts, FLOATS)):
                    time.sleep(5)
                    before = simulation.statistics()["line"]["replies"]
                    bench.window(15)
                    after = simulation.statistics()["line"]["replies"]
    polls = (after - before) / FLOATS / max(5, 15 * bench.scale)
    return f"collectd {polls / best * 100:.1f} %"


def flash_case(bench):
    """60 values/s for some minutes at 10 s commits: bytes at the block layer and in the file."""
    with tempfile.TemporaryDirectory(dir=".") as name:  # on a real file system, not a tmpfs
        folder = pathlib.Path(name).resolve()
        broker, port = start_broker(folder)
        buses, meters = plant.gateway(15)
        meters = [(name, bus, unit, "10s") for name, bus, unit, _ in meters]
        file = plant.site(folder, port, buses, meters, commit="10s")
        with broker, Card(folder) as card, plant.Simulation(bench.binary, file, folder) as simulation, \
                bench.agent(simulation.file, "--state", str(card.mount)) as agent:
            # Past the first growth of the write-ahead log, which costs more.
            time.sleep(25 + 95 * bench.scale)
            begin, at_process, at_device = time.monotonic(), agent.written_bytes(), card.written_bytes()
            bench.window(180)
            elapsed, process, device = time.monotonic() - begin, agent.written_bytes() - at_process, card.written_bytes() - at_device
            values = 15 * FLOATS / 10 * elapsed
    bench.row("flash, 60 values/s, 10 s commits", "<= 40 B a value",
              f"{device / values:.1f} B a value at the block device (ext4, noatime), {process / values:.1f} by the process")


def drain_case(bench):
    """A backlog to a broker without a centre, then the same to a centre: packed, and acknowledged at once."""
    samples = int(100_000 * bench.scale)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = backlog(bench, folder, samples, "broker")
        size = journal_bytes(folder / "state" / "journal.db")
        bench.row("journal on disk", "<= 5 B a value", f"{size / (samples * FLOATS):.2f} B a value ({samples * FLOATS} values)")
        broker, port = start_broker(folder)
        with broker, Reader(port) as reader:
            rate = drained(bench, file(port), reader, samples)
            wire = reader.bytes / reader.readings
    bench.row("drain to the broker, loopback", ">= 200,000 readings/s", f"{rate:,.0f} readings/s (mosquitto_sub and python reading along)")
    bench.row("wire, uncompressed", "<= 31 B a reading", f"{wire:.1f} B a reading")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = backlog(bench, folder, samples, "central")
        broker, port = start_broker(folder)
        with broker, Centre(port) as centre:
            rate = drained(bench, file(port), centre, samples)
    bench.row("drain to a centre, packed, loopback", ">= 200,000 readings/s",
              f"{rate:,.0f} readings/s (python unpacking and acknowledging along)")
    bench.row("wire, backfill compressed", "<= 5 B a reading",
              f"{centre.wire / centre.readings:.2f} B a reading ({centre.expanded / centre.readings:.1f} expanded; "
              f"{centre.batches} batches, {centre.packed} packed, of {centre.readings / centre.batches:,.0f} readings)")


def journal_bytes(file):
    """With what still stands in the write-ahead log brought into the file."""
    with contextlib.closing(sqlite3.connect(file)) as journal:
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return file.stat().st_size


def backlog(bench, folder, samples, ack):
    """A full journal, and the site whose agent drains it once the broker's port is known."""
    state = folder / "state"
    state.mkdir()
    subprocess.run([bench.filler, str(state / "journal.db"), plant.AGENT, str(samples)], check=True)
    # A site has a meter; this one is not there, and sends nothing.
    return lambda port: plant.site(folder, port, [("bus", 'tcp = "127.0.0.1:1"')], [("absent", "bus", 1, "1h")], ack=ack)


def drained(bench, file, reader, samples):
    """Readings a second, from the first batch on."""
    with bench.agent(file):
        wait_for(lambda: reader.readings > 0, 90, "the first batch of the backlog")
        started, first = time.monotonic(), reader.readings
        wait_for(lambda: reader.readings >= samples * FLOATS, 300, "the whole backlog")
        return (reader.readings - first) / (time.monotonic() - started)


def stop_case(bench):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        broker, port = start_broker(folder)
        buses, meters = plant.listeners(50)
        file = plant.site(folder, port, buses, meters, commit="10s")
        with broker, plant.Simulation(bench.binary, file, folder) as simulation, Reader(port) as reader, \
                bench.agent(simulation.file) as agent:
            wait_for(lambda: reader.samples, 60, "the first sample")
            started = time.monotonic()
            agent.child.terminate()
            status = agent.child.wait(30)
            elapsed = time.monotonic() - started
    bench.row("clean stop", "< 2 s", f"{elapsed:.2f} s, exit status {status}")


def cases(bench):
    silent = [f"meter-{i}=silent" for i in range(6)]
    return {
        "tcp": lambda: tcp_case(bench, "50 TCP meters x 40 f32 at 1 s", 50, [], "100 %", footprint=True),
        "late": lambda: tcp_case(bench, "the same, replies 20 ms late", 50, ["*=late:20"], "100 %"),
        "silent": lambda: tcp_case(bench, "the same, 6 meters silent", 50, silent, "100 %"),
        "gateway": lambda: tcp_case(bench, "50 units behind one gateway, 6 silent", 50, silent, ">= 95 %", gateway=True),
        "serial": lambda: [serial_case(bench, baud, budget) for baud, budget in
                           ((9600, ">= 98 %"), (19200, "(none)"), (115200, ">= 94 %"))],
        "flash": lambda: flash_case(bench),
        "drain": lambda: drain_case(bench),
        "stop": lambda: stop_case(bench),
        "central": lambda: central_case(bench, bench.central),
        "boxes": lambda: boxes_case(bench, bench.central, bench.boxes),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--filler", required=True)
    parser.add_argument("--central", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--boxes", type=int, default=1000)
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    bench = Bench(options)
    known = cases(bench)
    wrong = set(options.cases) - set(known)
    if wrong:
        parser.error(f"no such case: {', '.join(sorted(wrong))}")
    broken = 0
    for name in options.cases or known:
        print(name, flush=True)
        try:
            known[name]()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            broken += 1
            bench.row(name, "", f"NOT MEASURED: {error}")
    print("\n| what | budget | measured | yardstick |\n| --- | --- | --- | --- |")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
