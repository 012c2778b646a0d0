"""A random but repeatable history of a few agents, for central_model_test: what they say, cut into messages, with what goes wrong on
the way. All of it follows from the seed and the time of the start; what the centre must make of it stands in central_model.
"""
import copy
import gzip
import random
from decimal import Decimal

from tests.support.central_records import (DAY, METERS, NUMBERS, POINTS, QUALITIES, Box, Message, Record, refused_events, refused_samples,
                                           unusable, without_seq, written)


class History:
    """boxes, messages in the order of sending, withheld (sent when the centre asks), records (all variants that are ever said)."""

    def __init__(self, seed, now):
        self.rng = random.Random(seed)
        self.now = now
        self.boxes = []
        self.records = []
        self.messages = []
        self.withheld = []
        self._later = []
        sites = [f"site-{seed}-a", f"site-{seed}-b"]
        for number in range(self.rng.randint(2, 3)):
            box = Box(f"box-{seed}-{number}", sites[number and self.rng.randrange(2)])
            self.boxes.append(box)
            self._live(box)
            self._speak(box)
        self._spoil_messages()
        self.rng.shuffle(self.messages)
        self.messages += self._later

    # -- what a box commits

    def _live(self, box):
        rng = self.rng
        self.clock = (self.now - 3 * 3_600_000) // 60_000 * 60_000 + rng.randrange(60) * 1000
        prev, self.layout = None, self._new_layout(box)
        for number in range(rng.randint(2, 4)):
            epoch = f"{rng.getrandbits(128):032x}"
            if number == 0 and rng.random() < 0.3:
                box.lost[f"{rng.getrandbits(128):032x}"] = last = rng.randint(1, 50)
                prev = {"epoch": next(iter(box.lost)), "last": last}
            since = rng.choice([None, self.clock + 1])
            self.clock += rng.randrange(20_000)
            box.epochs[epoch] = {}
            self._commit(box, epoch, {"event": "start", "prev": prev, "since": since, "why": rng.choice(["stop", "crash", "một lý do"])})
            if number == 0 or rng.random() < 0.3:
                self._tell_layout(box, epoch)
            for _ in range(rng.choice([8, 20, 40, 200 if rng.random() < 0.3 else 30])):
                self._one(box, epoch)
            last = len(box.epochs[epoch])
            # A disk that lied: less than there is; or more, which nobody will ever send.
            prev = {"epoch": epoch, "last": last + rng.choice([0, 0, 0, -1, 3])}

    def _commit(self, box, epoch, body):
        seq = len(box.epochs[epoch]) + 1
        record = Record(box.name, epoch, seq, {"seq": seq, **body}, self.layout)
        box.epochs[epoch][seq] = record
        return record

    def _new_layout(self, box):
        rng, name = self.rng, f"{self.rng.getrandbits(64):016x}"
        points = {point: {"unit": "W", "kind": "gauge"} for point in POINTS if rng.random() < 0.8}
        box.layouts[name] = {"v": 1, "agent": box.name, "site": box.site, "id": name, "points": {"p": points},
                             "meters": [{"name": meter, "bus": "b", "unit_id": number, "profile": "p", "medium": "electricity",
                                         "every": rng.choice([1000, 2000, 5000]), "points": "p"}
                                        for number, meter in enumerate(METERS) if number == 0 or rng.random() < 0.8]}
        return name

    def _tell_layout(self, box, epoch):
        how = self.rng.random()
        if how < 0.75:
            self._commit(box, epoch, {"event": "meta", "id": self.layout, "meta": box.layouts[self.layout]})
        elif how < 0.9 and not box.by_topic:  # it holds one; others are never told
            box.by_topic.add(self.layout)

    def _one(self, box, epoch):
        what = self.rng.random()
        if what < 0.66:
            self._commit(box, epoch, self._sample(box))
        elif what < 0.70:
            self._commit(box, epoch, {"event": "door", "open": self.rng.random() < 0.5, "deep": [{"x": Decimal("1.50")}, None]})
        elif what < 0.76:
            every = self._every(box, meter := self.rng.choice(METERS))
            first, count = self.clock // every * every, self.rng.randint(1, 9)
            self._commit(box, epoch, {"event": "skipped", "meter": meter, "from": first, "to": first + (count - 1) * every,
                                      "count": count, "why": self.rng.choice(["back-off", "overrun"])})
        elif what < 0.83:
            self._void(box, epoch)
        elif what < 0.86:
            first = self.rng.randint(1, 30)
            self._commit(box, epoch, {"event": "clock", "epoch": self.rng.choice(list(box.epochs)),
                                      "range": [first, first + self.rng.randrange(20)], "shift": self.rng.randint(-9, 9) * 500})
        elif what < 0.90:
            self._correction(box, epoch)
        elif what < 0.92:
            if self.rng.random() < 0.5:
                self.layout = self._new_layout(box)
                self.clock += 10_000  # no slot belongs to both
            self._tell_layout(box, epoch)
        else:
            self._refused(box, epoch)

    def _every(self, box, meter):
        return next((told["every"] for told in box.layouts[self.layout]["meters"] if told["name"] == meter), 1000)

    def _values(self):
        rng = self.rng
        values = {point: Decimal(rng.choice(NUMBERS)) for point in rng.sample(POINTS, rng.randint(1, len(POINTS)))}
        q = {}
        for point in list(values):
            if rng.random() < 0.1:
                q[point] = "implausible"
            elif rng.random() < 0.15:
                q[point] = rng.choice(QUALITIES)
                del values[point]
        return {"values": values, "q": q} if q else {"values": values}

    def _sample(self, box):
        rng, meter = self.rng, self.rng.choice(METERS)
        every = self._every(box, meter)
        self.clock += rng.choice([0, 500, 1000, 1000, 3000])
        slot = self.clock // every * every
        body = {"ts": slot + rng.randrange(every), "meter": meter, **self._values()}
        if rng.random() < 0.15:
            body |= {"ts": slot + every + rng.randrange(every), "slot": slot, "took": rng.randint(1001, 5000)}
        if rng.random() < 0.1:
            ts = rng.choice([body["ts"], body["ts"], 1_500_000_000_000])  # before 2020, and not refused
            body |= {"ts": ts, "slot": ts - rng.randrange(900), "clock": "estimated", "clock_error": rng.randrange(90_000)}
        if rng.random() < 0.12:
            body |= {"values": {}, "q": {"*": rng.choice(QUALITIES[:-1])}}
        if rng.random() < 0.05:
            body["a field of later"] = [1, {"2": None}]
        return body

    def _void(self, box, epoch):
        rng, own = self.rng, len(box.epochs[epoch]) + 1
        target = rng.choice(list(box.epochs) + list(box.lost))
        end = box.lost.get(target) or len(box.epochs[target])
        # Never a start that is held: the chain ends where one is given up, and nobody would send it again.
        first = rng.randint(1 if target in box.lost else min(2, end), end)
        last = rng.choice([None, first, *[min(end, first + rng.randrange(6))] * 6])
        if rng.random() < 0.3 or (target in box.epochs and first == 1):  # a sample that was damaged in the journal
            target, first, last = epoch, own, own
        void = {"void": {"epoch": target, "first": first, "last": last}, "why": rng.choice(["evicted", "corrupt", "aged-out"])}
        if rng.random() < 0.3:  # an answer to a request bears no seq
            self.records.append(Record(box.name, epoch, None, void, self.layout))
            return
        self._commit(box, epoch, void)
        if target in box.epochs and rng.random() < 0.5:
            covered = [box.epochs[target][seq] for seq in range(max(first, 2), (last or end) + 1) if (target, seq) != (epoch, own)]
            box.evicted |= {record.key for record in covered if not record.refused and "void" not in record.body}

    def _correction(self, box, epoch):
        samples = [record for by_seq in box.epochs.values() for record in by_seq.values() if not record.refused and record.is_sample()]
        if samples:
            wrong = self.rng.choice(samples)
            self._commit(box, epoch, {"corrects": {"epoch": wrong.epoch, "seq": wrong.seq}, "ts": wrong.body["ts"],
                                      "meter": wrong.body["meter"], **self._values()})

    # -- what a centre must not take

    def _refused(self, box, epoch):
        rng = self.rng
        body = rng.choice(refused_samples(self._sample(box), self.now) if rng.random() < 0.6 else
                          refused_events(epoch, box.layouts[self.layout], self.clock))
        if rng.random() < 0.15:
            self.records.append(Record(box.name, epoch, None, rng.choice(without_seq(body)), self.layout, refused=True))
        else:
            self._commit(box, epoch, body).refused = True

    # -- what is said of it, and how often

    def _variant(self, record):
        """The same key with another content; None where that could not be told from a difference without a meaning."""
        body, rng = copy.deepcopy(record.body), self.rng
        if record.refused or body.get("event") in ("meta",):
            return None
        if rng.random() < 0.2 and record.is_sample():
            body |= {"q": {"active_power": "unheard-of"}}
            return Record(*record.key, body, record.layout, refused=True, pinned=rng.random() < 0.5)
        if "values" in body:
            later = rng.choice([1, -1, 60_000])
            body |= rng.choice([{"q": {}, **self._values()}, {"took": 7777},
                                {name: body[name] + later for name in ("ts", "slot") if name in body},
                                {"values": {}, "q": {"*": "no-link"}} if record.is_sample() else {"took": 1}])
        elif body.get("event") == "clock":
            body["shift"] += 500
        else:  # Of a void too: one with other bounds would give up what the agent holds, even the start that the chain needs.
            body["why"] = "another"
        return None if body == record.body else Record(*record.key, body, record.layout, pinned=rng.random() < 0.5)

    def _speak(self, box):
        rng, extra = self.rng, [record for record in self.records if record.agent == box.name]
        for epoch, by_seq in box.epochs.items():
            said = [record for record in by_seq.values() if record.key not in box.evicted]
            self.records += said
            withheld = rng.sample(said[1:-1], 3) if len(said) > 4 and rng.random() < 0.4 else []
            self.withheld += [self._message(box, [record], "up/backfill") for record in withheld]
            said = [record for record in said if record not in withheld]
            variants = [self._variant(record) for record in said if rng.random() < 0.1 for _ in range(2)]
            variants = [variant for variant in variants if variant]
            self.records += variants
            if len(said) < 140:
                self._cut(box, said, said[::2], said[1::2])
            else:  # every other one first: more ranges than one ack holds
                self._cut(box, said[::2])
                at_once, self.messages = self.messages, []
                self._cut(box, said[1::2])
                later, self.messages = self.messages, at_once
                self._later += later
            overlap = rng.randrange(len(said))
            self._cut(box, said[overlap:overlap + rng.randint(1, 30)])
            for record in [*variants, *(record for record in extra if record.epoch == epoch)]:
                others = [] if record.pinned else [other for other in said if other.layout == record.layout]
                chosen = [record, *rng.sample(others, min(len(others), rng.randrange(4)))]
                rng.shuffle(chosen)
                self.messages.append(self._message(box, chosen))

    def _cut(self, box, *lists):
        """Batches of random sizes; the samples of one are of one layout. Sometimes a record stands in one twice."""
        for records in lists:
            while records:
                size = self.rng.choice([1, 2, 5, 12, 30])
                part = [record for record in records[:size] if record.layout == records[0].layout]
                records = [record for record in records if record not in part]
                if self.rng.random() < 0.15:
                    part.insert(self.rng.randrange(len(part)), self.rng.choice(part))
                self.messages.append(self._message(box, part))

    def _message(self, box, records, topic=None):
        topic = topic or self.rng.choice(["up/data", "up/backfill", "up/backfill"])
        batch = {"v": 1, "agent": box.name, "site": box.site, "epoch": records[0].epoch, "sent": self.now + self.rng.randrange(DAY),
                 "meta": records[0].layout, "records": [record.body for record in records]}
        payload = written(batch).encode()
        packed = topic == "up/backfill" and self.rng.random() < 0.6
        return Message(box.name, topic, gzip.compress(payload, mtime=0) if packed else payload, records, "gzip" if packed else None)

    def _spoil_messages(self):
        """Payloads that can't be used at all: parked once, nothing of them is settled."""
        for box in self.boxes:
            good = self.rng.choice([message for message in self.messages if message.agent == box.name and not message.encoding])
            for payload in self.rng.sample(unusable(good.payload, box), 2):
                self.messages.append(Message(box.name, good.topic, payload, [], parked=True))
            if self.rng.random() < 0.5:
                cut = gzip.compress(good.payload, mtime=0)[:-9]
                self.messages.append(Message(box.name, "up/backfill", cut, [], "gzip", parked=True))
        self.messages.append(Message("nobody-" + self.boxes[0].name, "up/data", self.messages[0].payload, [], parked=True))
