"""What the benchmarks need from the machine: free ports, processes measured from /proc, a private broker."""
import os
import pathlib
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError(f"waited {seconds} s for {what}")


class Process:
    """A child and its figures; killed when the with-block ends."""

    def __init__(self, command, **options):
        self.command = command
        self.child = subprocess.Popen(command, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    @property
    def pid(self):
        return self.child.pid

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        """Resident and anonymous memory in MB (10^6 bytes)."""
        values = {}
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("VmRSS", "RssAnon"):
                values[name] = int(rest.split()[0]) * 1024 / 1e6
        return values["VmRSS"], values["RssAnon"]

    def written_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise RuntimeError("no write_bytes in /proc/PID/io")


class Card:
    """A small ext4 file system of its own (mounted as Debian mounts a card's), whose written bytes are counted where a card would
    count them: at the block device. Needs root and a free loop device; RuntimeError says what was missing."""

    def __init__(self, folder, size=256 << 20):
        self.image, self.mount = folder / "card.img", folder / "card"
        self.mount.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(size)
        self.run("mkfs.ext4", "-q", "-F", str(self.image))
        self.device = self.run("losetup", "--find", "--show", "--direct-io=on", str(self.image)).strip()
        try:
            self.run("mount", "-o", "noatime", self.device, str(self.mount))
        except RuntimeError:
            self.run("losetup", "--detach", self.device)
            raise

    @staticmethod
    def run(*command):
        try:
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise RuntimeError(f"{command[0]}: {getattr(error, 'stderr', '') or error}") from error

    def written_bytes(self):
        sectors = int(pathlib.Path(f"/sys/block/{pathlib.Path(self.device).name}/stat").read_text().split()[6])
        return sectors * 512

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("umount", str(self.mount))
        self.run("losetup", "--detach", self.device)


def start_broker(folder):
    """A mosquitto of our own on a free loopback port; returns (process, port)."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n")
    broker = Process(["/usr/sbin/mosquitto", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listening():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(listening, 10, "the broker")
    return broker, port
