#!/usr/bin/python3
"""The readers of config/contract/recipes.md, run as they stand there: CSV by jq, Telegraf, Node-RED, the jq program for EMQX.

Telegraf and Node-RED are no packages of Debian: where one is missing, its test is skipped and says so. recipe_centre_test.py runs
recipe 2.
"""
import csv
import gzip
import json
import os
import re
import shutil
import signal
import subprocess

from tests.support.plant import PlantCase, main
from tests.support.postgres import Postgres
from tests.support.recipes import AGENT, EPOCH, environment, intervals, publish, readings, recipe, replaced, sample
from tests.support.waiting import PATIENCE, Stream, ask_until

COLUMNS = ["agent", "meter", "ts", "slot", "point", "value", "quality"]
TROUBLES = [  # of batch-troubles.json, by hand
    (AGENT, "compressor-1", "1772323200212", "1772323200000", "active_power", "7421.5", "good"),
    (AGENT, "compressor-1", "1772323200212", "1772323200000", "active_energy_import", "", "exception-2"),
    (AGENT, "compressor-1", "1772323200212", "1772323200000", "power_factor", "", "not-available"),
    (AGENT, "compressor-1", "1772323210212", "1772323210000", "*", "", "timeout"),
]
# a value that is doubted, with a seq that some tools would print as 1.2345678E+07
IMPLAUSIBLE = (b'{"v":1,"agent":"ice-plant-03-edge-1","site":"ice-plant-03","epoch":"3f2a9c51d07e4b6688aa01c2d3e4f506",'
               b'"sent":1772323220000,"meta":"51ba22a7276856a19ad146ae2f43cf9d",'
               b'"records":[{"seq":12345678,"ts":1772323240007,"meter":"water-1",'
               b'"values":{"volume_total":0.5},"q":{"volume_total":"implausible"}}]}')
# Everything that holds records; the corrected value, the voids and the like must not become readings.
BATCHES = [sample(f"batch-{name}") for name in ("commit", "sample", "troubles", "estimated", "correction", "clock", "void",
                                                "answer", "skipped", "first-start")] + [IMPLAUSIBLE]
OTHER_AGENT = sample("batch-sample").replace(b'"agent":"ice-plant-03-edge-1"', b'"agent":"ice-plant-04-edge-1"')
RUBBISH = {"not json": b"{", "records that are none": b'{"v":1,"agent":"ice-plant-03-edge-1","epoch":"x","records":7}',
           "version 2": sample("refused/batch-version-2"), "another agent": OTHER_AGENT,
           "half of a gzip": gzip.compress(sample("batch-sample"))[:60]}

# What Node-RED gives to a function node, as far as ours uses it.
RUN_FUNCTION = """
const fs = require("fs"), zlib = require("zlib"), kept = new Map();
const flow = {get: key => kept.get(key), set: (key, value) => kept.set(key, value)};
const take = new Function("msg", "flow", "zlib", fs.readFileSync("function.js", "utf8"));
const out = {rows: [], errors: []};
for (const [topic, payload, encoding] of JSON.parse(fs.readFileSync("messages.json", "utf8"))) {
  const msg = {topic, payload: Buffer.from(payload, "hex")};
  if (encoding) msg.userProperties = {"content-encoding": encoding};
  try { const given = take(msg, flow, zlib); if (given) out.rows.push(...given.payload); }
  catch (error) { out.errors.push(String(error)); }
}
console.log(JSON.stringify(out));
"""


def expected(every):
    return [row for batch in BATCHES for row in readings(batch, every)]


class Recipe(PlantCase):
    def start(self, command, env=None):
        """A program that runs until the test ends; its stdout and stderr."""
        process = subprocess.Popen(command, cwd=self.directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        streams = Stream(process.stdout), Stream(process.stderr)

        def end():
            os.killpg(process.pid, signal.SIGTERM)  # a shell's pipeline too
            process.wait(PATIENCE)
            for stream in streams:
                stream.join()
        self.addCleanup(end)
        return streams

    def write(self, name, text):
        (self.directory / name).write_text(text, encoding="utf-8")

    def tool(self, name, number):
        if shutil.which(name) is None:
            self.skipTest(f"{name} is not installed, so recipe {number} was not run")
        return name


class WithJq(Recipe):
    def test_readings_become_csv(self):
        broker = self.broker()
        self.write("readings.jq", recipe("readings.jq"))
        self.write("readings-csv", recipe("readings-csv"))
        publish(broker, "up/meta", sample("meta"), retain=True)
        rows, errors = self.start(["bash", "readings-csv"], environment(broker, self.directory))
        broker.stream.wait_text("Sending SUBACK")

        for payload in RUBBISH.values():
            publish(broker, "up/data", payload)
        for payload in BATCHES:
            publish(broker, "up/data", payload)
        publish(broker, "up/backfill", gzip.compress(sample("batch-troubles")), encoding="gzip")

        wanted = expected(intervals()) + TROUBLES
        lines = rows.wait(lambda seen: len(seen) > len(wanted) and list(seen), f"{len(wanted)} rows")
        table = [tuple(row) for row in csv.reader(lines)]
        self.assertEqual(list(table[0]), COLUMNS)
        self.assertEqual(table[1:], wanted)
        told = errors.wait(lambda seen: "\n".join(seen).count("not read") == len(RUBBISH) and list(seen), "what was not read")
        self.assertIn("another version or another agent", "\n".join(told))

    def test_a_slot_is_empty_until_the_layout_is_known(self):
        program = recipe("readings.jq")
        messages = [json.loads(sample(f"batch-{name}")) for name in ("troubles", "meta", "troubles")]
        lines = "\n".join(json.dumps({"topic": f"congto/v1/{AGENT}/up/data", "message": message}) for message in messages)
        done = subprocess.run(["jq", "-rn", program], input=lines, capture_output=True, text=True, check=True, timeout=PATIENCE)
        table = [tuple(row) for row in csv.reader(done.stdout.splitlines())]
        self.assertEqual(table, [(*row[:3], "", *row[4:]) for row in TROUBLES] + TROUBLES)

    def test_the_program_for_emqx(self):
        program = re.search(r"jq\('(.*?)', payload\)", recipe("emqx-readings"), re.DOTALL).group(1)
        done = subprocess.run(["jq", "-c", program], input=b"\n".join(BATCHES), capture_output=True, check=True, timeout=PATIENCE)
        rows = [tuple("" if row[name] is None else str(row[name]) for name in COLUMNS)
                for row in map(json.loads, done.stdout.splitlines())]
        self.assertEqual(rows, expected(None))


class WithNode(Recipe):
    def rows_of(self, file):
        return [tuple(row) for row in csv.reader(file.read_text(encoding="utf-8").splitlines())] if file.exists() else []

    def test_the_function_of_the_flow(self):
        self.tool("node", 4)
        function = next(node for node in json.loads(recipe("node-red.json")) if node["type"] == "function")
        messages = [("status", sample("status"), ""), ("meta", sample("meta"), ""), ("meta", b"", ""),
                    *(("data", payload, "") for payload in [*BATCHES, *RUBBISH.values()]),
                    ("backfill", gzip.compress(sample("batch-troubles")), "gzip")]
        self.write("function.js", function["func"])
        self.write("messages.json", json.dumps([[f"congto/v1/{AGENT}/up/{kind}", payload.hex(), encoding]
                                                for kind, payload, encoding in messages]))
        self.write("run.js", RUN_FUNCTION)
        done = subprocess.run(["node", "run.js"], cwd=self.directory, capture_output=True, text=True, check=True, timeout=PATIENCE)
        out = json.loads(done.stdout)
        rows = [tuple(str(row[name]) for name in COLUMNS) for row in out["rows"]]
        self.assertEqual(rows, expected(intervals()) + TROUBLES)
        self.assertEqual(len(out["errors"]), len(RUBBISH), out["errors"])

    def test_the_flow(self):
        program = self.tool("node-red", 4)
        broker = self.broker()
        publish(broker, "up/meta", sample("meta"), retain=True)
        self.write("flow.json", replaced(recipe("node-red.json"), '"port": "1883"', f'"port": "{broker.port}"'))
        self.write("settings.js", 'module.exports = {httpAdminRoot: false, httpNodeRoot: false, flowFile: "flow.json"}')
        said, _ = self.start([program, "-u", str(self.directory), "-s", "settings.js"])
        broker.stream.wait_text("Sending SUBACK")
        for payload in [*RUBBISH.values(), *BATCHES]:
            publish(broker, "up/data", payload)
        publish(broker, "up/backfill", gzip.compress(sample("batch-troubles")), encoding="gzip")
        wanted = expected(intervals()) + TROUBLES
        file = self.directory / "readings.csv"
        ask_until(lambda: len(self.rows_of(file)) >= len(wanted), f"{len(wanted)} rows")
        self.assertEqual(self.rows_of(file), wanted)
        said.wait(lambda lines: sum("[error]" in line for line in lines) == len(RUBBISH), "each that can't be read is an error")


class WithTelegraf(Recipe):
    def test_staging_and_merge(self):
        program = self.tool("telegraf", 3)
        broker = self.broker()
        database = self._kept(Postgres(self.directory)).start()
        database.sql(recipe("centre.sql"))
        database.sql(recipe("telegraf-staging.sql"))
        flow = replaced(recipe("telegraf.conf"), "127.0.0.1:1883", f"127.0.0.1:{broker.port}")
        output = replaced(recipe("telegraf-postgresql.conf"), "host=/run/postgresql dbname=plant",
                          f"host={database.directory} dbname=congto user=congto")
        self.write("telegraf.conf", '[agent]\n  flush_interval = "1s"\n  omit_hostname = true\n' + flow + output)
        _, errors = self.start([program, "--config", "telegraf.conf"])
        broker.stream.wait_text("Sending SUBACK")

        batches = [batch for batch in BATCHES if batch != sample("batch-estimated")]  # its seq 3 is also one of batch-commit
        publish(broker, "up/data", b"{")
        for payload in batches + batches:
            publish(broker, "up/data", payload)
        publish(broker, "up/data", sample("batch-sample").replace(EPOCH.encode(), b"f" * 32))
        errors.wait_text("unexpected end of JSON input")

        def merged():
            database.sql(recipe("telegraf-merge.sql"))
            return database.sql("select count(*) from plant.reading where epoch = repeat('f', 32)") == [["6"]]
        ask_until(merged, "the last message is merged")
        rows = database.sql("select agent, meter, ts, slot, point, value, quality from plant.reading where epoch <> repeat('f', 32)")
        self.assertEqual(sorted(map(tuple, rows)), sorted(row for batch in batches for row in readings(batch)))
        self.assertEqual(database.sql("select max(seq) from plant.reading"), [["12345678"]])


if __name__ == "__main__":
    main()
