"""What the agents of central_history say, piece by piece: records, messages, and records that no centre may take."""
import dataclasses
import json
from decimal import Decimal

POINTS = ["active_power", "active_energy_import", "power_factor", "điện áp", "a\"b,{c}"]
METERS = ["m-1", "m-2", "máy nén 3"]
NUMBERS = ["230.2", "0.000001", "-7421.5", "18446744073709551615", "0", "1E+5", "-0.912", "3.4028235E+38", "1.1754944E-38",
           "9007199254740993", "742.15", "123456789012345678901234567890", "1"]
QUALITIES = ["timeout", "crc", "bad-reply", "no-link", "exception-1", "exception-99", "exception-255", "not-available"]
DAY = 86_400_000


def written(thing):
    """JSON with decimals as they are."""
    if isinstance(thing, dict):
        return "{" + ",".join(json.dumps(name, ensure_ascii=False) + ":" + written(part) for name, part in thing.items()) + "}"
    if isinstance(thing, (list, tuple)):
        return "[" + ",".join(map(written, thing)) + "]"
    return str(thing) if isinstance(thing, Decimal) else json.dumps(thing, ensure_ascii=False)


@dataclasses.dataclass(eq=False)
class Record:
    """seq: as far as it can be read. layout: what its batches name as meta. pinned: said only once the key is acknowledged."""
    agent: str
    epoch: str
    seq: int
    body: object
    layout: str
    refused: bool = False
    pinned: bool = False

    @property
    def key(self):
        return (self.agent, self.epoch, self.seq)

    def is_sample(self):
        return not any(name in self.body for name in ("event", "void", "corrects"))


@dataclasses.dataclass(eq=False)
class Message:
    """records: what must be acknowledged or parked of it; none in a payload that can't be used (parked whole)."""
    agent: str
    topic: str
    payload: bytes
    records: list
    encoding: str = None
    parked: bool = False


class Box:
    """One agent: its chain of epochs and what it committed."""

    def __init__(self, name, site):
        self.name, self.site = name, site
        self.epochs = {}      # epoch: {seq: Record}, in the order of the chain
        self.lost = {}        # epoch: last seq that nobody will ever send
        self.evicted = set()  # keys that a void told instead
        self.layouts = {}     # id: the meta message
        self.by_topic = set()  # layouts that up/meta tells; others are told by a record or never


def refused_samples(good, now):
    """`good` spoiled in every way the contract names."""
    values = [{"": 1}, {"x" * 201: 1}, {"é" * 101: 1}, {"a\0b": 1}, {"x": "1"}, {"x": None}, {"x": True}, {"x": {}}, [], None]
    q = [{"x": "bad"}, {"y": "exception-0"}, {"y": "exception-256"}, {"x": "timeout"}, {"y": "implausible"}, {"*": "timeout"},
         {"y": None}, {"y": 1}, {"": "crc"}, [], "timeout", {"y": "exception-01"}]
    times = [1_577_836_799_999, now + 3 * DAY, -1, Decimal("1.5"), "1", None, 2 ** 53]
    good = {**good, "values": {"active_power": 1, "x": Decimal("2.5")}, "q": {}}
    return [
        *[{**good, "values": bad} for bad in values], *[{**good, "q": bad} for bad in q],
        {**good, "values": {}, "q": {"*": "timeout", "y": "crc"}},
        *[{"meter": "m-1", "values": {}, "ts": ts} for ts in times],
        {"meter": "m-1", "values": {}, "ts": now, "clock": "estimated"}, {**good, "clock": "guessed", "clock_error": 1},
        *[{**good, "meter": meter} for meter in ("", "x" * 201, "a\0b", 1, None)],
        *[{**good, name: bad} for name in ("slot", "took", "clock_error") for bad in (-1, "1", Decimal("0.5"))],
        *[without(good, gone) for gone in ("ts", "meter", "values")],
        {**good, "corrects": {"epoch": "0" * 32}}, {**good, "corrects": 7}, {"corrects": {"epoch": "0" * 32, "seq": 1}, "values": {}}]


def refused_events(epoch, meta, now):
    skipped = {"event": "skipped", "meter": "m-1", "from": now, "to": now, "count": 1, "why": "overrun"}
    void = {"epoch": epoch, "first": 2, "last": 3}
    clock = {"event": "clock", "epoch": epoch, "range": [1, 2], "shift": 5}
    return [
        *[without(skipped, gone) for gone in ("meter", "from", "to", "count", "why")],
        {**skipped, "to": now - 1}, {**skipped, "count": 0}, {**skipped, "why": ""},
        {"event": "start", "prev": None, "since": None, "why": "not the first"},
        {"event": ""}, {"event": 7}, {"event": "void"}, {"event": "correction"}, {},
        {"void": void}, {"void": 7, "why": "x"}, {"void": without(void, "last"), "why": "x"},
        *[{"void": {**void, **bad}, "why": "x"} for bad in ({"first": 4}, {"first": 0}, {"last": 2 ** 53})],
        *[{"void": {**void, "epoch": bad}, "why": "x"} for bad in ("xyz", epoch + "0", "A" * 32)],
        *[{**clock, "range": bad} for bad in ([2, 1], [1], [0, 1])], {**clock, "epoch": 7},
        *[{**clock, "shift": bad} for bad in (Decimal("0.5"), None)],
        {"event": "meta", "id": "x"}, {"event": "meta", "id": "x", "meta": {}}, {"event": "meta", "meta": meta}]


def without(body, name):
    return {other: part for other, part in body.items() if other != name}


def without_seq(body):
    """It can't be settled, only parked: there is no seq, or none that can be read."""
    return [7, None, "text", [], {}, body, *[{**body, "seq": seq} for seq in (0, -1, "7", 2 ** 53, None)], {"event": "door"}]


def unusable(payload, box):
    """Payloads of which nothing can be taken."""
    epoch, name, site = b'"epoch":"', box.name.encode(), box.site.encode()
    return [payload[:-3], payload.replace(b'{"v":1', b'{"v":2', 1), payload.replace(site, b"elsewhere", 1),
            payload.replace(name, b"stranger", 1), payload.replace(epoch, epoch + b"x", 1),
            payload.replace(b'"records":[', b'"records":7,"x":[', 1), b"rubbish from " + name, payload.decode().encode("utf-16")]
