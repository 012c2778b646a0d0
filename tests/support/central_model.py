"""What a centre must hold after a history of central_history, from the contract's words alone; for central_model_test.

Which of several contents of a key came first only the database can tell: Model asks it, and derives everything else from that.
"""
import json
from decimal import Decimal

LAST = 2 ** 53 - 1
GRACE, START_LASTS = 120_000, 5_000


def canon(thing):
    """A value that is equal, and has the same hash, when the JSON means the same."""
    if isinstance(thing, dict):
        return frozenset((name, canon(part)) for name, part in thing.items())
    if isinstance(thing, (list, tuple)):
        return tuple(map(canon, thing))
    if isinstance(thing, bool) or thing is None:
        return repr(thing)
    return Decimal(thing) if isinstance(thing, (int, Decimal)) else "=" + thing


def parsed(text):
    return json.loads(text, parse_float=Decimal)


def ranges(pairs):
    """[(1, 2), (2, 3), (7, 7)] as [(1, 3), (7, 7)]."""
    found = []
    for first, last in sorted(pairs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def inside(seq, pairs):
    return any(first <= seq <= last for first, last in pairs)


def content(body):
    """What two records must have alike to be the same; a centre may name the layout beside it."""
    return canon({name: part for name, part in body.items() if name != "layout" and (name, part) != ("q", {})}) \
        if isinstance(body, dict) else canon(body)


def event_of(body):
    return "void" if "void" in body else "correction" if "corrects" in body else body["event"]


class Model:
    """held: the tables, as central_model_test reads them; used only to see which content of a key came first."""

    def __init__(self, history, held):
        self.layouts = {(box.name, name): meta for box in history.boxes for name, meta in box.layouts.items()}
        self.said, self.keyless, self.repeated = {}, [], []
        for message in history.messages:
            seqs = set()
            for record in message.records:
                if record.seq is None:
                    self.keyless.append(record)
                elif record.seq in seqs:  # no seq may stand twice in a batch: the second that could be taken is refused
                    self.repeated.append(record)
                elif record not in self.said.setdefault(record.key, []):
                    self.said[record.key].append(record)
                seqs |= set() if record.refused else {record.seq}
        self.given_up = {}
        for record in [*self.keyless, *(record for records in self.said.values() for record in records)]:
            if not record.refused and "void" in record.body:
                void = record.body["void"]
                self.given_up.setdefault((record.agent, void["epoch"]), []).append((void["first"], void["last"] or LAST))
        self.told = {(box.name, name) for box in history.boxes for name in box.by_topic}
        self.kept = {}
        for key in self.said:
            chosen = self._choose(key, held)
            if chosen is not None:
                self.kept[key] = chosen
                if chosen.body.get("event") == "meta":
                    self.told.add((chosen.agent, chosen.body["id"]))
        self.samples = {key: record for key, record in self.kept.items() if record.is_sample()}
        self.events = {key: record for key, record in self.kept.items() if not record.is_sample()}

    def _choose(self, key, held):
        """Those that were said only after an acknowledgement can't be the first, unless what was acknowledged is a void or was parked."""
        good = [record for record in self.said[key] if not record.refused]
        parked = any(record.refused and not record.pinned for record in self.said[key])
        if not parked and not inside(key[2], self.given_up.get(key[:2], ())):
            good = [record for record in good if not record.pinned]
        for record in good:
            if record.is_sample() and held["sample"].get(key, (None,))[1:] == self._sample(record)[1:]:
                return record
            if not record.is_sample() and held["event"].get(key) == self._event(record):
                return record
        return good[0] if good else None

    # -- rows, as the tables should hold them

    def every(self, record, meter):
        if (record.agent, record.layout) not in self.told:
            return None
        meters = self.layouts[record.agent, record.layout]["meters"]
        return next((told["every"] for told in meters if told["name"] == meter), None)

    def slot(self, record):
        every = self.every(record, record.body["meter"])
        return record.body.get("slot", record.body["ts"] // every * every if every else None)

    def _sample(self, record):
        body = record.body
        return (self.slot(record), body["ts"], body["meter"], record.layout, body.get("took"), body.get("clock_error"),
                canon(body.get("q") or {}), canon(body["values"]))

    @staticmethod
    def _event(record):
        """Of a meta record the rest stands in the layout."""
        event, body = event_of(record.body), record.body
        return (event, canon({"event": event, "id": body["id"]} if event == "meta" else body))

    def _of(self, *events):
        return {key: record.body for key, record in self.events.items() if event_of(record.body) in events}

    def voids(self):
        """(agent, epoch, first, last, why): the keys of the records that tell it."""
        found = {}
        for record in [*self.events.values(), *self.keyless]:
            if not record.refused and "void" in record.body:
                void = record.body["void"]
                found.setdefault((record.agent, void["epoch"], void["first"], void["last"], record.body["why"]), set()).add(record.key)
        return found

    def ledger(self):
        seqs = {}
        for agent, epoch, seq in self.said:
            seqs.setdefault((agent, epoch), set()).add((seq, seq))
        for agent, epoch, first, last, _ in self.voids():
            seqs.setdefault((agent, epoch), set()).add((first, last or LAST))
        return {place: ranges(pairs) for place, pairs in seqs.items()}

    def epochs(self):
        """What the start records said; of the others nothing."""
        starts = {key[:2]: body for key, body in self._of("start").items()}
        found = {}
        for epoch in self.ledger():
            start = starts.get(epoch, {})
            prev = start.get("prev") or {}
            found[epoch] = (prev.get("epoch"), prev.get("last"), start.get("since"), start.get("why"))
        return found

    def spans(self):
        found = {}
        for key, first, last in [*((key, slot, slot) for key, slot in ((key, self.slot(record)) for key, record in self.samples.items())
                                   if slot is not None),
                                 *((key, body["from"], body["to"]) for key, body in self._of("skipped").items())]:
            span = found.setdefault((*key[:2], self.kept[key].layout), [first, last])
            span[:] = min(span[0], first), max(span[1], last)
        return {place: tuple(span) for place, span in found.items()}

    def conflicts(self):
        """The others that were good themselves; what is refused is parked, whether it came first or not."""
        return {(*key, content(record.body)) for key, records in self.said.items() for record in records
                if not record.refused and content(record.body) != content(getattr(self.kept.get(key), "body", None))}

    def letters(self, history):
        return {*((*record.key, canon(record.body)) for records in self.said.values() for record in records if record.refused),
                *((*record.key, canon(record.body)) for record in self.repeated),
                *((record.agent, None, None, canon(record.body)) for record in self.keyless if record.refused),
                *((message.agent, None, None, message.payload) for message in history.messages if message.parked)}

    def tables(self, history):
        """In the form of `held`."""
        skipped, corrections, clocks = self._of("skipped"), self._of("correction"), self._of("clock")
        return {
            "sample": {key: self._sample(record) for key, record in self.samples.items()},
            "event": {key: self._event(record) for key, record in self.events.items()},
            "skipped": {key: (b["meter"], self.kept[key].layout, b["from"], b["to"], b["count"], b["why"]) for key, b in skipped.items()},
            "void": set(self.voids()),
            "correction": {key: (b["corrects"]["epoch"], b["corrects"]["seq"], canon(b)) for key, b in corrections.items()},
            "clock_shift": {key: (b["epoch"], *b["range"], b["shift"]) for key, b in clocks.items()},
            "ledger": self.ledger(), "epoch": self.epochs(), "layout_span": self.spans(),
            "layout": {place: canon(self.layouts[place]) for place in self.told},
            "conflict": self.conflicts(), "dead_letter": self.letters(history)}

    # -- the views

    def shift(self, key):
        return sum(body["shift"] for clock, body in self._of("clock").items() if clock[0] == key[0] and body["epoch"] == key[1]
                   and body["range"][0] <= key[2] <= body["range"][1])

    def dated(self):
        """Samples by the slots that count: key, meter, slot after all shifts, was anything read."""
        for key, record in self.samples.items():
            slot = self.slot(record)
            yield key, record.body["meter"], None if slot is None else slot + self.shift(key), bool(record.body["values"])

    def gaps(self):
        """The voids' pieces: what is covered and did not come, but in the void itself."""
        pieces = set()
        for (agent, epoch, first, last, why), tellers in self.voids().items():
            came = {key[2] for key in self.kept if key[:2] == (agent, epoch) and key not in tellers and first <= key[2] <= (last or LAST)}
            begin = first
            for seq in sorted(came) + [(last or LAST) + 1]:
                if begin < seq:
                    pieces.add((agent, epoch, begin, None if seq > LAST and last is None else seq - 1, why))
                begin = seq + 1
        return pieces

    def doubles(self, sites, first_heard):
        """The samples that reading_once leaves out, and what it keeps instead; first_heard: order of the epochs in the database."""
        places = {}
        for key, meter, slot, read in self.dated():
            every = self.every(self.samples[key], meter)
            if slot is not None and every:
                places.setdefault((sites[key[0]], meter, slot // every * every), []).append((not read, first_heard[key[:2]], key[2], key))
        return {(other[3], min(told)[3]) for told in places.values() for other in told if other is not min(told)}

    def readings(self, corrected_by, points):
        """(key, point): value, quality. points: those that a meter of an agent has ever had."""
        found = {}
        for key, record in self.samples.items():
            body = corrected_by.get(key) or record.body
            q, meter = body.get("q") or {}, record.body["meter"]
            told = set(body["values"]) | set(q) - {"*"}
            if "*" in q and self.every(record, meter):
                told = set(points[key[0], meter]) & set(self.layouts[key[0], record.layout]["points"]["p"])
            for point in told:
                found[*key, point] = (body["values"].get(point), q.get(point, q.get("*")))
        return found

    def correction_that_counts(self, first_heard):
        found = {}
        for key, body in sorted(self._of("correction").items(), key=lambda item: (first_heard[item[0][:2]], item[0][2])):
            found[key[0], body["corrects"]["epoch"], body["corrects"]["seq"]] = body
        return found

    def completeness(self, agent, now, days):
        """{meter: expected, read, failed, skipped, off}, over all the days asked for."""
        first_slot, turns = {}, []
        shifted = {(key[0], key[1], key[2]): slot for key, _, slot, _ in self.dated()}
        spans = {}
        for key, record in self.kept.items():
            if key[0] == agent and (record.is_sample() and shifted[key] is not None or record.body.get("event") == "skipped"):
                first, last = ((shifted[key],) * 2 if record.is_sample() else
                               tuple(record.body[end] + self.shift(key) for end in ("from", "to")))
                span = spans.setdefault((key[1], record.layout), [first, last])
                span[:] = min(span[0], first), max(span[1], last)
                first_slot[key[1]] = min(first, first_slot.get(key[1], first))
        for (_, layout), span in sorted(spans.items(), key=lambda item: item[1]):
            if not turns or turns[-1][1] != layout:
                turns.append((span[0], layout))
        off = [(min(first, self.epochs()[agent, epoch][2] or first), first + START_LASTS) for epoch, first in first_slot.items()]
        counts = {}
        for (begin, layout), end in zip(turns, [turn[0] for turn in turns[1:]] + [now]):
            for meter in self.layouts[agent, layout]["meters"]:
                self._count(counts.setdefault(meter["name"], [0] * 5), agent, meter, off,
                            max(begin, days[0]), min(end, days[1], now - GRACE + 1))
        return {meter: tuple(count) for meter, count in counts.items() if count[0]}

    def _count(self, count, agent, meter, off, begin, end):
        name, every = meter["name"], meter["every"]
        expected = set(range(-(-begin // every), -(-end // every)))
        told = [(slot // every, read) for key, of, slot, read in self.dated() if key[0] == agent and of == name and slot is not None]
        passed = set()
        for key, body in self._of("skipped").items():
            if key[0] == agent and body["meter"] == name:
                passed |= set(range((body["from"] + self.shift(key)) // every, (body["to"] + self.shift(key)) // every + 1))
        left = set(expected)
        count[0] += len(expected)
        for number, slots in enumerate([{slot for slot, read in told if read}, {slot for slot, read in told if not read}, passed,
                                        {slot for first, last in off for slot in range(-(-first // every), -(-last // every))}]):
            count[number + 1] += len(left & slots)
            left -= slots
