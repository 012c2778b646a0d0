"""Waiting for a condition with a deadline, for the integration tests; no test sleeps for a time it guessed.

Stream collects the lines of a pipe in a thread of its own and wakes whoever waits for one.
"""
import os
import select
import threading
import time

# Generous: a build machine under sanitizers is slow, and a test that passes never waits this long.
PATIENCE = float(os.environ.get("CONGTO_TEST_PATIENCE", "60"))


class Stream:
    """The lines of a pipe so far."""

    def __init__(self, pipe):
        self._changed = threading.Condition()
        self._lines = []
        self._ended = False
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with self._pipe:
            for raw in self._pipe:
                with self._changed:
                    self._lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self):
        with self._changed:
            return list(self._lines)

    def text(self):
        return "\n".join(self.lines())

    def wait(self, found, what, seconds=PATIENCE):
        """Waits until found(lines) is true and returns it; AssertionError with the lines so far if it does not become so."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                result = found(self._lines)
                if result:
                    return result
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    tail = "\n".join(self._lines[-40:])
                    raise AssertionError(f"not seen: {what}; {'the program ended' if self._ended else 'too late'} after:\n{tail}")
                self._changed.wait(left)

    def wait_text(self, text, seconds=PATIENCE):
        return self.wait(lambda lines: next((line for line in lines if text in line), None), repr(text), seconds)

    def join(self):
        self._thread.join()


def ask_until(ask, what, seconds=PATIENCE, every=0.1):
    """Asks something that can't wake us (a file, another program's answer) until the answer is true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not so in {seconds:.0f} s: {what}")
        select.select([], [], [], every)
