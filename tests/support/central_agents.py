"""The agents of a central_history at work, for central_model_test: they send, take acknowledgements, tell their status, answer requests,
and fail the test when the centre says what it must not."""
import concurrent.futures
import time

from tests.support.central_model import inside, ranges
from tests.support.central_records import Message, Record, written
from tests.support.centre import CENTRE
from tests.support.waiting import ask_until


class Agents:
    """case: the CentreCase they live in. acked: {(agent, epoch): all ranges that were ever acknowledged}."""

    def __init__(self, case, history, down):
        self.case, self.history, self.down = case, history, down
        self.boxes = {box.name: box for box in history.boxes}
        self.withheld = {message.records[0].key: message for message in history.withheld}
        self.acked = {}
        self.most_ranges = 0
        self.forgetful = False  # they believe that all was acknowledged
        self._answers, self._voids, self._seen, self._sent = [], [], 0, 0
        self.pool = concurrent.futures.ThreadPoolExecutor(5)

    def send(self, messages):
        """Several at a time, so that they come in any order."""
        list(self.pool.map(lambda one: self.case.say(one.topic, one.payload, agent=one.agent, encoding=one.encoding), messages))

    def tell_status(self, box):
        coming = [] if self.forgetful else [
            [epoch, left[0], len(by_seq)] for epoch, by_seq in box.epochs.items()
            if (left := [seq for seq, record in by_seq.items() if record.key not in box.evicted and not self.is_acked(record.key)])]
        current = list(box.epochs)[-1]
        self._sent = max(self._sent + 1, int(time.time() * 1000))
        status = {"v": 1, "agent": box.name, "site": box.site, "sent": self._sent, "epoch": current, "last": len(box.epochs[current]),
                  "epochs": coming, "more": 0}
        self.case.say("up/status", status, agent=box.name, retained=True)

    def tell_layouts(self):
        for box in self.boxes.values():
            for layout in sorted(box.by_topic):
                self.case.say("up/meta", written(box.layouts[layout]), agent=box.name, retained=True)

    # -- what the centre says

    def listen(self):
        lines = self.down.stream.lines()
        fresh, self._seen = [line for line in lines[self._seen:] if "/down/" in line.split(" ", 1)[0]], len(lines)
        for message in self.down._messages(fresh):
            agent = message.topic.split("/")[2]
            if agent not in self.boxes:
                continue
            if message.kind == "down/ack":
                self._take_acks(agent, message.json())
            else:
                for part in message.json()["requests"]:
                    self.case.assertIn(part.get("meta"), [None, *self.boxes[agent].layouts])
                    for first, last in part.get("ranges", ()):
                        self._take_request(self.boxes[agent], part["epoch"], first, last)

    def _take_acks(self, agent, ack):
        self.case.assertEqual(ack["centre"], CENTRE)
        for part in ack["acks"]:
            told = [tuple(pair) for pair in part["ranges"]]
            self.case.assertEqual(ranges(told), told, "lowest first, and as few as can be")
            self.most_ranges = max(self.most_ranges, len(told))
            known = self.acked.setdefault((agent, part["epoch"]), [])
            known[:] = ranges([*known, *told])

    def is_acked(self, key):
        return inside(key[2], self.acked.get(key[:2], ()))

    def _take_request(self, box, epoch, first, last):
        """What an agent holds it sends again; what it doesn't is answered by a void."""
        gone = []
        for seq in range(first, last + 1):
            record = box.epochs.get(epoch, {}).get(seq)
            if record is None or record.key in box.evicted:
                gone.append((seq, seq))
                continue
            self.case.assertTrue(self.forgetful, f"asked for {record.key}: it was acknowledged, or the status told that it is coming")
            self.case.assertIn(record.key, self.withheld, "asked for, and it was acknowledged")
            self._answers.append(self.withheld[record.key])
        for low, high in ranges(gone):
            self._answer_void(box, epoch, low, high)

    def _answer_void(self, box, epoch, first, last):
        current = list(box.epochs)[-1]
        void = Record(box.name, current, None, {"void": {"epoch": epoch, "first": first, "last": last}, "why": "unknown-epoch"}, None)
        batch = {"v": 1, "agent": box.name, "site": box.site, "epoch": current, "sent": self.history.now, "records": [void.body]}
        self._voids.append(Message(box.name, "up/backfill", written(batch).encode(), [void]))

    # -- until it is done

    def _due(self):
        return [message for message in self.history.messages
                if any(record.seq and not record.pinned and not self.is_acked(record.key) for record in message.records)]

    def until_acknowledged(self):
        """What is not acknowledged comes again."""
        def round_of():
            self.send(self._due())
            self._send_answers()
            self._tell_all()
        self._until(round_of, lambda: not self._due(), "everything is acknowledged")

    def until_asked(self, missing):
        """The agents forget what was never acknowledged, the centre must ask: missing() becomes empty. For it, each round is a day."""
        self.forgetful = True

        def round_of():
            # Locked in the order of the centre, so that neither waits for the other for ever.
            self.case.database.sql("with locked as (select agent_id, epoch_id from congto.epoch order by agent_id, epoch for no key update) "
                                   "update congto.epoch e set asked_at = asked_at - interval '1 day' from locked l "
                                   "where e.agent_id = l.agent_id and e.epoch_id = l.epoch_id")
            self._tell_all()

        def done():
            self._send_answers()
            return not missing()
        self._until(round_of, done, "the centre asked for all it missed")

    def _send_answers(self):
        """A void that answers has no seq: nobody acknowledges it, so it belongs to the history from here on."""
        taken, voids, self._answers, self._voids = self._answers, self._voids, [], []
        self.send([*taken, *voids])
        self.history.messages += voids

    def _tell_all(self):
        for box in self.boxes.values():
            self.tell_status(box)

    def _until(self, round_of, done, what):
        again = 0

        def ask():
            nonlocal again
            self.listen()
            if done():
                return True
            if time.monotonic() > again:
                round_of()
                again = time.monotonic() + 1
            return False
        ask_until(ask, what)
