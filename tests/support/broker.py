"""A mosquitto of the test's own on a free loopback port, for the integration tests."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from tests.support.waiting import Stream


def program(name):
    """Debian keeps daemons in sbin, which is not on every user's path."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or name


class ReservedPort:
    """A free loopback port that stays ours while nothing listens: a connection to it is refused until its user comes."""

    def __init__(self):
        self.socket = socket.socket()
        # With the option on both sides, a server can bind beside us as long as we do not listen.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.number = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


class Broker:
    """start() and stop() may be called again and again; the port stays, and with `persistent` so do sessions."""

    def __init__(self, directory, settings=(), persistent=False):
        self.directory = pathlib.Path(directory)
        self._port = ReservedPort()
        self.port = self._port.number
        self.process = None
        self.stream = None
        lines = [f"listener {self.port} 127.0.0.1", "log_dest stderr", "log_type all", "connection_messages true"]
        if os.geteuid() == 0:
            lines.append("user root")  # else mosquitto becomes a user that can't read the test's directory
        if persistent:
            lines += ["persistence true", f"persistence_location {self.directory}/", "max_queued_messages 100000"]
        lines += settings or ["allow_anonymous true"]
        self.settings = self.directory / "mosquitto.conf"
        self.settings.write_text("\n".join(lines) + "\n")

    def start(self):
        self.process = subprocess.Popen([program("mosquitto"), "-c", str(self.settings)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.stream = Stream(self.process.stderr)
        self.stream.wait_text("running")
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        if self.process:
            self.process.wait()
            self.stream.join()

    def close(self):
        self.stop()
        self._port.close()

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"
