"""Requests that contradict each other: refused or absorbed with a reason, and the group stays legal."""

import pathlib
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

# Holds a change of primary open until the file is there.
HOOKS = """hooks:
  held:
    command: [/bin/sh, -c, 'while [ ! -e FOLDER/go ]; do sleep 0.05; done']
    deadline: 30s
"""


class Conflicts(unittest.TestCase):
    """One active group of three under a writer; every case leaves it settled."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-co-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        folder = pathlib.Path(cls.farm.directory)
        cls.go = folder / "go"
        cls.farm.take_hooks(HOOKS)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.go.unlink(missing_ok=True)
        self.farm.weft("group", "acknowledge", "g1")
        self.farm.await_settled()
        self.old = self.farm.primary()
        self.replicas = [each for each in self.farm.members() if each != self.old]
        self.writer = harness.Writer(self.farm)
        self.addCleanup(self.writer.__exit__)
        self.addCleanup(self.farm.weft, "group", "set", "g1", "before_failover=",
                        "before_switchover=")
        self.addCleanup(self.go.touch)
        self.writer.moved()

    def kill_primary(self):
        """It comes back when the case is over, and is a replica then."""
        self.addCleanup(self.assert_legal)
        self.addCleanup(self.farm.heal, self.old)
        self.addCleanup(self.farm.start, self.old)
        self.farm.kill(self.old)

    def assert_legal(self):
        """One primary that writes reach, all others behind it, and no acknowledged write gone."""
        self.farm.await_settled()
        statuses = sorted(each["status"] for each in self.farm.show()["servers"])
        self.assertEqual(statuses, ["PRIMARY", "SECONDARY", "SECONDARY"])
        audit = self.writer.check()
        self.assertGreater(audit["acked"], 0)
        self.assertEqual((audit["lost"], audit["duplicated"]), (0, 0), audit)

    def refused(self, *command):
        done = self.farm.run(*command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        error = harness.parse_last(done.stdout)["error"]
        self.assertTrue(error["message"] and error["next_step"], error)
        return error["reason"]

    def under_way(self, kind):
        def found():
            listed = self.farm.weft("operation", "list", "--group", "g1").get("operations", [])
            return next((each for each in listed
                         if each["kind"] == kind and each["state"] == "RUNNING"), None)
        return harness.wait_until(found, 10, f"a {kind} that runs")

    def in_background(self, *command):
        """The command's results, complete once its thread has been joined."""
        results = []
        thread = threading.Thread(target=lambda: results.append(self.farm.run(*command)))
        thread.start()
        self.addCleanup(thread.join)
        return thread, results

    def test_nothing_else_is_begun_while_a_failover_is_under_way(self):
        self.farm.weft("group", "set", "g1", "before_failover=held")
        self.kill_primary()
        operation = self.under_way("failover")
        for command in (("group", "promote", "g1", self.replicas[0]), ("group", "promote", "g1"),
                        ("group", "demote", "g1", "--yes")):
            with self.subTest(command=command):
                self.assertEqual(self.refused(*command), "INTENT_PENDING")
        self.assertEqual(self.under_way("failover")["name"], operation["name"])
        self.go.touch()
        self.assertIn(self.writer.moved()["to"], self.replicas)

    def test_of_two_promotions_at_once_one_is_done_and_the_other_is_told(self):
        self.farm.weft("group", "set", "g1", "before_switchover=held")
        thread, first = self.in_background("group", "promote", "g1", self.replicas[0])
        self.under_way("promote")
        self.assertEqual(self.refused("group", "promote", "g1", self.replicas[1]),
                         "INTENT_PENDING")
        self.go.touch()
        thread.join()
        self.assertEqual(first[0].returncode, 0, first[0].stdout + first[0].stderr)
        self.assertEqual(self.farm.primary(), self.replicas[0])
        self.assert_legal()

    def test_a_primary_that_dies_in_a_switchover_is_replaced_all_the_same(self):
        self.farm.weft("group", "set", "g1", "before_switchover=held")
        thread, _ = self.in_background("group", "promote", "g1", self.replicas[0])
        self.under_way("promote")
        self.kill_primary()
        self.go.touch()
        thread.join()
        self.assertIn(self.writer.moved()["to"], self.replicas)

    def test_the_target_of_a_promotion_that_is_removed_meanwhile(self):
        self.farm.weft("group", "set", "g1", "before_switchover=held")
        thread, promoted = self.in_background("group", "promote", "g1", self.replicas[0])
        self.under_way("promote")
        removing, removed = self.in_background("group", "remove", "g1", self.replicas[0])
        self.go.touch()
        thread.join()
        removing.join()
        # Either order is legal; both at once is not.
        outcomes = {promoted[0].returncode == 0, removed[0].returncode == 0}
        self.assertEqual(outcomes, {True, False},
                         [each[0].stdout + each[0].stderr for each in (promoted, removed)])
        if removed[0].returncode == 0:
            self.farm.weft("group", "add", "g1", self.replicas[0])
        self.assert_legal()

    def test_what_a_switchover_relies_on_is_not_changed_under_it(self):
        self.farm.weft("group", "set", "g1", "before_switchover=held")
        thread, promoted = self.in_background("group", "promote", "g1", self.replicas[0])
        self.under_way("promote")
        self.farm.weft("server", "set", self.replicas[0], "--promotion-rule", "must_not")
        self.addCleanup(self.farm.weft, "server", "set", self.replicas[0], "--promotion-rule",
                        "neutral")
        self.go.touch()
        thread.join()
        self.assertNotEqual(promoted[0].returncode, 0)
        self.assertEqual(harness.parse_last(promoted[0].stdout)["error"]["reason"],
                         "PROMOTION_FORBIDDEN")
        self.assertEqual(self.farm.primary(), self.old)
        self.assert_legal()

    def test_a_server_with_writes_of_its_own_is_not_promoted(self):
        errant = self.replicas[0]
        socket = next(each["socket"] for group in self.farm.layout["groups"]
                      for each in group["servers"] if each["address"] == errant)
        self.addCleanup(self.assert_legal)
        self.addCleanup(self.farm.weft, "server", "rejoin", errant, "--rebuild")
        by_hand.sql(socket, "SET GLOBAL super_read_only = 0", "CREATE DATABASE errant",
                    "SET GLOBAL super_read_only = 1")
        def set_aside():
            return self.farm.server(errant).get("set_aside")
        harness.wait_until(set_aside, 10, "it is set aside")
        self.assertEqual(self.refused("group", "promote", "g1", errant), "TARGET_SET_ASIDE")
        self.assertEqual(self.farm.primary(), self.old)


if __name__ == "__main__":
    cases.main()
