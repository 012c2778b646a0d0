"""An independent subscriber: counts samples and readings as mosquitto_sub receives them."""
import json
import subprocess
import threading

from machine import Process


class Reader:
    def __init__(self, port):
        self.process = Process(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-V", "5",
                                "-t", "congto/v1/+/up/data", "-t", "congto/v1/+/up/backfill"],
                               stdout=subprocess.PIPE, text=True)
        self.samples = []  # (meter, ts, number of values)
        self.readings = 0
        self.bytes = 0
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for message in self.process.child.stdout:
            self.bytes += len(message)
            for record in json.loads(message)["records"]:
                if "meter" in record and "values" in record:
                    self.samples.append((record["meter"], record["ts"], len(record["values"])))
                    self.readings += len(record["values"])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.__exit__(*error)

    def share(self, meters, begin, end):
        """Of the whole-second slots from begin to end (Unix s), the share with values, over these meters."""
        seen = {(name, ts // 1000) for name, ts, values in self.samples if values and name in meters}
        wanted = [(name, second) for name in meters for second in range(begin, end)]
        return sum(slot in seen for slot in wanted) / len(wanted)
