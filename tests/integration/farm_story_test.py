"""Real servers, real processes, a writer that remembers every OK: what Weft promises, from outside."""

import pathlib
import signal
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402


class FarmStory(unittest.TestCase):
    """Every case begins and ends with a settled, active group of three."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-it-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.farm.await_settled()
        self.writer = harness.Writer(self.farm)
        self.addCleanup(self.writer.__exit__)
        self.writer.moved()

    def assert_nothing_lost(self):
        audit = self.writer.check()
        self.assertGreater(audit["acked"], 0)
        self.assertEqual((audit["lost"], audit["duplicated"]), (0, 0), audit)

    def test_a_killed_primary_is_replaced_and_taken_back(self):
        old = self.farm.primary()
        killed = self.farm.kill(old)
        move = self.writer.moved()
        self.assertNotEqual(move["to"], old)
        self.assertLess(move["first_after_ms"] - killed * 1000, 5000)
        self.assert_nothing_lost()
        self.farm.start(old)
        self.farm.heal(old)
        self.assertEqual(self.farm.server(old)["status"], "SECONDARY")
        self.assert_nothing_lost()

    def test_a_hung_primary_is_replaced_and_acknowledges_nothing_when_it_wakes(self):
        old = self.farm.primary()
        self.farm.signal(old, signal.SIGSTOP)
        try:
            self.assertNotEqual(self.writer.moved()["to"], old)
        finally:
            self.farm.signal(old, signal.SIGCONT)
        self.farm.heal(old)
        self.assert_nothing_lost()

    def test_a_switchover_loses_nothing_and_stops_writes_only_briefly(self):
        target = next(s["address"] for s in self.farm.show()["servers"]
                      if s["status"] == "SECONDARY")
        self.farm.weft("group", "promote", "g1", target)
        move = self.writer.moved()
        self.assertEqual(move["to"], target)
        self.assertLess(move["gap_ms"], 2000)
        self.assertEqual(self.farm.primary(), target)
        self.farm.await_settled()
        self.assert_nothing_lost()

    def test_a_controller_that_dies_in_the_middle_of_a_failover_finishes_it_later(self):
        old = self.farm.primary()
        self.farm.kill(old)
        self.farm.kill_process("controller")
        self.farm.start("controller")
        self.assertNotEqual(self.writer.moved()["to"], old)
        self.assert_nothing_lost()
        self.farm.start(old)
        self.farm.heal(old)

    def test_a_controller_that_dies_in_the_middle_of_a_switchover_leaves_one_primary(self):
        command = threading.Thread(target=self.farm.run, args=("group", "promote", "g1"))
        command.start()
        time.sleep(0.03)  # any instant will do: each is one a controller may die at
        self.farm.kill_process("controller")
        command.join()
        self.farm.start("controller")
        self.farm.await_settled()
        self.assert_nothing_lost()

    def test_without_the_state_store_reads_go_on_and_changes_fail_at_once(self):
        self.farm.weft("sandbox", "stop-server", "--dir", self.farm.directory, "store")
        try:
            self.assertEqual(self.farm.run("group", "list").returncode, 0)
            begin = time.monotonic()
            refused = self.farm.run("group", "promote", "g1")
            self.assertEqual(refused.returncode, 4, refused.stdout + refused.stderr)
            self.assertLess(time.monotonic() - begin, 5)
        finally:
            self.farm.start("store")
        self.farm.await_settled()
        self.assert_nothing_lost()

    def test_a_primary_that_dies_while_the_store_is_away_is_replaced_when_it_is_back(self):
        old = self.farm.primary()
        self.farm.weft("sandbox", "stop-server", "--dir", self.farm.directory, "store")
        self.farm.kill(old)
        self.farm.start("store")
        self.assertNotEqual(self.writer.moved()["to"], old)
        self.farm.start(old)
        self.farm.heal(old)
        self.assert_nothing_lost()

    def test_a_dead_replica_stops_no_writes_and_comes_back_by_itself(self):
        primary = self.farm.primary()
        replica = next(a for a in self.farm.members() if a != primary)
        self.farm.kill(replica)
        before = self.writer.status()["acked"]
        harness.wait_until(lambda: self.writer.status()["acked"] > before + 100, 10, "writes go on")
        self.farm.start(replica)
        self.farm.await_settled()
        self.assertEqual(self.farm.primary(), primary)
        self.assert_nothing_lost()

    def test_weft_may_be_gone_altogether_and_writes_go_on(self):
        for process in ("monitor", "controller"):
            self.farm.kill_process(process)
        before = self.writer.status()["acked"]
        harness.wait_until(lambda: self.writer.status()["acked"] > before + 100, 10, "writes go on")
        for process in ("controller", "monitor"):
            self.farm.start(process)
        self.farm.await_settled()
        self.assert_nothing_lost()

    def test_metrics_tell_of_the_group(self):
        url = self.farm.layout["metrics"]["weft-controller"]
        text = urllib.request.urlopen(url, timeout=5).read().decode()
        self.assertIn('weft_group_epoch{group="g1"}', text)
        self.assertIn("weft_build_info", text)
        self.assertIn("weft_leading 1", text)


def finding_codes(farm):
    return [finding["code"] for finding in
            farm.weft("why", "g1", check=False).get("findings", [])]


class InactiveGroup(unittest.TestCase):
    """A group that nobody activated is looked at and left alone."""

    def test_a_dead_primary_is_reported_and_not_replaced_until_somebody_asks(self):
        with tempfile.TemporaryDirectory(prefix="weft-it-") as folder, \
                harness.Sandbox(folder + "/s") as farm:
            farm.weft("group", "promote", "g1")
            with harness.Writer(farm) as writer:
                old = writer.moved()["to"]
                farm.kill(old)
                harness.wait_until(lambda: "PRIMARY_DEAD" in finding_codes(farm), 10,
                                   "a finding that the primary is dead")
                self.assertEqual(farm.primary(), old)
                farm.weft("group", "promote", "g1")
                self.assertNotEqual(writer.moved()["to"], old)
                audit = writer.check()
                self.assertEqual(audit["lost"], 0)


class ForeignAcknowledger(unittest.TestCase):
    """A server of no group that somebody attaches to the primary, with semi-sync."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-it-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", servers=4)
        cls.addClassCleanup(cls.farm.__exit__)
        servers = cls.farm.layout["groups"][0]["servers"]
        cls.primary, cls.foreign = servers[0], servers[3]
        cls.farm.weft("group", "promote", "g1", cls.primary["address"])
        cls.farm.weft("group", "remove", "g1", cls.foreign["address"])
        cls.farm.weft("group", "activate", "g1")
        cls.farm.await_settled()

    def proof(self, *, proven):
        """The proof once it has that verdict; the exit code tells the same."""
        def read():
            done = self.farm.run("group", "durability", "g1")
            proof = harness.parse_last(done.stdout)
            self.assertEqual(done.returncode, 0 if proof["proven"] else 8, done.stderr)
            return proof if proof["proven"] == proven else None
        return harness.wait_until(read, 15, f"proven is {proven}")

    def attach(self):
        by_hand.sql(self.primary["socket"], "CREATE USER by_hand IDENTIFIED BY 'by hand'",
                    "GRANT REPLICATION SLAVE ON *.* TO by_hand")
        host, _, port = self.primary["address"].rpartition(":")
        by_hand.sql(self.foreign["socket"], f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{host}', "
                    f"SOURCE_PORT = {port}, SOURCE_USER = 'by_hand', SOURCE_PASSWORD = 'by hand', "
                    "SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1",
                    "SET GLOBAL rpl_semi_sync_replica_enabled = ON", "START REPLICA")

    def test_it_takes_the_claim_away_and_is_named(self):
        proof = self.proof(proven=True)
        self.assertEqual(proof["effective_durability"], "lossless")
        self.assertEqual([(one["may_acknowledge"], one["acknowledges_now"], one["counts"])
                          for one in proof["witnesses"]], [(True, True, True)] * 2)

        self.attach()
        name = "servers/" + self.foreign["uuid"]
        proof = self.proof(proven=False)
        self.assertEqual((proof["reason"], proof["missing"]), ("UNKNOWN_ACKNOWLEDGER", [name]))
        self.assertTrue(self.farm.show()["effective_durability"].startswith(
            "async: 3 semi-sync replicas are connected"))
        self.assertIn("UNKNOWN_ACKNOWLEDGER", finding_codes(self.farm))

        # That it replicates is nobody's business.
        by_hand.sql(self.foreign["socket"], "SET GLOBAL rpl_semi_sync_replica_enabled = OFF",
                    "STOP REPLICA", "START REPLICA")
        self.assertEqual(self.proof(proven=True)["effective_durability"], "lossless")
        self.assertNotIn("UNKNOWN_ACKNOWLEDGER", finding_codes(self.farm))


if __name__ == "__main__":
    cases.main()
