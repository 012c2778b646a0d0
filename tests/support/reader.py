"""mosquitto_sub as the integration tests' reader, and a small centre that acknowledges what it read."""
import gzip
import json
import subprocess
import threading

from tests.support.contract_schemas import SCHEMA_OF, validators
from tests.support.waiting import PATIENCE, Stream


class Message:
    """One message as mosquitto_sub printed it."""

    def __init__(self, line):
        self.topic, retained, payload = line.split(" ", 2)
        self.retained = retained == "1"
        self.kind = self.topic.split("/", 3)[-1]  # up/data, up/status, …
        self.payload = bytes.fromhex(payload)

    def text(self):
        """Backfill may be packed; gzip begins with these two bytes, and JSON never does."""
        return gzip.decompress(self.payload) if self.payload.startswith(b"\x1f\x8b") else self.payload

    def json(self):
        # parse_float=str would hide 230.19999694824219; the tests compare the numbers as they were written.
        return json.loads(self.text(), parse_float=lambda text: Number(text))


class Number(float):
    """A float that remembers its text."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


class Reader:
    """Everything under congto/v1/, in the order of arrival. At the end all of it must obey the schemas of config/contract; only
    what comes `down` where the test itself plays an agent that doesn't."""

    def __init__(self, broker, session=None, options=(), ours=("up/", "down/")):
        self._ours = ours
        command = ["stdbuf", "-oL", "mosquitto_sub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(broker.port), "-d",
                   "-t", "congto/v1/#", "-F", "%t %r %x", *options]
        if session:
            command += ["-i", session, "-c", "-x", "3600"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = Stream(self.process.stdout)
        self.stream.wait_text("Subscribed")

    @staticmethod
    def _messages(lines):
        return [Message(line) for line in lines if line.startswith("congto/v1/")]

    def messages(self, kind=None):
        return [message for message in self._messages(self.stream.lines()) if kind in (None, message.kind)]

    def wait(self, found, what, seconds=PATIENCE):
        """found(messages) until it is true."""
        return self.stream.wait(lambda lines: found(self._messages(lines)), what, seconds)

    def records(self, messages=None):
        """(epoch, record) of every data and backfill message."""
        return [(batch["epoch"], record)
                for batch in (message.json() for message in (self.messages() if messages is None else messages)
                              if message.kind in ("up/data", "up/backfill"))
                for record in batch["records"]]

    def wait_sample(self, meter, accept=lambda record: bool(record["values"]), seconds=PATIENCE):
        """The first sample of this meter that is accepted."""
        def find(messages):
            return next((record for _, record in self.records(messages)
                         if record.get("meter") == meter and "values" in record and "corrects" not in record and accept(record)),
                        None)
        return self.wait(find, f"a sample of {meter}", seconds)

    def wait_status(self, accept, what, seconds=PATIENCE):
        def find(messages):
            return next((status for status in (message.json() for message in messages if message.kind == "up/status")
                         if accept(status)), None)
        return self.wait(find, f"a status: {what}", seconds)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.stream.join()
        by_name = validators()
        for message in (message for message in self.messages() if message.kind.startswith(self._ours)):
            # an empty retained message deletes what was retained
            errors = list(by_name[SCHEMA_OF[message.kind]].iter_errors(json.loads(message.text()))) if message.payload else []
            assert not errors, f"{message.topic}: {errors[0].json_path}: {errors[0].message}\n{message.text().decode()}"


class Centre:
    """Acknowledges everything a Reader has seen, as contract.md asks: at each batch and at every status."""

    def __init__(self, broker, reader, name="centre-1"):
        self._broker, self._reader, self._name = broker, reader, name
        self._stop = threading.Event()
        self._seen = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            try:
                self._reader.stream.wait(self._news, "news", seconds=1)
            except AssertionError:
                continue
            self._answer()

    def _news(self, lines):
        return len(lines) > self._seen or self._stop.is_set()

    def _answer(self):
        lines = self._reader.stream.lines()
        fresh = [message for message in self._reader._messages(lines[self._seen:])
                 if message.kind in ("up/data", "up/backfill", "up/status")]
        self._seen = len(lines)
        for agent in {message.topic.split("/")[2] for message in fresh}:
            self._acknowledge(agent, lines)

    def _acknowledge(self, agent, lines):
        settled = {}
        for message in self._reader._messages(lines):
            if message.kind in ("up/data", "up/backfill") and message.topic.split("/")[2] == agent:
                batch = message.json()
                settled.setdefault(batch["epoch"], set()).update(record["seq"] for record in batch["records"])
        now = max((message.json()["sent"] for message in self._reader._messages(lines)
                   if message.kind in ("up/data", "up/status")), default=0)
        acks = [{"epoch": epoch, "ranges": ranges(seqs)[:64]} for epoch, seqs in settled.items()]
        payload = json.dumps({"v": 1, "centre": self._name, "now": now, "acks": acks})
        subprocess.run(["mosquitto_pub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(self._broker.port),
                        "-t", f"congto/v1/{agent}/down/ack", "-m", payload], check=False, stderr=subprocess.DEVNULL, timeout=PATIENCE)

    def close(self):
        self._stop.set()
        self._thread.join()


def ranges(numbers):
    """{1,2,3,7} as [[1,3],[7,7]]."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] + 1 == number:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
