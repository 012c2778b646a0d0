#!/usr/bin/python3
"""deploy/install puts everything in place, keeps what is the site's own, takes it away again; the service stays shut in."""
import os
import pathlib
import shutil
import subprocess
import unittest

from tests.support.plant import PlantCase, main

SOURCE = pathlib.Path(__file__).parents[2]
UNIT = SOURCE / "deploy/systemd/congto.service"
# 1.7: see the head of the unit
EXPOSURE = 17


class Install(PlantCase):
    def install(self, *options):
        done = subprocess.run([SOURCE / "deploy/install", "--destdir", self.directory, *options], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def files(self):
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}

    def test_in_place(self):
        self.install("--binary", os.environ["CONGTO"])
        profiles = {f"usr/share/congto/meters/{path.name}" for path in (SOURCE / "config/meters").glob("*.toml")}
        self.assertGreaterEqual(len(profiles), 10)
        self.assertEqual(self.files(), profiles | {
            "usr/bin/congto", "usr/share/doc/congto/README.md", "usr/lib/systemd/system/congto.service",
            "usr/lib/udev/rules.d/60-congto.rules", "usr/lib/sysusers.d/congto.conf", "etc/congto/site.toml"})
        version = subprocess.run([self.directory / "usr/bin/congto", "version"], capture_output=True, text=True, check=True)
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_again_keeps_the_site(self):
        self.install("--binary", os.environ["CONGTO"])
        own = self.directory / "etc/congto/site.toml"
        own.write_text("site = 'mine'\n")
        stale = self.directory / "usr/share/congto/meters/gone.toml"
        stale.touch()
        self.install("--binary", os.environ["CONGTO"])
        self.assertEqual(own.read_text(), "site = 'mine'\n")
        self.assertFalse(stale.exists(), "a profile of an older version")

    def test_away_again(self):
        self.install("--binary", os.environ["CONGTO"])
        self.install("--uninstall")
        self.assertEqual(self.files(), {"etc/congto/site.toml"})

    def test_without_a_binary(self):
        done = subprocess.run([SOURCE / "deploy/install", "--destdir", self.directory, "--binary", self.directory / "none"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("deploy/build release", done.stderr)
        self.assertEqual(self.files(), set())

    def test_the_starter_is_understood(self):
        """All that `check` has to say about the shipped site.toml is that it names no meter yet."""
        self.install("--binary", os.environ["CONGTO"])
        done = self.congto("check", "--config", self.directory / "etc/congto/site.toml")
        self.assertEqual(done.returncode, 2)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "site.toml:" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn("[[meter]]", said[0])

    def test_the_starter_with_its_examples(self):
        """The commented examples are right too."""
        text = "\n".join(line[1:] if line.startswith("#") and not line.startswith("# ") and "#ca" not in line else line
                         for line in (SOURCE / "deploy/site.toml").read_text().splitlines())
        (self.directory / "site.toml").write_text(text)
        done = self.congto("check", "--config", self.directory / "site.toml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze on this machine")
    def test_the_service_is_shut_in(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", UNIT],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-200:] + done.stderr)


if __name__ == "__main__":
    main()
