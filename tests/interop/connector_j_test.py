"""Connector/J's Fabric driver, as released, against a gateway and MySQL 5.6: releases from 5.1.42 on spin
for ever on their first statement, and this one asks for variables that later servers lack."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

RELEASE = "5.1.41"


class Client(harness.JsonProcess):
    """FabricClient.java at work."""

    name = "the Java client"

    def ask(self, word, answer=None):
        self._say(word)
        return self.next(answer or word, 60)

    def begin(self):
        self._say("begin")


class Farm(unittest.TestCase):
    """A farm for the cases of a class, and a client of it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.classes = folder.name + "/classes"
        cls.jar = clients.obtain(f"connector-j-{RELEASE}") / "connector.jar"
        subprocess.run(["javac", "-d", cls.classes, "-cp", cls.jar,
                        ROOT / "tests/interop/FabricClient.java"], check=True, timeout=120)
        cls.farm = clients.settled_farm(folder.name + "/s", mysql="5.6")
        cls.addClassCleanup(cls.farm.down)
        primary = cls.farm.members()[cls.farm.primary()]
        subprocess.run([cls.farm.directory + "/bin/mysql", "-S", primary["socket"], "-uroot", "-e",
                        "CREATE TABLE app.loops (number INT PRIMARY KEY)"], check=True, timeout=60)

    def client(self, java=(), **others):
        layout = {**self.farm.layout, **others}
        gateway = layout["gateway"]["xmlrpc"]
        url = f"jdbc:mysql:fabric://{gateway}/{layout['app']['database']}?fabricServerGroup=g1"
        client = Client(["java", *java, "-cp", f"{self.jar}:{self.classes}", "FabricClient", url,
                         layout["app"]["user"], layout["app"]["password_file"],
                         layout["admin"]["user"], layout["admin"]["password_file"]])
        self.addCleanup(client.__exit__)
        return client


class ConnectorJ(Farm):
    """Each case leaves a group that is settled."""

    def test_writes_go_to_the_primary_and_reads_to_another(self):
        where = self.client().ask("where")
        self.assertEqual(f"127.0.0.1:{where['writes']}", self.farm.primary())
        self.assertIn(f"127.0.0.1:{where['reads']}", set(self.farm.members()) - {self.farm.primary()})

    def test_a_wrong_password_is_refused(self):
        wrong = tempfile.NamedTemporaryFile("w")
        self.addCleanup(wrong.close)
        wrong.write("wrong")
        wrong.flush()
        client = self.client(admin={"user": "admin", "password_file": wrong.name})
        with self.assertRaises(harness.Failed):
            client.ask("where")

    def test_tls_is_verified(self):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        certificates = clients.make_certificates(folder.name)
        subprocess.run(["keytool", "-importcert", "-noprompt", "-storetype", "JKS", "-file",
                        "ca.pem", "-alias", "ca", "-keystore", "trust.jks", "-storepass", "public"],
                       cwd=folder.name, check=True, timeout=60, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with clients.TlsGateway(self.farm, certificates) as gateway:
            groups = f"groups https://{gateway.address}"
            with self.assertRaises(harness.Failed):
                self.client().ask(groups, "groups")
            trusting = [f"-Djavax.net.ssl.trustStore={folder.name}/trust.jks"]
            self.assertEqual(self.client(java=trusting).ask(groups, "groups")["servers"], 3)


class OverAFailover(Farm):
    """Its farm is not mended, for the reason of connector_python_test.py."""

    def test_a_transaction_loop_goes_on_over_a_failover(self):
        client = self.client()
        client.begin()
        for _ in range(20):
            client.next("committed", 60)
        before = self.farm.primary()
        self.farm.kill(before)
        harness.wait_until(lambda: self.farm.primary() not in (None, before), 30, "another primary")
        # The servers replicate asynchronously, so the last ones before the death may be lost; none
        # that the new primary has acknowledged.
        after = [client.next("committed", 60)["number"] for _ in range(20)]
        client.ask("stop", "stopped")
        self.assertLessEqual(set(after), set(client.ask("read")["numbers"]))


if __name__ == "__main__":
    cases.main()
