#!/usr/bin/python3
"""deploy/central: who is let in and to what, enrolment and removal, and that `up` goes on, tells what ended, and ends whole.

mosquitto_pub and mosquitto_sub stand for agents and consumers; the broker, PostgreSQL and congto-central are those that `up` starts.
"""
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import unittest

from tests.support.central_up import PROGRAM, SCRIPTS, UP_SECONDS, Listener, Up, run
from tests.support.plant import main
from tests.support.waiting import Stream, ask_until


class Rights(unittest.TestCase):
    """One centre for all of these; every test has agents of its own."""

    @classmethod
    def setUpClass(cls):
        cls.up = Up()
        cls.addClassCleanup(cls.up.close)
        cls.up.start()
        # Another consumer than the one that runs: it would lose its connection to us.
        cls.up.script("enrol", "--consumer", "central-7")
        cls.consumer = cls.up.tls("central-7", cls.up.directory)

    def listen(self, *arguments):
        listener = Listener(*arguments)
        self.addCleanup(listener.close)
        return listener

    def agent(self, name, *more):
        return self.up.tls(name, self.up.enrol(name, *more))

    def openssl(self, *words):
        run("openssl", *words, cwd=self.up.home,
            env={**os.environ, "CONGTO_AUTHORITY": str(self.up.directory / "ca"), "CONGTO_SERVER_NAMES": "DNS:localhost"})

    def test_an_agent_says_only_what_is_its_own(self):
        agent, _ = self.agent("says-1"), self.agent("says-2")
        everything = self.listen(self.consumer, "congto/v1/+/up/#")
        self.assertIn("Not authorized", self.up.publish(agent, "congto/v1/says-2/up/data", "forged", status=None))
        self.assertIn("Not authorized", self.up.publish(agent, "congto/v1/says-1/down/ack", "forged", status=None))
        # A will is a message too.
        will = Listener(agent, "congto/v1/says-1/down/#", "--will-topic", "congto/v1/says-2/up/online", "--will-payload", "forged")
        will.close()
        self.up.publish(agent, "congto/v1/says-1/up/data", "last")
        everything.stream.wait_text("congto/v1/says-1/up/data last")
        self.assertNotIn("forged", "\n".join(everything.heard()))

    def test_an_agent_hears_only_what_is_its_own(self):
        agent, other = self.agent("hears-1"), self.agent("hears-2")
        ears = self.listen(agent, "#", "-t", "congto/v1/hears-2/down/#", "-t", "$SYS/#")
        self.up.publish(other, "congto/v1/hears-2/up/data")
        self.up.publish(self.consumer, "congto/v1/hears-2/down/ack", "not yours")
        self.up.publish(self.consumer, "congto/v1/hears-1/down/ack", "yours")
        ears.stream.wait_text("congto/v1/hears-1/down/ack yours")
        self.assertEqual(ears.heard(), ["congto/v1/hears-1/down/ack yours"])

    def test_no_agent_throws_another_one_out(self):
        agent, other = self.agent("stays-1"), self.agent("stays-2")
        ears = self.listen(agent, "congto/v1/stays-1/down/#", "-i", "stays-1")
        self.up.publish([*other, "-i", "stays-1"], "congto/v1/stays-2/up/data")
        self.up.publish(self.consumer, "congto/v1/stays-1/down/ack", "still here")
        ears.stream.wait_text("still here")
        # It would have come back after a while: only one connection is right.
        self.assertEqual(sum("received CONNACK" in line for line in ears.stream.lines()), 1)

    def test_a_consumer_only_deletes_what_is_retained(self):
        agent = self.agent("kept-1")
        self.up.publish([*agent, "-r"], "congto/v1/kept-1/up/meta", "retained")
        self.assertIn("Not authorized", self.up.publish(self.consumer, "congto/v1/kept-1/up/data", status=None))
        run("mosquitto_pub", *self.consumer, "-r", "-n", "-t", "congto/v1/kept-1/up/meta")
        late = self.listen(self.consumer, "congto/v1/kept-1/up/#")
        self.up.publish(agent, "congto/v1/kept-1/up/data", "last")
        late.stream.wait_text("last")
        self.assertEqual(late.heard(), ["congto/v1/kept-1/up/data last"])

    def test_no_certificate_no_connection(self):
        agent = self.agent("door-1")
        self.up.refused(agent[:agent.index("--cert")], "congto/v1/door-1/up/data")
        self.up.refused(agent[:agent.index("--cafile")], "congto/v1/door-1/up/data")
        # The client's part: the name that it asked for must be in the broker's certificate. 127.1 is 127.0.0.1, but not there.
        self.up.refused(self.up.tls("door-1", self.up.home / "door-1", host="127.1"), "congto/v1/door-1/up/data")
        self.up.publish(agent, "congto/v1/door-1/up/data")

    def test_foreign_expired_and_borrowed_certificates(self):
        agent = self.agent("foreign-1")
        folder = self.up.home / "foreign-1"
        certificate, topic = folder / "foreign-1.pem", "congto/v1/foreign-1/up/data"
        self.openssl("req", "-x509", "-new", "-key", folder / "foreign-1.key", "-subj", "/CN=foreign-1", "-days", "2",
                     "-out", certificate)
        self.up.refused(agent, topic)  # signed by nobody

        self.openssl("req", "-new", "-key", folder / "foreign-1.key", "-subj", "/CN=x", "-out", folder / "csr")
        self.openssl("ca", "-config", SCRIPTS / "openssl.cnf", "-batch", "-notext", "-in", folder / "csr", "-subj", "/CN=foreign-1",
                     "-extensions", "client", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-out", certificate)
        self.up.refused(agent, topic)  # expired

        self.openssl("ca", "-config", SCRIPTS / "openssl.cnf", "-batch", "-notext", "-in", folder / "csr", "-subj", "/CN=foreign-1",
                     "-extensions", "server", "-days", "2", "-out", certificate)
        self.up.refused(agent, topic)  # a server's

        self.openssl("ca", "-config", SCRIPTS / "openssl.cnf", "-batch", "-notext", "-in", folder / "csr", "-subj", "/CN=foreign-1",
                     "-extensions", "client", "-days", "2", "-out", certificate)
        self.up.publish(agent, topic)

    def test_old_tls_is_refused(self):
        done = run("openssl", "s_client", "-connect", f"localhost:{self.up.port}", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0",
                   status=None)
        self.assertIn("alert protocol version", done)  # said by the broker, not by openssl

    def test_a_message_of_256_kib_at_most(self):
        agent = self.agent("large-1")
        ears = self.listen(self.consumer, "congto/v1/large-1/up/#")
        agent[agent.index("5")] = "311"  # a client of MQTT 5 knows the limit and does not even try
        file = self.up.home / "large"
        file.write_text("x" * 300_000)
        self.assertNotEqual(run("mosquitto_pub", *agent, "-t", "congto/v1/large-1/up/data", "-f", file, status=None), "")
        file.write_text("x" * 200_000)
        run("mosquitto_pub", *agent, "-t", "congto/v1/large-1/up/data", "-f", file)
        ears.stream.wait_text("xxx")
        self.assertEqual([len(line.split(" ")[1]) for line in ears.heard()], [200_000])

    def test_a_name_is_enrolled_once(self):
        self.agent("once-1")
        self.assertIn("enrolled before", self.up.script("enrol", "--out", self.up.home / "x", "once-1", "Ice plant", status=1))
        self.up.script("remove", "once-1", "--reason", "sold")
        self.assertIn("enrolled before", self.up.script("enrol", "--out", self.up.home / "x", "once-1", "Ice plant", status=1))
        self.up.script("enrol", "--renew", "once-1", status=1)
        for name in ("central-2", "central", "Once-1", "o1", "a/b", "x" * 65):
            self.up.script("enrol", name, "Ice plant", status=2)
        self.assertEqual(self.up.sql("select site, removed_why from congto.agent where name = 'once-1'"), "Ice plant|sold\n")

    def test_files_are_closed(self):
        folder = self.up.enrol("closed-1")
        self.assertEqual({file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()},
                         {"ca.pem": "0o600", "closed-1.pem": "0o600", "closed-1.key": "0o600"})
        self.assertEqual((self.up.directory / "ca").stat().st_mode & 0o777, 0o700)
        for key in self.up.directory.rglob("*.key"):
            self.assertEqual(key.stat().st_mode & 0o007, 0, key)
        self.assertEqual((self.up.directory / "ca/ca.key").stat().st_mode & 0o777, 0o600)

    def test_a_key_that_never_leaves_the_box(self):
        box = self.up.home / "box"
        box.mkdir()
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", box / "box-1.key")
        # The name in the request is not believed.
        self.openssl("req", "-new", "-key", box / "box-1.key", "-subj", "/CN=central-7", "-out", box / "csr")
        folder = self.up.enrol("box-1", "--csr", box / "csr")
        self.assertEqual({file.name for file in folder.iterdir()}, {"ca.pem", "box-1.pem"})
        (folder / "box-1.key").write_bytes((box / "box-1.key").read_bytes())
        agent = self.up.tls("box-1", folder)
        self.up.publish(agent, "congto/v1/box-1/up/data")
        self.assertIn("Not authorized", self.up.publish(agent, "congto/v1/other/down/ack", status=None))

    def test_renewal(self):
        self.agent("renew-1")
        old, new = self.up.home / "renew-1", self.up.home / "new"
        self.up.script("enrol", "--renew", "renew-1", "--out", new)
        for folder in (old, new):
            self.up.publish(self.up.tls("renew-1", folder), "congto/v1/renew-1/up/data")
        newest = self.up.home / "newest"
        self.up.script("enrol", "--renew", "renew-1", "--out", newest, "--revoke-old")
        self.up.publish(self.up.tls("renew-1", newest), "congto/v1/renew-1/up/data")
        for folder in (old, new):
            self.up.refused(self.up.tls("renew-1", folder), "congto/v1/renew-1/up/data")

    def test_a_removed_agent_is_silenced_at_once(self):
        agent, other = self.agent("gone-1"), self.agent("gone-2")
        self.up.publish([*agent, "-r"], "congto/v1/gone-1/up/status", "retained")
        connected = subprocess.Popen(["stdbuf", "-oL", "mosquitto_pub", *agent, "-d", "-l", "-t", "congto/v1/gone-1/up/data"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = Stream(connected.stdout)
        self.addCleanup(connected.wait)
        self.addCleanup(connected.kill)
        self.addCleanup(connected.stdin.close)
        ears = self.listen(self.consumer, "congto/v1/+/up/data")
        connected.stdin.write(b"before\n")
        connected.stdin.flush()
        ears.stream.wait_text("congto/v1/gone-1/up/data before")
        self.up.script("remove", "gone-1", "--reason", "stolen")
        connected.stdin.write(b"after\n")
        connected.stdin.flush()
        said.wait_text("RC:135")  # not authorized
        self.up.refused(agent, "congto/v1/gone-1/up/data")
        self.up.publish(other, "congto/v1/gone-2/up/data", "last")
        ears.stream.wait_text("last")
        self.assertNotIn("after", "\n".join(ears.heard()))
        ears.close()  # a certificate is one connection
        late = self.listen(self.consumer, "congto/v1/gone-1/up/#", "-t", "congto/v1/gone-2/up/data")
        self.up.publish(other, "congto/v1/gone-2/up/data", "last")
        late.stream.wait_text("last")
        self.assertEqual(late.heard(), ["congto/v1/gone-2/up/data last"], "its retained topics are deleted")


class Whole(unittest.TestCase):
    def setUp(self):
        self.up = Up()
        self.addCleanup(self.up.close)

    def all_gone(self, children):
        ask_until(lambda: not any(pathlib.Path(f"/proc/{number}").exists() for number in children.values()), "all ended")

    def test_goes_on_and_ends_whole(self):
        children = self.up.start().children()
        self.up.enrol("edge-1")
        self.assertEqual(self.up.end(), 0)
        self.all_gone(children)
        # Without the database nothing is signed, so that the same command can be given again.
        self.up.script("enrol", "--out", self.up.home / "edge-2", "edge-2", "Ice plant", status=1)
        authority = (self.up.directory / "ca.pem").read_bytes()
        children = self.up.start().children()
        self.assertEqual((self.up.directory / "ca.pem").read_bytes(), authority)
        self.up.enrol("edge-2")
        self.assertEqual(self.up.sql("select name from congto.agent order by name"), "edge-1\nedge-2\n")
        self.up.publish(self.up.tls("edge-1", self.up.home / "edge-1"), "congto/v1/edge-1/up/data")
        self.assertIn("already", run(SCRIPTS / "up", "--dir", self.up.directory, "--program", PROGRAM, status=1))
        # Even killed it leaves nothing behind that the next one would stumble over.
        self.up.end(signal.SIGKILL)
        self.all_gone(children)
        self.up.start()

    def test_a_part_that_ends_is_told(self):
        children = self.up.start().children()
        os.kill(children["congto-central"], signal.SIGKILL)
        self.assertEqual(self.up.process.wait(UP_SECONDS), 1)
        self.up.stream.join()
        self.assertIn("central-1 ended with exit status 137", self.up.stream.text())
        self.assertIn("ready", self.up.stream.text().split("An agent:")[1], "its log's last lines")
        self.all_gone(children)

    def test_a_port_that_is_taken(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        said = run(SCRIPTS / "up", "--dir", self.up.directory, "--port", taken.getsockname()[1], "--program", PROGRAM, status=1)
        self.assertIn("taken", said)

    def test_detached(self):
        options = ["--dir", self.up.directory, "--port", self.up.port, "--program", PROGRAM]
        self.addCleanup(run, SCRIPTS / "up", "--stop", "--dir", self.up.directory, status=None)
        self.assertIn("\nready", run(SCRIPTS / "up", *options, "--detach", "--consumers", "2"))
        said = run(PROGRAM, "status", "--config", self.up.directory / "central.toml")
        self.assertIn("agent", said)
        run(SCRIPTS / "up", "--stop", "--dir", self.up.directory)
        self.assertIn("nothing runs", run(SCRIPTS / "up", "--stop", "--dir", self.up.directory, status=1))

    def test_the_database_is_shut(self):
        self.up.start()
        self.assertEqual(self.up.sql("show listen_addresses", user="postgres"), "\n")
        for user, text in (("congto-reader", "insert into congto.agent (name, site) values ('abc', 'x')"),
                           ("congto-central", "create table congto.mine ()"), ("congto-central", "drop table congto.sample"),
                           ("congto-central", "delete from congto.agent")):
            self.assertRegex(self.up.sql(text, user=user, status=1), "permission denied|must be owner")
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.up.sql("select 1", status=2, launcher=["setpriv", "--reuid", nobody.pw_uid, "--clear-groups"])


if __name__ == "__main__":
    main()
