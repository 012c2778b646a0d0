"""Rows of the central database as congto-central would have stored them, written by hand: for the tests of its views.

ViewCase has one PostgreSQL with our tables and views for all its tests; each test has agents of its own.
"""
import json
import pathlib
import tempfile
import unittest
import uuid

from tests.support.postgres import Postgres

CENTRAL = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "central"
DAY = 86_400_000
MONDAY = 1_772_409_600_000  # 2026-03-02 00:00 UTC, in ms
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def quoted(value):
    if value is None:
        return "null"
    return "'" + str(value).replace("'", "''") + "'"


def at(ms):
    """A time as the database takes it."""
    return "null" if ms is None else f"to_timestamp({ms} / 1000.0)"


class Box:
    """One agent. What is written is sent to the database by the next write that needs an answer, or by flush()."""

    def __init__(self, database, name, site):
        self._database = database
        self._waiting = []
        self.name = name
        self.id = self._ask(f"insert into agent (name, site) values ('{name}', '{site}') returning agent_id")
        self._epochs = {}
        self._layouts = {}
        self._meters = {}
        self._hash = 0

    def _ask(self, text):
        self.flush()
        return self._database.sql(f"set search_path = congto; {text}")[0][0]

    def write(self, text):
        self._waiting.append(text)

    def flush(self):
        if self._waiting:
            self._database.sql("set search_path = congto;\n" + ";\n".join(self._waiting))
            self._waiting = []

    def _number(self):
        self._hash += 1
        return self._hash

    def meter(self, name, points=()):
        """Its points stand in the order in which they were first named."""
        if name not in self._meters:
            array = ", ".join(quoted(point) for point in points)
            self._meters[name] = self._ask(
                f"insert into meter (agent_id, name, points) values ({self.id}, '{name}', array[{array}]::text[]) returning meter_id")
        return self._meters[name]

    def layout(self, name, meters=None):
        """meters: {name: (every, {point: (unit, kind, rollover)})}; without them the layout has not come."""
        body = None if meters is None else json.dumps({"id": name})
        self._layouts[name] = layout = self._ask(
            f"insert into layout (agent_id, id, body, known_at) values ({self.id}, '{name}', {quoted(body)}, now()) returning layout_id")
        for meter, (every, points) in (meters or {}).items():
            number = self.meter(meter, points)
            self.write(f"insert into layout_meter (agent_id, layout_id, meter_id, every) values ({self.id}, {layout}, {number}, {every})")
            for point, (unit, kind, rollover) in points.items():
                self.write(f"insert into layout_point values ({self.id}, {layout}, {number}, '{point}', '{unit}', '{kind}', "
                           f"{'null' if rollover is None else rollover})")

    def epoch(self, name, settled="{}", prev=None, prev_last=None, since=None, heard=MONDAY, last_heard=None):
        """heard: when it was first heard, in ms. Its 32 hex digits are returned."""
        epoch = self.hex(name)
        self._epochs[name] = self._ask(
            f"insert into epoch (agent_id, epoch, settled, prev, prev_last, since, first_heard, last_heard) values ({self.id}, "
            f"'{epoch}', '{settled}', {quoted(prev and self.hex(prev))}, {'null' if prev_last is None else prev_last}, {at(since)}, "
            f"{at(heard)}, {at(heard if last_heard is None else last_heard)}) returning epoch_id")
        return epoch

    def hex(self, epoch):
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name} {epoch}").hex

    def sample(self, epoch, seq, ts, meter, layout, values, slot=None, q=None, clock_error=None):
        """slot: in ms; left out, the sample has none, as while its layout is not known."""
        array = ", ".join("null" if value is None else str(value) for value in values)
        self.write(f"insert into sample (agent_id, epoch_id, seq, ts, slot, meter_id, layout_id, clock_error, hash, q, values) values ("
                   f"{self.id}, {self._epochs[epoch]}, {seq}, {at(ts)}, {'null' if slot is None else slot}, {self.meter(meter)}, "
                   f"{self._layouts[layout]}, {'null' if clock_error is None else clock_error}, {self._number()}, "
                   f"{quoted(q and json.dumps(q))}, array[{array}]::numeric[])")

    def samples(self, epoch, seq, meter, layout, slots, value="1", q=None, clock_error=None):
        """One for each slot of (first, end before, every), 40 ms after it. value: SQL, of slot and i (0, 1, …); "" is none."""
        first, end, every = slots
        self.write(f"insert into sample (agent_id, epoch_id, seq, ts, slot, meter_id, layout_id, clock_error, hash, q, values) select "
                   f"{self.id}, {self._epochs[epoch]}, {seq} + i, to_timestamp((slot + 40) / 1000.0), slot, {self.meter(meter)}, "
                   f"{self._layouts[layout]}, {'null' if clock_error is None else clock_error}, {self._number()}, "
                   f"{quoted(q and json.dumps(q))}, array[{value}]::numeric[] "
                   f"from (select slot, (slot - {first}) / {every} as i from generate_series({first}::bigint, {end - 1}, {every}) slot) s")

    def skipped(self, epoch, seq, meter, layout, from_slot, to_slot, why="back-off"):
        self.write(f"insert into skipped values ({self.id}, {self._epochs[epoch]}, {seq}, {self.meter(meter)}, {self._layouts[layout]}, "
                   f"{from_slot}, {to_slot}, 1, '{why}')")

    def event(self, epoch, seq, event, body=None):
        self.write(f"insert into event (agent_id, epoch_id, seq, event, body, hash) values ({self.id}, {self._epochs[epoch]}, {seq}, "
                   f"'{event}', '{json.dumps(body or {})}', {self._number()})")

    def void(self, epoch, first, last, why):
        self.write(f"insert into void (agent_id, epoch_id, first, last, why) values ({self.id}, {self._epochs[epoch]}, {first}, "
                   f"{'null' if last is None else last}, '{why}')")

    def correction(self, epoch, seq, corrects, values, q=None):
        body = {"seq": seq, "values": values} | ({"q": q} if q else {})
        self.write(f"insert into correction values ({self.id}, {self._epochs[epoch]}, {seq}, '{self.hex(corrects[0])}', {corrects[1]}, "
                   f"{quoted(json.dumps(body))})")

    def shift(self, epoch, seq, of_epoch, first, last, shift):
        self.write(f"insert into clock_shift values ({self.id}, {self._epochs[epoch]}, {seq}, '{self.hex(of_epoch)}', "
                   f"int8range({first}, {last}, '[]'), {shift})")

    def status(self, age="0 s", online=True, **fields):
        """epoch is given by its name."""
        body = {"v": 1, "agent": self.name, "epochs": [], "more": 0} | fields
        body["epoch"] = self.hex(fields.get("epoch", "none"))
        self.write(f"insert into agent_status (agent_id, online, online_at, status, status_sent, status_at) values ({self.id}, {online}, "
                   f"now(), {quoted(json.dumps(body))}, 1, now() - interval '{age}')")

    def spans(self):
        """layout_span, as congto-central keeps it: by what was read and skipped."""
        self.write(f"delete from layout_span where agent_id = {self.id}")
        self.write(f"insert into layout_span select agent_id, epoch_id, layout_id, min(first), max(last) from (select agent_id, epoch_id, "
                   f"layout_id, slot as first, slot as last from sample where slot is not null union all select agent_id, epoch_id, "
                   f"layout_id, from_slot, to_slot from skipped) s where agent_id = {self.id} group by 1, 2, 3")

    def remove(self):
        self.write(f"update agent set removed_at = now(), removed_why = 'sold' where agent_id = {self.id}")
        self.write(f"update epoch set closed_at = now(), closed_why = 'sold' where agent_id = {self.id}")


class ViewCase(unittest.TestCase):
    """box() is a new agent; rows() what a view says of it."""

    database = None
    boxes = 0

    @classmethod
    def setUpClass(cls):
        if ViewCase.database:
            return
        directory = tempfile.TemporaryDirectory(prefix="congto-test-")
        unittest.addModuleCleanup(directory.cleanup)
        # Days are UTC's, wherever the server is.
        ViewCase.database = Postgres(directory.name, settings=["timezone = 'Asia/Ho_Chi_Minh'"])
        unittest.addModuleCleanup(cls.close)
        cls.database.start()
        cls.apply("schema.sql")
        cls.apply("views.sql")

    @classmethod
    def close(cls):
        ViewCase.database.close()
        ViewCase.database = None

    @classmethod
    def apply(cls, script):
        cls.database.sql(f"\\i {CENTRAL / script}\n")

    def box(self, site=None):
        ViewCase.boxes += 1
        return Box(self.database, f"box-{ViewCase.boxes}", site or f"site-{ViewCase.boxes}")

    def rows(self, box, columns, view, where="true", order="1, 2, 3"):
        box.flush()
        return self.database.sql(f"set timezone = 'UTC'; select {columns} from congto.{view} where agent = '{box.name}' and {where} "
                                 f"order by {order}")
