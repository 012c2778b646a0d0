"""A PostgreSQL of the test's own in the test's directory, reached by a Unix socket only, for the integration and fault tests.

Needs Debian's postgresql. Root may not run one, so it then runs as the system's user postgres.
"""
import csv
import io
import os
import pathlib
import pwd
import signal
import subprocess

from tests.support.waiting import PATIENCE, Stream, ask_until

csv.field_size_limit(1 << 28)  # a payload as hex digits is longer than python's own limit


def binary(name):
    """Debian keeps the server's programs of each release in a folder that is on nobody's path; the newest wins."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda file: int(file.parts[-3]))
    if not found:
        raise AssertionError(f"no {name} in /usr/lib/postgresql; install Debian's package postgresql")
    return str(found[-1])


class Postgres:
    """start() and stop() may be called again and again; the data and the url stay.

    `settings` are lines of postgresql.conf, `access` lines of pg_hba.conf that come before "everybody is let in".
    """

    def __init__(self, directory, settings=(), access=(), launcher=()):
        self._launcher = list(launcher)  # what starts the server, as root if this is root
        self.directory = pathlib.Path(directory) / "postgres"
        self.data = self.directory / "data"
        self.directory.mkdir()
        self.directory.chmod(0o700)
        self._as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self._as_user = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
            pathlib.Path(directory).chmod(0o711)  # a temporary directory is closed to others; postgres must get through it
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        self.process = None
        self.stream = None
        self._initialise(settings, access)

    def _initialise(self, settings, access):
        # Only the kernel's cache has to survive these tests' kills, so nothing is synced: it makes them several times faster.
        self._run([binary("initdb"), "-D", str(self.data), "-U", "congto", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(["listen_addresses = ''", f"unix_socket_directories = '{self.directory}'",
                                  "unix_socket_permissions = 0700", "port = 5432", "fsync = off", "full_page_writes = off",
                                  "log_destination = 'stderr'", "logging_collector = off", *settings]) + "\n")
        everybody = (self.data / "pg_hba.conf").read_text(encoding="utf-8")
        (self.data / "pg_hba.conf").write_text("".join(line + "\n" for line in access) + everybody, encoding="utf-8")

    def _run(self, command):
        done = subprocess.run([*self._as_user, *command], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=PATIENCE)
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout.decode('utf-8', 'replace')}"

    def start(self):
        self.process = subprocess.Popen([*self._launcher, *self._as_user, binary("postgres"), "-D", str(self.data)], cwd=self.directory,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.stream = Stream(self.process.stderr)
        self.stream.wait_text("database system is ready to accept connections")
        if self.sql("select 1 from pg_database where datname = 'congto'", database="postgres") == []:
            self.sql("create database congto", database="postgres")
        return self

    def stop(self, how=signal.SIGINT):
        """SIGINT ends its connections and stops cleanly, SIGQUIT leaves recovery to the next start, SIGKILL is a crash."""
        if self.process and self.process.poll() is None:
            # A killed server leaves its workers behind, and a new one does not start while one of them lives.
            workers = self.workers() if how == signal.SIGKILL else []
            self.process.send_signal(how)
            for worker in workers:
                _kill(worker)
        if self.process:
            self.process.wait()
            self.stream.join()  # the last worker has closed its end of the log too
            self.process = None

    def restart(self, how=signal.SIGINT):
        self.stop(how)
        return self.start()

    def close(self):
        self.stop()

    def workers(self):
        task = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in task.read_text(encoding="ascii").split()]

    def url_of(self, database="congto", user="congto"):
        """What libpq connects with."""
        return f"postgresql:///{database}?host={self.directory}&port=5432&user={user}"

    @property
    def url(self):
        return self.url_of()

    def sql(self, text, database="congto", user="congto"):
        """The rows of all statements as lists of text; null is empty text. AssertionError when one fails."""
        command = ["psql", "-Xqt", "--csv", "-v", "ON_ERROR_STOP=1", "-d", self.url_of(database, user)]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, f"psql failed: {done.stderr.decode('utf-8', 'replace')}\nin: {text}"
        return [row or [""] for row in csv.reader(io.StringIO(done.stdout.decode(), newline=""))]  # an empty line is one empty column

    def wait_sql(self, text, accept, what, seconds=PATIENCE):
        """Asks until accept(rows) is true; the rows are returned."""
        def ask():
            rows = self.sql(text)
            return (rows,) if accept(rows) else None
        return ask_until(ask, what, seconds)[0]


def _kill(number):
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it went with its parent
