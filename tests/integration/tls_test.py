#!/usr/bin/python3
"""The agent publishes over TLS with a certificate of its own, and does not talk to a broker that another authority vouches for."""
import subprocess

from tests.support.plant import AGENT_NAME, PlantCase, main, meter, tcp_bus


class Tls(PlantCase):
    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.directory, check=True, capture_output=True)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def certificate(self, name, authority, subject):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={subject}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.directory / "names").write_text("subjectAltName = DNS:localhost, IP:127.0.0.1\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                     "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem")

    def setUp(self):
        super().setUp()
        for name in ("ca", "other"):
            self.authority(name)
        self.certificate("broker", "ca", "localhost")
        self.certificate("edge", "ca", AGENT_NAME)
        self.mqtt = self.broker(settings=[
            f"cafile {self.directory}/ca.pem", f"certfile {self.directory}/broker.pem", f"keyfile {self.directory}/broker.key",
            "require_certificate true", "use_identity_as_username true"])
        server = self.pymodbus({(1, 3): {0: [2301]}})
        self.body = tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register())

    def configure(self, authority):
        site = self.site(self.mqtt, self.body, uplink=f'ca = "{authority}.pem"\ncertificate = "edge.pem"\nkey = "edge.key"\n')
        site.write_text(site.read_text().replace("mqtt://127.0.0.1", "mqtts://localhost"))
        return site

    def test_published(self):
        reader = self.reader(self.mqtt, options=[
            "--cafile", f"{self.directory}/ca.pem", "--cert", f"{self.directory}/edge.pem", "--key", f"{self.directory}/edge.key"])
        self.agent(self.configure("ca"))
        self.assertEqual(reader.wait_sample("m-1")["values"], {"voltage_l1_n": 230.1})

    def test_another_authority(self):
        site = self.configure("other")
        self.agent(site)
        # Until the first attempt has failed, the alarm is only that there is no connection yet.
        self.wait_status(site, lambda status: status["samples"] > 0 and "certificate is not trusted" in " ".join(status["alarms"]),
                         "reads, and the alarm names the broker's certificate")

    def test_a_certificate_of_another_agent_is_told_before_it_is_used(self):
        site = self.configure("ca")
        self.assertNotIn("certificate", self.congto("check", "--config", site).stderr)
        self.certificate("edge", "ca", "ice-plant-04-edge-1")
        (self.directory / "edge.key").chmod(0o600)
        told = self.congto("check", "--config", site).stderr
        self.assertIn(f'is the certificate of "ice-plant-04-edge-1", not of "{AGENT_NAME}"', told)


if __name__ == "__main__":
    main()
