"""A centre as deploy/central/up makes it, with mosquitto_pub and mosquitto_sub as its clients, for the integration tests."""
import os
import pathlib
import signal
import subprocess
import tempfile

from tests.support.broker import ReservedPort
from tests.support.waiting import PATIENCE, Stream

SCRIPTS = pathlib.Path(__file__).parents[2] / "deploy/central"
PROGRAM = os.environ.get("CONGTO_CENTRAL") or str(pathlib.Path(os.environ["CONGTO"]).with_name("congto-central"))
UP_SECONDS = 4 * PATIENCE  # a cluster is made, and a sanitized congto-central starts


def run(*command, status=0, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, text=True, timeout=UP_SECONDS, **more)
    if status is not None and done.returncode != status:
        raise AssertionError(f"exit status {done.returncode} of {command}:\n{done.stdout}")
    return done.stdout


class Up:
    """deploy/central/up in the foreground, in a directory of its own."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="congto-test-")
        self.home = pathlib.Path(self.temporary.name)
        self.home.chmod(0o711)  # started by root, broker and database are other users
        self.directory = self.home / "centre"
        self._port = ReservedPort()
        self.port = self._port.number
        self.process = None

    def start(self):
        self.process = subprocess.Popen([SCRIPTS / "up", "--dir", self.directory, "--port", str(self.port), "--program", PROGRAM],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = Stream(self.process.stdout)
        self.stream.wait_text("An agent:", UP_SECONDS)
        return self

    def end(self, how=signal.SIGTERM):
        """The exit status."""
        self.process.send_signal(how)
        status = self.process.wait(UP_SECONDS)
        self.stream.join()
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            self.end()
        self._port.close()
        self.temporary.cleanup()

    def script(self, name, *words, status=0):
        return run(SCRIPTS / name, "--dir", self.directory, *words, status=status, cwd=self.home)

    def enrol(self, agent, *more):
        self.script("enrol", "--out", self.home / agent, *more, agent, "Ice plant")
        return self.home / agent

    def sql(self, text, user="congto-reader", status=0, launcher=()):
        return run(*launcher, "psql", "-XqAt", "-d", f"host={self.directory}/postgres dbname=congto user={user}", "-c", text,
                   status=status)

    def children(self):
        """Process id by name, of what `up` keeps running; not of the cat or sleep that it uses just now."""
        listed = run("ps", "-o", "pid=,comm=", "--ppid", self.process.pid).split("\n")
        found = {name: int(number) for number, name in (line.split() for line in listed if line)}
        return {name: found[name] for name in ("postgres", "mosquitto", "congto-central")}

    def tls(self, name, folder, host="localhost"):
        """How mosquitto_pub and mosquitto_sub connect as `name`."""
        return ["-V", "5", "-q", "1", "-h", host, "-p", str(self.port), "--cafile", str(folder / "ca.pem"),
                "--cert", str(folder / f"{name}.pem"), "--key", str(folder / f"{name}.key")]

    def publish(self, tls, topic, message="hello", status=0):
        return run("mosquitto_pub", *tls, "-t", topic, "-m", message, status=status)

    def refused(self, tls, topic):
        """No connection comes about: mosquitto_pub has several ways to say it, and 0 is none of them."""
        try:
            self.publish(tls, topic)
        except AssertionError:
            return
        raise AssertionError(f"this was let in: {tls}")


class Listener:
    """mosquitto_sub: the lines "topic payload" that arrive."""

    def __init__(self, tls, topic, *more):
        self.process = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", *tls, "-t", topic, "-F", "%t %p", "-d", *more],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.stream = Stream(self.process.stdout)
        self.stream.wait_text("Subscribed")

    def heard(self):
        return [line for line in self.stream.lines() if line.startswith("congto/v1/")]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.stream.join()
