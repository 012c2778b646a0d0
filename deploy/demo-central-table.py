# Shows what PostgreSQL holds of a site, and what its agent knows of that: the last readings of every meter from the view
# congto.latest, the settled ranges from the ledger, the agent's own status. Used by deploy/demo --central.
# Exit status 0 when every meter has values in the database and the agent has been told so, otherwise 1.
import argparse
import importlib.util
import json
import pathlib
import select
import signal
import subprocess
import sys
import time
import tomllib

FEW_RECORDS = 50  # unacknowledged: what a few commits hold that are on their way
ACK_SECONDS = 15

QUERY = """
select json_build_object(
  'latest', (select coalesce(json_agg(json_build_object('meter', meter, 'point', point, 'value', value)), '[]')
             from congto.latest where agent = :'agent'),
  'meters', (select coalesce(json_agg(newest), '[]') from (
      select distinct on (m.name) m.name, extract(epoch from s.ts) as time, coalesce(s.q, '{}') as q,
             sum((select count(v) from unnest(s.values) v)) over (partition by m.name) as readings
      from congto.agent a join congto.sample s using (agent_id) join congto.meter m using (agent_id, meter_id)
      where a.name = :'agent' order by m.name, s.ts desc) newest),
  'ledger', (select coalesce(json_agg(json_build_object('epoch', replace(epoch::text, '-', ''), 'settled', settled::text)), '[]')
             from congto.epoch join congto.agent using (agent_id) where name = :'agent'));
"""


def table_module():
    """The table of the demonstration without a centre; its name is no module's."""
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("demo_table", pathlib.Path(__file__).with_name("demo-table.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = table_module()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True, help="the site file")
    parser.add_argument("--state", required=True, help="the agent's folder")
    parser.add_argument("--congto", required=True, help="the program, for `congto status`")
    parser.add_argument("--database", required=True, help="how psql connects")
    parser.add_argument("--seconds", type=float, default=0, help="stop after that long; 0: never")
    return parser.parse_args()


class Centre:
    """What the database and the agent say now."""

    def __init__(self, arguments):
        self.plant = demo.Plant(arguments.site)
        with open(arguments.site, "rb") as file:
            self.agent = tomllib.load(file)["agent"]
        self.ask_database = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-v", f"agent={self.agent}", "-d", arguments.database]
        self.ask_agent = [arguments.congto, "status", "--config", arguments.site, "--state", arguments.state, "--json"]
        self.ledger = []
        self.status = None  # None: the agent does not answer

    def look(self):
        # Its own session: Ctrl-C is for us alone.
        answer = subprocess.run(self.ask_database, input=QUERY, capture_output=True, text=True, check=False, start_new_session=True)
        if answer.returncode != 0:
            sys.exit(f"the database does not answer: {answer.stderr.strip()}")
        held = json.loads(answer.stdout)
        values = {}
        for row in held["latest"]:
            values.setdefault(row["meter"], {})[row["point"]] = row["value"]
        for row in held["meters"]:
            meter = self.plant.meters.get(row["name"])
            if meter is not None:
                meter.readings, meter.time = row["readings"], row["time"]
                meter.last = {"values": values.get(row["name"], {}), "q": row["q"]}
        self.ledger = held["ledger"]
        answer = subprocess.run(self.ask_agent, capture_output=True, text=True, check=False, start_new_session=True)
        self.status = json.loads(answer.stdout) if answer.returncode == 0 else None

    def acknowledged(self):
        """Why the agent's records do not count as acknowledged; empty when they do."""
        if self.status is None:
            return "the agent does not answer"
        age = self.status.get("last_ack_age_s")
        if age is None:
            return "the agent has had no acknowledgement"
        if age >= ACK_SECONDS:
            return f"the agent's last acknowledgement is {age} s old"
        waiting = self.status["unacknowledged"]
        return f"{waiting} of the agent's records are unacknowledged" if waiting > FEW_RECORDS else ""

    def lines(self):
        if self.status is None:
            own = "does not answer yet"
        else:
            age = self.status.get("last_ack_age_s")
            own = f"{self.status['unacknowledged']} records unacknowledged, last acknowledgement " + (
                "not yet" if age is None else f"{age} s ago")
        text = [f"agent     {self.agent}: {own}"]
        text += [f"database  epoch {row['epoch'][:8]}: settled {row['settled']}" for row in self.ledger]
        return text


def show(centre, first, left):
    width = demo.width_of_output()
    stop = "Ctrl-C stops it" if left is None else f"stops in {left:.0f} s, or with Ctrl-C"
    head = ["Congto's simulated ice plant, as PostgreSQL holds it (view congto.latest)", stop, *centre.lines(), ""]
    text = head + demo.table(centre.plant, time.time(), width or demo.WIDE)
    if sys.stdout.isatty():
        demo.draw(text, first, width)
    else:
        print("\n".join(text) + "\n", flush=True)


def watch(centre, seconds):
    terminal = sys.stdout.isatty()
    pause = demo.REDRAW_SECONDS if terminal else demo.PRINT_SECONDS
    begin = time.monotonic()
    next_show = begin + (0 if terminal else pause)
    first = True
    while True:
        until = min(next_show, begin + seconds) if seconds else next_show
        select.select([], [], [], max(0.0, until - time.monotonic()))  # a signal ends it
        now = time.monotonic()
        if seconds and now - begin >= seconds:
            return
        centre.look()
        show(centre, first, max(0.0, seconds - (now - begin)) if seconds else None)
        first = False
        next_show += pause


def main():
    arguments = parse_arguments()
    centre = Centre(arguments)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, demo.stop)
    try:
        watch(centre, arguments.seconds)
    except demo.Stopped:
        pass
    centre.look()
    width = demo.width_of_output()
    text = [*centre.lines(), "", *demo.table(centre.plant, time.time(), width or demo.WIDE), ""]
    missing = centre.plant.missing()
    trouble = centre.acknowledged()
    text.append(f"PostgreSQL has no reading of: {', '.join(missing)}" if missing else
                f"Readings of all {len(centre.plant.meters)} meters are in PostgreSQL.")
    text.append(f"Not acknowledged: {trouble}" if trouble else "The agent's records are acknowledged.")
    print("\n" + "\n".join(line[:width] for line in text))
    return 1 if missing or trouble else 0


if __name__ == "__main__":
    sys.exit(main())
