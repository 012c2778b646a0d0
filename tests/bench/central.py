"""congto-central's rates: batches of many agents through mosquitto into PostgreSQL, first and again, by one and two consumers,
beside a plain COPY of the same rows. fsync is on, as PostgreSQL comes."""
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import time

from machine import Process, start_broker, wait_for

AGENTS = 20
POINTS = 40
SAMPLES_A_BATCH = 45  # some 64 KiB
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def write_batches(folder, samples):
    """One file an agent, a batch a line; the readings."""
    start = 1_795_000_000_000
    per_agent = samples // AGENTS
    for agent in range(AGENTS):
        epoch = f"{agent:032x}"
        with open(folder / f"agent-{agent}.jsonl", "w", encoding="ascii") as file:
            for first in range(1, per_agent + 1, SAMPLES_A_BATCH):
                records = [{"seq": seq, "ts": start + seq * 1000 + agent, "slot": start + seq * 1000, "meter": f"meter-{seq % 10}",
                            "values": {f"point_number_{point}": round(230 + (seq * point + agent) % 977 / 10, 1)
                                       for point in range(POINTS)}}
                           for seq in range(first, min(first + SAMPLES_A_BATCH, per_agent + 1))]
                json.dump({"v": 1, "agent": f"bench-{agent}", "site": "bench", "epoch": epoch, "sent": start, "meta": "bench",
                           "records": records}, file, separators=(",", ":"))
                file.write("\n")
    return per_agent * AGENTS * POINTS


class Database:
    """A PostgreSQL of its own, as it comes from initdb, behind a Unix socket."""

    def __init__(self, folder):
        self.postgres = load_postgres()(folder, settings=["fsync = on", "full_page_writes = on", "max_wal_size = 4GB"]).start()
        for script in ("schema.sql", "views.sql"):
            self.sql(f"\\i {SOURCE}/deploy/central/{script}\n")
        for agent in range(AGENTS):
            self.sql(f"insert into congto.agent (name, site) values ('bench-{agent}', 'bench')")

    def sql(self, text):
        return self.postgres.sql(text)

    def settled(self):
        return int(self.sql("select coalesce(sum(upper(r) - lower(r)), 0) from congto.epoch, unnest(settled) r")[0][0])

    def cpu(self):
        """Seconds that the server's processes have used so far."""
        ticks = 0
        for process in [self.postgres.process.pid, *self.postgres.workers()]:
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / 100


def load_postgres():
    import sys
    sys.path.insert(0, str(SOURCE))
    from tests.support.postgres import Postgres
    return Postgres


def publish(folder, port):
    """Every batch of every agent, each agent in its own order; all at once."""
    senders = [subprocess.Popen(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1", "-l", "-t",
                                 f"congto/v1/bench-{agent}/up/backfill"], stdin=open(folder / f"agent-{agent}.jsonl", "rb"))
               for agent in range(AGENTS)]
    for sender in senders:
        if sender.wait(300) != 0:
            raise RuntimeError("mosquitto_pub failed")


def consumers(binary, folder, port, url, count):
    config = folder / "central.toml"
    config.write_text(f'centre = "bench"\n[broker]\nurl = "mqtt://127.0.0.1:{port}"\n[database]\nurl = "{url}"\n')
    started = []
    for number in range(count):
        log = folder / f"central-{number}.log"
        started.append(Process([binary, "run", "--config", str(config)], stdout=subprocess.DEVNULL, stderr=open(log, "w")))
        wait_for(lambda log=log: "ready" in log.read_text(), 30, "congto-central ready")
    return started


def counted(log):
    return log.read_text().count("\n")


def measure(bench, binary, samples, count):
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o711)
        readings = write_batches(folder, samples)
        broker, port = start_broker(folder)
        stack.enter_context(broker)
        database = Database(folder)
        stack.callback(database.postgres.close)
        running = [stack.enter_context(one) for one in consumers(binary, folder, port, database.postgres.url, count)]
        acks = folder / "acks"
        stack.enter_context(Process(["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1",
                                     "-t", "congto/v1/+/down/ack"], stdout=open(acks, "w")))
        rates = []
        for _ in ("first delivery", "full replay"):
            cpu = [one.cpu_seconds() for one in running]
            server, begun, before = database.cpu(), time.monotonic(), counted(acks)
            publish(folder, port)
            if not rates:
                wait_for(lambda: database.settled() == samples // AGENTS * AGENTS, 300, "everything settled")
                elapsed = time.monotonic() - begun
            else:  # when no acknowledgement comes any more, all was looked at
                elapsed = quiet(acks, before) - begun
            rates.append((readings / elapsed, [one.cpu_seconds() - was for one, was in zip(running, cpu)],
                          database.cpu() - server, elapsed))
        size = int(database.sql("select pg_total_relation_size('congto.sample')")[0][0]) / readings
        copies = plain_copy(database, folder, readings)
        memory = max(one.memory()[0] for one in running)
        again = told_again(folder, running)
        rates[1] = (rates[1][0] * again * POINTS / readings, *rates[1][1:])
        return rates, size, copies, memory, again / (readings / POINTS)


def told_again(folder, running):
    """How many records came again, as the consumers say at their end."""
    for one in running:
        one.child.terminate()
        one.child.wait(10)
    logs = "".join(log.read_text() for log in folder.glob("central-*.log"))
    return sum(int(count) for count in re.findall(r"readings; (\d+) came again", logs))


def quiet(acks, before):
    """Until acknowledgements have come and for a second no more did; when the last one came."""
    wait_for(lambda: counted(acks) > before, 60, "an acknowledgement")
    last, since = counted(acks), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        if counted(acks) != last:
            last, since = counted(acks), time.monotonic()
    return since


def plain_copy(database, folder, readings):
    """The same rows by COPY into a table with the same keys, and as most do it: a row a reading, keyed alike."""
    file = database.postgres.directory / "rows.copy"
    database.sql(f"copy congto.sample to '{file}'; create table congto.plain (like congto.sample including all)")
    begun = time.monotonic()
    database.sql(f"copy congto.plain from '{file}'")
    whole = readings / (time.monotonic() - begun)
    database.sql("create table congto.narrow (agent_id integer, epoch_id integer, seq bigint, point integer, ts timestamptz, "
                 "value numeric, primary key (agent_id, epoch_id, seq, point, ts))")
    database.sql(f"copy (select agent_id, epoch_id, seq, n, ts, v from congto.sample, unnest(values) with ordinality u(v, n) "
                 f"limit {min(readings, 2_000_000)}) to '{file}'")
    begun = time.monotonic()
    database.sql(f"copy congto.narrow from '{file}'")
    narrow = min(readings, 2_000_000) / (time.monotonic() - begun)
    return whole, narrow


def central_case(bench, binary):
    samples = int(200_000 * bench.scale)
    for count in (1, 2):
        rates, size, (whole, narrow), memory, share = measure(bench, binary, samples, count)
        for (rate, central, server, elapsed), what in zip(rates, ("first delivery", f"replay ({share:.0%} of it came through)")):
            bench.row(f"congto-central, {count} consumer{'s' * (count > 1)}, {what}", "(none)",
                      f"{rate:,.0f} readings/s; CPU of {elapsed:.1f} s: consumers {' + '.join(f'{c:.1f}' for c in central)} s, "
                      f"PostgreSQL {server:.1f} s; {memory:.0f} MB resident",
                      f"plain COPY of the same rows {whole:,.0f}, a row a reading {narrow:,.0f} readings/s")
        bench.row("central database on disk", "(none)", f"{size:.1f} B a reading, indexes included")
