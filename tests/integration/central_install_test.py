#!/usr/bin/python3
"""deploy/central/install puts everything in place, keeps the centre's own settings, takes it away again; the service stays shut in."""
import pathlib
import shutil
import subprocess
import unittest

from tests.support.central_up import PROGRAM, SCRIPTS, run
from tests.support.plant import PlantCase, main

UNITS = "usr/lib/systemd/system"
EXPOSURE = 11  # 1.1, what `systemd-analyze security` gives it


class Install(PlantCase):
    def install(self, *options, status=0):
        return run(SCRIPTS / "install", "--destdir", self.directory, *options, status=status)

    def files(self):
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}

    def test_in_place_and_away_again(self):
        self.install("--binary", PROGRAM)
        scripts = ["ca", "broker", "enrol", "remove", "database", "functions.sh", "openssl.cnf", "schema.sql", "views.sql"]
        self.assertEqual(self.files(), {f"usr/share/congto-central/{name}" for name in scripts} | {
            "usr/bin/congto-central", f"{UNITS}/congto-central.service", f"{UNITS}/congto-central@.service",
            "usr/lib/sysusers.d/congto-central.conf", "usr/share/doc/congto-central/README.md", "etc/congto-central/central.toml"})
        self.assertRegex(run(self.directory / "usr/bin/congto-central", "version"), r"\d+\.\d+\.\d+")
        self.install("--uninstall")
        self.assertEqual(self.files(), {"etc/congto-central/central.toml"})

    def test_again_keeps_the_settings(self):
        self.install("--binary", PROGRAM)
        own = self.directory / "etc/congto-central/central.toml"
        own.write_text("centre = 'mine'\n")
        self.install("--binary", PROGRAM)
        self.assertEqual(own.read_text(), "centre = 'mine'\n")

    def test_without_a_binary(self):
        self.assertIn("deploy/build release", self.install("--binary", self.directory / "none", status=1))
        self.assertEqual(self.files(), set())

    def test_the_installed_scripts_work(self):
        """Away from the source tree: an authority, the broker's settings, a consumer, an agent whose row is made elsewhere."""
        self.install("--binary", PROGRAM)
        scripts, centre = self.directory / "usr/share/congto-central", self.directory / "etc/congto-central"
        run(scripts / "ca", "--dir", centre, "centre.example", "10.1.2.3")
        run(scripts / "broker", "--dir", centre)
        run(scripts / "enrol", "--dir", centre, "--consumer", "central-1")
        run(scripts / "enrol", "--dir", centre, "--consumer", "central-2")
        said = run(scripts / "enrol", "--dir", centre, "--certificate-only", "--out", self.directory / "box", "edge-1", "Ice plant")
        self.assertIn('broker = "mqtts://centre.example:8883"', said)
        run("openssl", "verify", "-purpose", "sslclient", "-CAfile", centre / "ca.pem", self.directory / "box/edge-1.pem")
        for name in ("centre.example", "localhost"):
            run("openssl", "verify", "-purpose", "sslserver", "-verify_hostname", name, "-CAfile", centre / "ca.pem",
                centre / "broker/server.pem")
        self.assertIn('"central-2.key"', (centre / "central-2.toml").read_text())
        # 60 days are not over, and an edge-1 that ends before is told.
        self.assertIn("CN=edge-1", run(scripts / "ca", "--dir", centre, "--list"))
        run(scripts / "enrol", "--dir", centre, "--certificate-only", "--days", "30", "--out", self.directory / "x", "edge-2", "x")
        self.assertRegex(run(scripts / "ca", "--dir", centre, "--list", status=1), r"edge-2 .*renew: \d+ days left")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze on this machine")
    def test_the_services_are_shut_in(self):
        self.install("--binary", PROGRAM)
        for name in ("congto-central.service", "congto-central@.service"):
            # It knows a template only by a name with an instance.
            unit = self.directory / UNITS / name.replace("@", "@2")
            if "@" in name:
                shutil.copy(self.directory / UNITS / name, unit)
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", unit],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-200:] + done.stderr)
        self.assertIn("/central-%i.toml", (self.directory / UNITS / "congto-central@.service").read_text())


if __name__ == "__main__":
    main()
