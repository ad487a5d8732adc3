"""HAProxy with the example of deploy/haproxy in front of a group of real servers: writes follow the
primary, reads stay on the replicas."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import by_hand  # noqa: E402
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

EXAMPLE = ROOT / "deploy/haproxy/haproxy.cfg"
# Of the example's three listeners, in its order.
EXAMPLE_PORTS = ("3307", "3308", "32271")
WRITE, READ, CHECKS = 29307, 29308, 29271
# A promotion is seen by a check within 0.3 s and a second one 0.1 s later.
FOLLOWED_WITHIN_S = 10


def example_for(addresses, gateway):
    """The example with these servers and this gateway, on ports of the test."""
    text = EXAMPLE.read_text()
    servers = "".join(f"    server {address} {address}\n" for address in addresses)
    text, lists = re.subn(r"(    server db\d\.example:3306 .*\n)+", servers, text)
    text, gateways = re.subn(r"server gateway1 \S+", f"server gateway1 {gateway}", text)
    for old, new in zip(EXAMPLE_PORTS, (WRITE, READ, CHECKS)):
        text = re.sub(rf"(bind 127\.0\.0\.1:|port ){old}\b", rf"\g<1>{new}", text)
    assert (lists, gateways) == (2, 1), "the example has another form than this test knows"
    return text


class HAProxy(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-haproxy-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.farm = clients.settled_farm(folder.name + "/s")
        cls.addClassCleanup(cls.farm.down)
        cls.gateway = cls.farm.layout["gateway"]["http"]
        config = pathlib.Path(folder.name, "haproxy.cfg")
        config.write_text(example_for(sorted(cls.farm.members()), cls.gateway))
        proxy = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", str(config)])
        cls.addClassCleanup(proxy.wait, 10)
        cls.addClassCleanup(proxy.terminate)

    def ask(self, port, statement):
        """Rows that the server behind a port of HAProxy answers; None where nothing answers."""
        app = self.farm.layout["app"]
        done = subprocess.run(
            [*by_hand.tcp_client(), "--host=127.0.0.1", f"--port={port}", f"--user={app['user']}",
             "--connect-timeout=2", app["database"]],
            input=statement, capture_output=True, text=True, timeout=30, check=False,
            env={**os.environ, "MYSQL_PWD": clients.read_secret(app)})
        if done.returncode != 0:
            return None
        return [line.split("\t") for line in done.stdout.splitlines()]

    def address_behind(self, port):
        """Which server a new connection reaches."""
        rows = self.ask(port, "SELECT @@port")
        if not rows:
            return None
        return next(address for address in self.farm.members()
                    if address.endswith(":" + rows[0][0]))

    def await_writes_at(self, address):
        """Seconds until a new connection for writes reaches `address`, and no other."""
        began = time.monotonic()
        harness.wait_until(lambda: self.address_behind(WRITE) == address, FOLLOWED_WITHIN_S,
                           f"writes reach {address}")
        return time.monotonic() - began

    def code_of(self, path):
        try:
            return urllib.request.urlopen(f"http://{self.gateway}{path}", timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    def test_1_writes_reach_the_primary_and_reads_the_replicas(self):
        primary = self.farm.primary()
        self.await_writes_at(primary)
        replicas = set(self.farm.members()) - {primary}
        harness.wait_until(lambda: {self.address_behind(READ) for _ in range(8)} == replicas, 10,
                           "reads are served by both replicas, and by nobody else")
        for address in self.farm.members():
            self.assertEqual(self.code_of(f"/v1/servers/{address}/primary"),
                             200 if address == primary else 503)

    def test_2_writes_follow_a_promotion(self):
        self.await_writes_at(self.farm.primary())
        self.assertIsNotNone(self.ask(WRITE, "CREATE TABLE followed (n INT PRIMARY KEY); "
                                             "INSERT INTO followed VALUES (1)"))
        before = self.farm.primary()
        self.farm.weft("group", "promote", "g1")
        after = self.farm.primary()
        self.assertNotEqual(before, after)
        print(f"writes followed a promotion in {self.await_writes_at(after):.2f} s")
        self.assertIsNotNone(self.ask(WRITE, "INSERT INTO followed VALUES (2)"))
        self.assertEqual(self.ask(WRITE, "SELECT n FROM followed ORDER BY n"), [["1"], ["2"]])
        self.farm.await_settled()
        harness.wait_until(lambda: self.address_behind(READ) == before, 10,
                           "the old primary serves reads")

    def test_3_writes_follow_a_failover(self):
        before = self.farm.primary()
        self.await_writes_at(before)
        self.farm.kill(before)
        harness.wait_until(lambda: self.farm.primary() not in (None, before), 60,
                           "another primary is chosen")
        print(f"writes followed a failover in {self.await_writes_at(self.farm.primary()):.2f} s")
        self.assertNotIn(before, {self.address_behind(READ) for _ in range(4)})
        self.farm.start(before)
        self.farm.await_settled()


if __name__ == "__main__":
    cases.main()
