#!/usr/bin/python3
"""A broker that refuses the credentials is told in status; the agent goes on reading, and with the right password publishes it."""
import re
import subprocess

from tests.support.plant import PlantCase, main, meter, tcp_bus

REFUSED = r"(?i)credential|password|not authori[sz]ed"


class Credentials(PlantCase):
    def test_wrong_then_right(self):
        users = self.directory / "users"
        subprocess.run(["mosquitto_passwd", "-b", "-c", users, "edge-1", "right"], check=True, capture_output=True)
        broker = self.broker(settings=["allow_anonymous false", f"password_file {users}"])
        reader = self.reader(broker, options=("-u", "edge-1", "-P", "right"))
        secret = self.directory / "secret"
        secret.write_text("wrong\n")
        secret.chmod(0o600)
        server = self.pymodbus({(1, 3): {0: [2301]}})
        site = self.site(broker, tcp_bus("gateway", server.port) + meter("m-1", "gateway", self.one_register()),
                         uplink='username = "edge-1"\npassword-file = "secret"\n')
        agent = self.agent(site)
        # Until the first attempt has failed, the alarm is only that there is no connection yet.
        self.wait_status(site, lambda status: status["samples"] > 0 and re.search(REFUSED, " ".join(status["alarms"])),
                         "reads, and the alarm says that the broker refuses")
        agent.stream.wait(lambda lines: re.search(REFUSED, "\n".join(lines)), "the refusal in the log")
        self.assertNotIn("wrong", agent.stream.text().replace("wrong password", ""), "a password in the log")

        agent.stop()
        secret.write_text("right\n")
        agent.start()
        self.assertEqual(reader.wait_sample("m-1")["values"], {"voltage_l1_n": 230.1})


if __name__ == "__main__":
    main()
