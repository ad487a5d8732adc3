"""What Weft sees to in a group that is not active, unasked, on real servers: who was deposed is fenced,
and what commits wait for stays as it is."""

import pathlib
import signal
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

# Looks come once a second; the rest is for a busy machine.
SOON = 10
ARMED = ("SELECT @@GLOBAL.rpl_semi_sync_source_timeout, @@GLOBAL.rpl_semi_sync_source_wait_no_replica,"
         " @@GLOBAL.rpl_semi_sync_source_wait_for_replica_count")


class InactiveGroup(unittest.TestCase):
    """Three servers, one of them promoted by hand. No command is given while something is awaited."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weft-ig-")
        self.addCleanup(folder.cleanup)
        self.farm = harness.Sandbox(folder.name + "/s")
        self.addCleanup(self.farm.__exit__)
        self.farm.weft("group", "promote", "g1")
        self.farm.await_settled()
        self.primary = self.farm.primary()
        self.members = self.farm.members()

    def ask(self, address, question):
        return by_hand.sql(self.members[address]["socket"], question)

    def test_a_deposed_primary_that_wakes_up_is_fenced(self):
        self.farm.signal(self.primary, signal.SIGSTOP)
        try:
            # Refused as long as a replica may still hear from it.
            harness.wait_until(lambda: self.farm.run("group", "promote", "g1").returncode == 0, 30,
                               "a promotion by hand")
            self.assertNotEqual(self.farm.primary(), self.primary)
            harness.wait_until(lambda: self.farm.weft("why", "g1", check=False)["settled"], 30,
                               "a group with nothing left to do")
        finally:
            self.farm.signal(self.primary, signal.SIGCONT)
        harness.wait_until(
            lambda: self.ask(self.primary, "SELECT @@GLOBAL.super_read_only") == [["1"]], SOON,
            "the old primary being fenced")

    def test_commits_wait_again_after_somebody_changed_for_what(self):
        armed = self.ask(self.primary, ARMED)
        for change in ("rpl_semi_sync_source_timeout = 1000",
                       "rpl_semi_sync_source_wait_no_replica = OFF",
                       "rpl_semi_sync_source_wait_for_replica_count = 2"):
            with self.subTest(change):
                self.ask(self.primary, f"SET GLOBAL {change}")
                harness.wait_until(lambda: self.ask(self.primary, ARMED) == armed, SOON,
                                   f"the end of {change}")


if __name__ == "__main__":
    cases.main()
