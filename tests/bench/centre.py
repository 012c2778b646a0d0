"""A small centre for the drain of packed backfill: counts what comes on the wire, unpacks it, acknowledges it at once."""
import gzip
import json
import subprocess
import threading
import time

from machine import Process
from plant import AGENT


class Centre:
    def __init__(self, port):
        address = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-V", "5"]
        self.subscriber = Process(["mosquitto_sub", *address, "-t", f"congto/v1/{AGENT}/up/backfill",
                                   "-t", f"congto/v1/{AGENT}/up/status", "-F", "%t %P %x"], stdout=subprocess.PIPE, text=True)
        self.publisher = Process(["mosquitto_pub", *address, "-t", f"congto/v1/{AGENT}/down/ack", "-l"],
                                 stdin=subprocess.PIPE, text=True)
        self.readings = self.wire = self.expanded = self.packed = self.batches = 0
        self.settled = {}  # epoch: [[first, last], …]
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.subscriber.child.stdout:
            topic, *properties, payload = line.split()
            if topic.endswith("/up/backfill"):
                self.take(bytes.fromhex(payload), "content-encoding:gzip" in properties)
            self.acknowledge()

    def take(self, payload, packed):
        text = gzip.decompress(payload) if packed else payload
        batch = json.loads(text)
        settled = self.settled.setdefault(batch["epoch"], [])
        for record in batch["records"]:
            self.readings += len(record.get("values", ()))
            if settled and settled[-1][1] + 1 == record["seq"]:
                settled[-1][1] += 1
            else:
                settled.append([record["seq"]] * 2)
        self.wire += len(payload)
        self.expanded += len(text)
        self.packed += packed
        self.batches += 1

    def acknowledge(self):
        acks = [{"epoch": epoch, "ranges": settled[-64:]} for epoch, settled in self.settled.items()]
        ack = {"v": 1, "centre": "bench", "now": int(time.time() * 1000), "acks": acks}
        self.publisher.child.stdin.write(json.dumps(ack) + "\n")
        self.publisher.child.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.publisher.__exit__(*error)
        self.subscriber.__exit__(*error)
