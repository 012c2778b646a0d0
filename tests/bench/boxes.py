"""How many boxes one centre carries: mosquitto with the settings of deploy/central/broker, congto-central and PostgreSQL as they come,
and box_load.py as the boxes. In steady state, after a restart of the broker, and what enrolling and looking cost with so many."""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from machine import Process, TICK, free_port, wait_for

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = SOURCE / "deploy/central"
PATIENCE = 300  # seconds, for a whole restart of the largest centre
VIEWS = ["agents", "silent_agents", "silent_meters", "gaps"]


def postgres(folder):
    sys.path.insert(0, str(SOURCE))
    from tests.support.postgres import Postgres
    return Postgres(folder, settings=["fsync = on", "full_page_writes = on"])


def tree_cpu(process):
    """Seconds used by a process, its children, and those that it has had."""
    ticks = 0
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    for number in [process, *children]:
        try:
            fields = pathlib.Path(f"/proc/{number}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended; its parent has its ticks
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICK


def machine_cpu():
    """Seconds in which any core of the machine was busy."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


class Boxes:
    """box_load.py as a child."""

    def __init__(self, port, folder, count):
        self.process = Process([sys.executable, str(SOURCE / "tests/bench/box_load.py"), str(port), str(folder), str(count)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hear()

    def hear(self):
        line = self.process.child.stdout.readline()
        if not line:
            raise RuntimeError("box_load.py has ended")
        return json.loads(line)

    def ask(self, what="tell"):
        self.process.child.stdin.write(what + "\n")
        self.process.child.stdin.flush()
        return self.hear()

    def wait(self, condition, what):
        """The first answer that fulfils the condition."""
        end = time.monotonic() + PATIENCE
        while not condition(told := self.ask()):
            if time.monotonic() > end:
                told.pop("latencies")
                raise RuntimeError(f"waited {PATIENCE} s for {what}; {told}")
            time.sleep(0.2)
        return told


class Centre:
    """The centre's folder and its programs."""

    def __init__(self, folder, binary, count):
        self.folder, self.binary, self.count, self.port = folder, binary, count, free_port()
        self.directory, self.cards = folder / "centre", folder / "boxes"
        self.cards.mkdir()
        self.database = postgres(folder)
        self.broker = self.consumer = self.boxes = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.boxes and self.boxes.process, self.consumer, self.broker):
            if process:
                process.__exit__()
        self.database.close()

    def script(self, name, *words):
        environment = {**os.environ, "CONGTO_CENTRAL": self.binary}
        begun = time.monotonic()
        done = subprocess.run([SCRIPTS / name, "--dir", self.directory, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=environment, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"deploy/central/{name}: {done.stdout}")
        return time.monotonic() - begun

    def make(self):
        self.database.start()
        subprocess.run([SCRIPTS / "database"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PGHOST": str(self.database.directory), "PGPORT": "5432", "PGUSER": "congto"})
        self.script("ca", "localhost")
        self.script("broker", "--port", str(self.port), "--listen", "127.0.0.1")
        settings = (SCRIPTS / "central.toml").read_text(encoding="utf-8")
        settings = re.sub(r'url = "mqtts.*"', f'url = "mqtts://localhost:{self.port}"', settings)
        settings = re.sub(r'url = "postgresql.*"', f'url = "{self.database.url}"', settings)
        (self.directory / "central.toml").write_text(settings, encoding="utf-8")
        self.script("enrol", "--consumer", "central-1")
        first = self.script("enrol", "first-box", "bench")
        self.enrol_all()
        return first

    def enrol_all(self):
        """What `enrol` does, for all at once: requests with one key, signed in one run of the authority."""
        key, names = self.cards / "box.key", [f"box-{number:05}" for number in range(1, self.count + 1)]
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], check=True)
        subprocess.run(["xargs", "-P2", "-I{}", "openssl", "req", "-new", "-key", "box.key", "-subj", "/CN={}", "-out", "{}.csr"],
                       cwd=self.cards, input="\n".join(names), text=True, check=True)
        authority = self.directory / "ca"
        subprocess.run(["openssl", "ca", "-config", SCRIPTS / "openssl.cnf", "-batch", "-notext", "-extensions", "client",
                        "-days", "731", "-infiles", *[f"{name}.csr" for name in names]], cwd=self.cards, capture_output=True,
                       env={**os.environ, "CONGTO_AUTHORITY": str(authority), "CONGTO_SERVER_NAMES": "DNS:localhost"}, check=True)
        for line in (authority / "index.txt").read_text(encoding="ascii").splitlines():
            _, _, _, serial, _, subject = line.split("\t")
            if subject.startswith("/CN=box-"):
                (self.cards / f"{subject[4:]}.pem").write_bytes((authority / "issued" / f"{serial}.pem").read_bytes())
        (self.cards / "ca.pem").write_bytes((authority / "ca.pem").read_bytes())
        self.database.sql("insert into congto.agent (name, site) select 'box-' || lpad(n::text, 5, '0'), 'bench' "
                          f"from generate_series(1, {self.count}) n")

    def start_broker(self):
        """As Debian's service has it, but for the folders; and with the file descriptors that README.md asks for."""
        data, broker = self.directory / "broker/data", self.directory / "broker"
        data.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "mosquitto:", data], check=True)
        config = self.folder / "mosquitto.conf"
        config.write_text(f"persistence true\npersistence_location {data}/\npid_file {data}/mosquitto.pid\nlog_dest stderr\n"
                          + (broker / "congto.conf").read_text(encoding="utf-8"), encoding="utf-8")
        self.broker = Process(["prlimit", "--nofile=%d" % min(65536, self.most_files()), "/usr/sbin/mosquitto", "-c", config],
                              stdout=subprocess.DEVNULL, stderr=open(self.folder / "mosquitto.log", "a", encoding="utf-8"))

    @staticmethod
    def most_files():
        import resource
        return resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def start(self):
        self.start_broker()
        log = self.folder / "central.log"
        self.consumer = Process([self.binary, "run", "--config", self.directory / "central.toml"], stdout=subprocess.DEVNULL,
                                stderr=open(log, "w", encoding="utf-8"))
        wait_for(lambda: "ready" in log.read_text(encoding="utf-8"), 30, "congto-central ready")
        self.boxes = Boxes(self.port, self.cards, self.count)

    def cpu(self):
        """Of each program; and of everything else on the machine."""
        used = {"mosquitto": self.broker.cpu_seconds(), "congto-central": self.consumer.cpu_seconds(),
                "PostgreSQL": tree_cpu(self.database.process.pid), "boxes": self.boxes.process.cpu_seconds()}
        return {**used, "others": machine_cpu() - sum(used.values())}


def shares(before, after, seconds):
    return ", ".join(f"{name} {(after[name] - before[name]) / seconds * 100:.1f} %" for name in before)


def steady(bench, centre):
    count, boxes = centre.count, centre.boxes
    boxes.wait(lambda told: told["heard"] == count, "all boxes to be acknowledged")
    boxes.wait(lambda told: told["unacknowledged"] < count / 10, "the beginning to be over")
    bench.window(10)
    boxes.ask("window")
    before, started = centre.cpu(), time.monotonic()
    bench.window(60)
    after, seconds = centre.cpu(), time.monotonic() - started
    told = boxes.ask()
    memory = centre.broker.memory()[0], centre.consumer.memory()[0]
    waits = [wait * 1000 for wait in told["latencies"]]
    hundredth = statistics.quantiles(waits, n=100)
    bench.row(f"{count} boxes: CPU of a core", "(none)", shares(before, after, seconds), f"load {os.getloadavg()[0]:.1f}")
    bench.row(f"{count} boxes: memory", "(none)", f"mosquitto {memory[0]:.0f} MB, congto-central {memory[1]:.0f} MB")
    bench.row(f"{count} boxes: published to acknowledged", "(none)",
              f"median {hundredth[49]:.0f} ms, 99 % {hundredth[98]:.0f} ms, longest {waits[-1]:.0f} ms "
              f"({told['batches'] / seconds:.0f} batches/s; {told['again']} sent again, {sum(told['losses'].values())} connections lost; "
              f"the bench itself was late by at most {told['lateness'] * 1000:.0f} ms)")


def restart(bench, centre):
    """The broker goes and comes back; every box connects again as soon as it may."""
    count, boxes = centre.count, centre.boxes
    boxes.ask("window")
    began = time.monotonic()
    centre.broker.__exit__()
    stopped = time.monotonic() - began
    wait_for(lambda: boxes.ask()["connected"] == 0, 60, "the boxes to notice")
    centre.start_broker()
    before, started = {**centre.cpu(), "mosquitto": 0.0}, time.monotonic()
    told = boxes.wait(lambda told: told["connected"] == count, "all boxes to be connected")
    connecting, busy = told["connected_at"] - started, centre.broker.cpu_seconds()
    rate = count / (told["connected_at"] - told["first_at"])
    told = boxes.wait(lambda told: told["heard"] == count and told["unacknowledged"] < count / 10, "all to be acknowledged")
    settled = time.monotonic() - started
    bench.row(f"{count} boxes: broker restarted", "(none)",
              f"all connected {connecting:.1f} s after its start, {rate:.0f} handshakes/s ({count / busy:.0f} a second "
              f"of mosquitto's CPU); every box acknowledged after {told['heard_at'] - started:.1f} s, all it held after {settled:.1f} s",
              f"stopping {stopped:.1f} s; {shares(before, centre.cpu(), settled)}; losses {told['losses']}")


def ending(bench, centre):
    """What the boxes made and were told of is what the database holds."""
    centre.boxes.ask("end")
    told = centre.boxes.wait(lambda told: told["unacknowledged"] == 0, "the last acknowledgements")
    settled, samples, gaps, refused = (int(number) for number in centre.database.sql(
        "select (select sum(upper(r) - lower(r)) from congto.epoch, unnest(settled) r), (select count(*) from congto.sample), "
        "(select count(*) from congto.gaps), (select count(*) from congto.refused)")[0])
    bench.row(f"{centre.count} boxes: lost at the end", "0", f"{told['records'] - settled} of {told['records']:,} records, "
              f"{told['samples'] - samples} of {told['samples']:,} samples; {gaps} gaps, {refused} refused")


def looking(bench, centre, first):
    again = statistics.median(centre.script("enrol", f"more-{number}", "bench") for number in range(3))
    revoked = centre.script("remove", "more-0", "--reason", "bench")
    listed = centre.script("ca", "--list")
    bench.row(f"{centre.count} boxes: enrol one more", "(none)", f"{again:.2f} s (the first {first:.2f} s); remove {revoked:.2f} s; "
              f"ca --list {listed:.2f} s")
    begun = time.monotonic()
    subprocess.run([centre.binary, "status", "--config", centre.directory / "central.toml"], stdout=subprocess.DEVNULL, check=True)
    told = [f"congto-central status {(time.monotonic() - begun) * 1000:.0f} ms"]
    for view in VIEWS:
        begun = time.monotonic()
        centre.database.sql(f"select * from congto.{view}")
        told.append(f"{view} {(time.monotonic() - begun) * 1000:.0f} ms")
    bench.row(f"{centre.count} boxes: looking", "(none)", ", ".join(told), "psql's start included")


def boxes_case(bench, binary, count):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o711)
        with Centre(folder, binary, count) as centre:
            first = centre.make()
            centre.start()
            steady(bench, centre)
            restart(bench, centre)
            looking(bench, centre, first)
            ending(bench, centre)
