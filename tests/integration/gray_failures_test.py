"""Servers that live and do not work, on real servers: what Weft says of them, that primaries hand over, and that
secondaries take no reads."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

# A primary counts as sick after three seconds; the rest is for a busy machine.
SOON = 30


class GrayFailures(unittest.TestCase):
    """An active group of three that two monitors write to, and whose primary hands over when sick."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-gf-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", monitors=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.policy("failover")
        self.farm.await_settled()
        self.old = self.farm.primary()
        self.socket = self.farm.members()[self.old]["socket"]

    def policy(self, sick):
        self.farm.weft("group", "set", "g1", f"primary_sick={sick}", "cool_down=auto")
        self.farm.weft("group", "acknowledge", "g1")

    def await_finding(self, code):
        def codes():
            explained = self.farm.weft("why", "g1", check=False)
            return code in [each["code"] for each in explained.get("findings", [])]
        harness.wait_until(codes, SOON, f"the finding {code}")

    def await_hand_over(self):
        harness.wait_until(lambda: self.farm.primary() != self.old, SOON, "another primary")
        with harness.Writer(self.farm) as writer:
            writer.moved()
            checked = writer.check()
        self.assertEqual(checked["lost"], 0, checked)

    def restart(self):
        self.farm.kill(self.old)
        self.farm.await_gone(self.old)
        self.farm.start(self.old)

    def lock(self, socket):
        """A session that keeps everybody from writing, the applier too; returns what ends it, as the test does."""
        process = subprocess.Popen(by_hand.client(socket), stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        process.stdin.write("FLUSH TABLES WITH READ LOCK;\n")
        process.stdin.flush()
        return end

    def readers(self):
        """Where routers may send reads."""
        url = f"http://{self.farm.layout['gateways'][0]['http']}/v1/groups/g1/replica"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return {server["address"] for server in json.load(answer)["servers"]}

    def test_a_primary_that_a_lock_keeps_from_writing_hands_over(self):
        self.policy("alert")
        self.lock(self.socket)
        self.await_finding("PRIMARY_SICK")
        self.assertEqual(self.farm.primary(), self.old)
        self.policy("failover")
        self.await_hand_over()

    def test_a_primary_without_a_connection_left_hands_over(self):
        monitors = by_hand.sql(self.socket, "SELECT id FROM information_schema.processlist"
                               " WHERE user = 'weft_monitor'")
        self.assertTrue(monitors)
        # Those who are there keep their places; who comes anew, as the monitors now, finds none.
        by_hand.sql(self.socket, "SET GLOBAL max_connections = 2",
                    *[f"KILL {session}" for (session,) in monitors])
        self.addCleanup(self.restart)  # nobody gets in to set it back
        self.await_finding("CONNECTIONS_EXHAUSTED")
        self.await_hand_over()

    def test_a_secondary_that_falls_behind_takes_no_reads(self):
        behind, other = sorted(set(self.farm.members()) - {self.old})
        self.assertEqual(self.readers(), {behind, other})
        self.farm.weft("group", "set", "g1", "drain_lag=2s")
        self.addCleanup(self.farm.weft, "group", "set", "g1", "drain_lag=off")
        unlock = self.lock(self.farm.members()[behind]["socket"])
        harness.wait_until(lambda: self.readers() == {other}, SOON, "routes without the one behind")
        self.await_finding("READS_DRAINED")
        # It goes on to acknowledge, and is known as what it is.
        self.assertEqual(self.farm.server(behind)["status"], "SECONDARY")
        self.assertEqual(self.farm.server(behind)["mode"], "READ_ONLY")
        unlock()
        harness.wait_until(lambda: self.readers() == {behind, other}, SOON, "routes with both again")

    def test_an_acknowledger_that_is_alone_and_far_behind_is_told(self):
        behind, other = sorted(set(self.farm.members()) - {self.old})
        self.lock(self.farm.members()[behind]["socket"])
        self.farm.kill(other)
        self.addCleanup(self.farm.start, other)
        self.await_finding("SOLE_ACKNOWLEDGER_LAGS")
        self.assertEqual(self.farm.primary(), self.old)


if __name__ == "__main__":
    cases.main()
