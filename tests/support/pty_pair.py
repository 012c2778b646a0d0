"""Two pseudo-terminals joined like the two ends of a cable, with a listener on the wire, for the integration tests.

A pty has one end with a name; programs that open a serial port by its name (the agent on one side, pymodbus or libmodbus on
the other) need two, and something that carries the bytes between them.
"""
import os
import select
import threading
import time
import tty


class PtyPair:
    """near and far are the device names; carried lists (side, bytes) as they passed; inject() speaks to the near side."""

    def __init__(self):
        self._ends = {}
        for side in ("near", "far"):
            master, slave = os.openpty()
            tty.setraw(slave)
            self._ends[side] = (master, slave)  # the slave stays open: a pty without one reports an error to its master
        self.near, self.far = (os.ttyname(self._ends[side][1]) for side in ("near", "far"))
        self.carried = []
        self._lock = threading.Lock()
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self):
        near, far = self._ends["near"][0], self._ends["far"][0]
        while True:
            ready, _, _ = select.select([near, far, self._wake], [], [])
            if self._wake in ready:
                return
            for source in ready:
                data = os.read(source, 4096)
                with self._lock:
                    self.carried.append(("near" if source == near else "far", data))
                    os.write(far if source == near else near, data)

    def inject(self, data):
        """Bytes on the wire that no end sent; both ends hear them."""
        with self._lock:
            for master, _ in self._ends.values():
                os.write(master, data)

    def sent_by(self, side):
        with self._lock:
            return b"".join(data for who, data in self.carried if who == side)

    def speak(self, data, stop, every):
        """Injects data every so many seconds until stop (threading.Event) is set: another master on the line."""
        next_time = time.monotonic()
        while not stop.wait(max(0.0, next_time - time.monotonic())):
            self.inject(data)
            next_time += every

    def close(self):
        os.write(self._waker, b"x")
        self._thread.join()
        for master, slave in self._ends.values():
            os.close(master)
            os.close(slave)
        os.close(self._wake)
        os.close(self._waker)
