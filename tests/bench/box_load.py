"""Many boxes in one process, for the boxes benchmark: each with its own TLS connection, certificate and name, sending a small live
batch every 10 s and a status every minute, and hearing its acknowledgements. One thread, so that its share of the machine shows.
  box_load.py PORT FOLDER COUNT    FOLDER: ca.pem, box.key, NAME.pem for box-00001 …
Commands on stdin, one a line: tell (the figures so far), window (forget them), end (no new batch; the rest is waited for)."""
import collections
import gc
import heapq
import json
import os
import pathlib
import random
import select
import signal
import socket
import ssl
import sys
import time

import mqtt_packets as mqtt

EVERY, STATUS_EVERY, LATE = 10, 60, 60  # seconds; an unacknowledged batch is sent again after the last
RAMP = 200  # new boxes a second at the beginning; after a loss each comes by itself
CONNECT_PATIENCE = 30
METERS, POINTS = 4, 10
NAMES = ["active_power", "reactive_power", "power_factor", "frequency", "voltage_l1_n", "voltage_l2_n", "voltage_l3_n",
         "current_l1", "current_l2", "active_energy_import"]
GOING_ON = ("connecting", "handshake", "asked")


def packed(value):
    return json.dumps(value, separators=(",", ":")).encode()


def milliseconds():
    return int(time.time() * 1000)


class Box:
    """One agent: what it has made and not heard of, and its connection."""

    def __init__(self, load, name, folder):
        self.load, self.name = load, name
        self.context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        self.context.load_cert_chain(folder / f"{name}.pem", folder / "box.key")
        self.epoch, self.layout = os.urandom(16).hex(), os.urandom(16).hex()
        self.seq = 0
        self.waiting = {}  # last seq of a batch: when it was first published, its payload
        self.link, self.state, self.generation = None, "away", 0
        self.number, self.pause = 0, 1.0
        self.connected_at = self.heard_at = None

    def topic(self, end):
        return f"congto/v1/{self.name}/{end}"

    def meta(self):
        points = {point: {"unit": "kWh" if "energy" in point else "1", "kind": "counter" if "energy" in point else "gauge"}
                  for point in NAMES}
        meters = [{"name": f"meter-{meter}", "bus": "line", "unit_id": meter, "profile": "small", "medium": "electricity",
                   "every": EVERY * 1000, "points": "small"} for meter in range(1, METERS + 1)]
        return {"v": 1, "agent": self.name, "site": "bench", "id": self.layout, "meters": meters, "points": {"small": points}}

    def status(self):
        return packed({"v": 1, "agent": self.name, "site": "bench", "version": "bench", "sent": milliseconds(), "uptime_s": 100,
                       "clock": "ntp, error 1 ms", "clock_known": True, "journal": "file", "journal_bytes": 1048576, "ack": "central",
                       "epoch": self.epoch, "last": self.seq, "unacknowledged": METERS * len(self.waiting), "waiting_for_time": 0,
                       "samples": self.seq, "failed_polls": 0, "skipped_slots": 0, "overruns": 0,
                       "epochs": [[self.epoch, min(self.waiting) - METERS + 1, self.seq]] if self.waiting else [], "more": 0,
                       "alarms": [], "buses": [{"name": "line", "state": "ok", "load": 0.1, "requests": 100, "timeouts": 0}],
                       "meters": [{"name": f"meter-{meter}", "state": "ok", "last_read_age_s": 5} for meter in range(1, METERS + 1)]})

    def batch(self):
        """(last seq, payload) of one commit."""
        now, records = milliseconds(), []
        if self.seq == 0:
            records = [{"seq": 1, "event": "start", "prev": None, "since": None, "why": "first"},
                       {"seq": 2, "event": "meta", "id": self.layout, "meta": self.meta()}]
            self.seq = 2
        for meter in range(1, METERS + 1):
            self.seq += 1
            values = {point: round(random.uniform(10, 400), 1) for point in NAMES[:POINTS]}
            records.append({"seq": self.seq, "ts": now - 100 + meter, "meter": f"meter-{meter}", "values": values})
        return self.seq, packed({"v": 1, "agent": self.name, "site": "bench", "epoch": self.epoch, "sent": now,
                                 "meta": self.layout, "records": records})

    # --- the connection ---
    def connect(self, generation=0):
        if self.state != "away" or generation != self.generation:
            return
        plain = socket.socket()
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.connect_ex(("127.0.0.1", self.load.port))
        self.link, self.state, self.received, self.unsent = plain, "connecting", bytearray(), b""
        self.load.watch(self, select.EPOLLOUT)
        self.load.at(CONNECT_PATIENCE, self.too_long, self.generation)

    def too_long(self, generation):
        if generation == self.generation and self.state in GOING_ON:
            self.lose("no answer")

    def lose(self, why):
        """The pauses of the real agent: 1 s, doubling to 60 s, each drawn from its upper half."""
        self.load.losses[why] += 1
        self.load.forget(self)
        self.link.close()
        self.link, self.state, self.connected_at, self.heard_at = None, "away", None, None
        self.generation += 1
        self.load.at(self.pause * random.uniform(0.5, 1), self.connect, self.generation)
        self.pause = min(60, self.pause * 2)

    def ready(self):
        """The socket can be read or written."""
        try:
            if self.state == "connecting":
                error = self.link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, os.strerror(error))
                self.link = self.context.wrap_socket(self.link, do_handshake_on_connect=False, server_hostname="localhost")
                self.state = "handshake"
            if self.state == "handshake":
                self.link.do_handshake()
                self.state = "asked"
                self.send(mqtt.connect(self.name, 30, 3600, self.topic("up/online"), '{"online":false}', 90))
            self.send(b"")
            self.read()
        except ssl.SSLWantReadError:
            self.load.watch(self, select.EPOLLIN | (select.EPOLLOUT if self.unsent else 0))
        except OSError as error:
            self.lose(error.strerror or str(error))

    def send(self, data):
        """What the socket does not take goes when it does."""
        self.unsent += data
        try:
            while self.unsent:
                self.unsent = self.unsent[self.link.send(self.unsent):]
        except ssl.SSLWantWriteError:
            self.load.watch(self, select.EPOLLIN | select.EPOLLOUT)

    def read(self):
        while True:
            data = self.link.recv(65536)
            if not data:
                raise ConnectionResetError(0, "closed by the broker")
            self.received += data
            for kind, flags, body in mqtt.take(self.received):
                self.hear(kind, flags, body)

    def hear(self, kind, flags, body):
        if kind == mqtt.PUBLISH:
            _, number, payload = mqtt.read_publish(flags, body)
            if number is not None:
                self.send(mqtt.puback(number))
            self.acknowledged(json.loads(payload))
        elif kind == mqtt.CONNACK:
            if body[1] != 0:
                raise ConnectionRefusedError(0, f"CONNACK 0x{body[1]:02x}")
            self.send(mqtt.subscribe(self.next_number(), [self.topic("down/ack"), self.topic("down/request")]))
        elif kind == mqtt.SUBACK:
            self.connected()
        elif kind == mqtt.PUBACK and len(body) > 2 and body[2] >= 0x80:
            self.load.refused += 1
        elif kind == mqtt.DISCONNECT:
            raise ConnectionResetError(0, f"DISCONNECT 0x{body[0] if body else 0:02x}")

    def connected(self):
        self.state, self.pause, self.connected_at = "connected", 1.0, time.monotonic()
        self.publish("up/online", b'{"online":true}', True)
        self.publish("up/meta", packed(self.meta()), True)
        self.publish("up/status", self.status(), True)
        # A real box waits up to a minute here; this is the harder case.
        for last in self.waiting:
            self.publish("up/backfill", self.waiting[last][1])

    def next_number(self):
        self.number = self.number % 65535 + 1
        return self.number

    def publish(self, topic, payload, retained=False):
        self.send(mqtt.publish(self.next_number(), self.topic(topic), payload, retained))

    def say(self, topic, payload, retained=False):
        """By the timers; while there is no connection nothing is said."""
        if self.state != "connected":
            return
        try:
            self.publish(topic, payload, retained)
        except OSError as error:
            self.lose(error.strerror or str(error))

    # --- its work ---
    def tell_status(self):
        self.say("up/status", self.status(), True)
        late = [last for last, (at, _) in self.waiting.items() if time.monotonic() - at > LATE]
        self.load.again += len(late)
        for last in late:
            self.say("up/backfill", self.waiting[last][1])

    def make_batch(self):
        last, payload = self.batch()
        self.waiting[last] = (time.monotonic(), payload)
        self.load.batches += 1
        self.say("up/data", payload)

    def acknowledged(self, message):
        now = time.monotonic()
        self.heard_at = self.heard_at or now
        for its in message.get("acks", ()):
            if its["epoch"] != self.epoch:
                continue
            for last in [last for last in self.waiting if any(a <= last - METERS + 1 and last <= b for a, b in its["ranges"])]:
                self.load.latencies.append(now - self.waiting.pop(last)[0])


class Load:
    def __init__(self, port, folder, count):
        self.port, self.poll, self.timers, self.order, self.making = port, select.epoll(), [], 0, True
        self.watched = {}
        self.begin_window()
        self.boxes = [Box(self, f"box-{number:05}", folder) for number in range(1, count + 1)]
        for number, box in enumerate(self.boxes):
            self.at(number / RAMP, box.connect)
            self.at(number / RAMP + random.uniform(1, 1 + EVERY), self.repeat, EVERY, box.make_batch)
            self.at(number / RAMP + random.uniform(1, 1 + STATUS_EVERY), self.repeat, STATUS_EVERY, box.tell_status)

    def begin_window(self):
        self.latencies, self.lateness, self.losses = [], 0.0, collections.Counter()
        self.batches = self.again = self.refused = 0

    def at(self, seconds, action, *words):
        self.order += 1
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.order, action, words))

    def repeat(self, period, action):
        if self.making:
            self.at(period, self.repeat, period, action)
            action()

    def watch(self, box, events):
        number = box.link.fileno()
        if number not in self.watched:
            self.poll.register(number, events)
        elif self.watched[number][1] != events:
            self.poll.modify(number, events)
        self.watched[number] = (box, events)

    def forget(self, box):
        number = box.link.fileno()
        if self.watched.pop(number, None):
            self.poll.unregister(number)

    def tell(self):
        connected = [box.connected_at for box in self.boxes if box.connected_at]
        heard = [box.heard_at for box in self.boxes if box.heard_at]
        return {"connected": len(connected), "first_at": min(connected, default=0), "connected_at": max(connected, default=0), "heard": len(heard),
                "heard_at": max(heard, default=0), "batches": self.batches, "again": self.again, "refused": self.refused,
                "records": sum(box.seq for box in self.boxes), "samples": sum(max(0, box.seq - 2) for box in self.boxes),
                "unacknowledged": sum(len(box.waiting) for box in self.boxes), "lateness": self.lateness,
                "latencies": sorted(self.latencies), "losses": dict(self.losses)}

    def command(self, line):
        if line == b"window":
            self.begin_window()
        elif line == b"end":
            self.making = False
        print(json.dumps(self.tell()), flush=True)

    def run(self):
        commands = sys.stdin.fileno()
        self.poll.register(commands, select.EPOLLIN)
        while True:
            pause = self.timers[0][0] - time.monotonic() if self.timers else 1
            for number, _ in self.poll.poll(max(0, pause)):
                if number == commands:
                    said = os.read(commands, 4096)
                    if not said:
                        return
                    for line in said.split():
                        self.command(line)
                elif number in self.watched:
                    self.watched[number][0].ready()
            while self.timers and self.timers[0][0] <= (now := time.monotonic()):
                due, _, action, words = heapq.heappop(self.timers)
                self.lateness = max(self.lateness, now - due)
                action(*words)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load = Load(int(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    gc.freeze()
    print(json.dumps({"made": len(load.boxes)}), flush=True)
    load.run()
