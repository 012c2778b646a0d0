#!/usr/bin/python3
"""A wrong configuration ends `check` and `run` with exit status 2 and names file, line and column; nothing is made or touched."""
from tests.support.plant import PlantCase, main

SITE = """site = "test-plant"
agent = "test-edge-1"

[[bus]]
name = "line-1"
serial = "/dev/ttyUSB0"
baud = 9600

[[meter]]
name = "m-1"
bus = "line-1"
unit-id = 1
profile = "m.toml"
every = "10s"
"""
PROFILE = """vendor = "Test"
model = "one register"
medium = "electricity"
function = 3
[points]
voltage_l1_n = { at = 0, type = "u16", scale = 0.1, unit = "V" }
"""
# what is replaced by what in the site, where the error must point, and what it must say
SITE_ERRORS = {
    "no quotes": ('profile = "m.toml"', "profile = m.toml", "13:", "quote"),
    "unknown key": ("unit-id = 1", "unit = 1", "12:1:", "unit-id"),
    "no such bus": ('bus = "line-1"', 'bus = "line-2"', "11:", "line-1"),
    "no such profile": ('"m.toml"', '"n.toml"', "13:", "n.toml"),
    "out of range": ("unit-id = 1", "unit-id = 248", "12:", "247"),
    "wrong type": ("baud = 9600", 'baud = "9600"', "7:", "baud"),
    "not a time": ('every = "10s"', 'every = "10 parsecs"', "14:", "every"),
    "bad name": ('agent = "test-edge-1"', 'agent = "Test Edge"', "2:", "agent"),
    "a key in the wrong table": ("baud = 9600", "baud = 9600\nevery = \"10s\"", "8:1:", "meter"),
}
PROFILE_ERRORS = {
    "wrong unit": ('unit = "V"', 'unit = "kV"', "6:", "V"),
    "unknown type": ('type = "u16"', 'type = "int16"', "6:", "s16"),
    "no such function": ("function = 3", "function = 6", "4:", "function"),
    "energy without a kind": ("[points]", "[points]\nactive_energy_import = { at = 4, type = \"u32\", unit = \"kWh\" }", "6:", "kind"),
    "energy in Wh": ("[points]", "[points]\nactive_energy_import = { at = 4, type = \"u32\", unit = \"Wh\", kind = \"counter\" }",
                     "6:", "0.001"),
}


class BadConfig(PlantCase):
    def expect(self, site, profile, file, place, text):
        (self.directory / "site.toml").write_text(site)
        (self.directory / "m.toml").write_text(profile)
        for command in ("check", "run"):
            done = self.congto(command, "--config", self.directory / "site.toml")
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, 2, f"{command}: {said}")
            line = next((line for line in said.splitlines() if f"{file}:{place}" in line), None)
            self.assertIsNotNone(line, f"{command} does not point at {file}:{place}\n{said}")
            self.assertIn(text, said)

    def test_site(self):
        for name, (old, new, place, text) in SITE_ERRORS.items():
            with self.subTest(name):
                self.assertIn(old, SITE)
                self.expect(SITE.replace(old, new), PROFILE, "site.toml", place, text)

    def test_profile(self):
        for name, (old, new, place, text) in PROFILE_ERRORS.items():
            with self.subTest(name):
                self.assertIn(old, PROFILE)
                self.expect(SITE, PROFILE.replace(old, new), "m.toml", place, text)

    def test_all_errors_of_meaning_at_once(self):
        site = SITE.replace("unit-id = 1", "unit-id = 0").replace("baud = 9600", "baud = 9601").replace('"10s"', '"soon"')
        (self.directory / "site.toml").write_text(site)
        (self.directory / "m.toml").write_text(PROFILE)
        said = self.congto("check", "--config", self.directory / "site.toml").stderr
        for place in (":7:", ":12:", ":14:"):
            self.assertIn("site.toml" + place, said)

    def test_two_meters_claim_one_point(self):
        again = SITE + SITE[SITE.index("[[meter]]"):].replace("m-1", "m-2")
        self.expect(again, PROFILE, "site.toml", "", "m-1")

    def test_one_unit_id_with_two_profiles(self):
        self.profile("other.toml", PROFILE.replace("at = 0", "at = 5"))
        again = SITE + SITE[SITE.index("[[meter]]"):].replace("m-1", "m-2").replace("m.toml", "other.toml")
        self.expect(again, PROFILE, "site.toml", "", "m-1")

    def test_wrong_use(self):
        for arguments in (["fly"], ["run", "--fast"], ["read"], []):
            with self.subTest(arguments):
                self.assertEqual(self.congto(*arguments).returncode, 2)

    def test_no_such_file(self):
        done = self.congto("check", "--config", self.directory / "none.toml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.toml", done.stderr)


if __name__ == "__main__":
    main()
