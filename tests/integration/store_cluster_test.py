"""A state store of three members: what the death and the hang of its primary do to promotions."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402
import writable  # noqa: E402

# The controllers go on this long after the store's members have elected a primary; and what it takes
# to ask both sides on a busy machine.
FOLLOW = 1.0 + 1.0
# Some five seconds of silence are built into the members, before they elect.
ELECTION = 30.0
# After the store is back, all of it.
RECOVERY = 3.0
# The silence, the election, another leader, and the failover that it begins.
ZONE = 15.0
ROUNDS = 2
# Longer than any failover takes.
DOWN = 4.0

ASK = ("SELECT m.member_port FROM performance_schema.replication_group_members AS m"
       " WHERE m.member_id = @@server_uuid AND m.member_state = 'ONLINE'"
       " AND m.member_role = 'PRIMARY' AND NOT @@GLOBAL.super_read_only")


class StoreCluster(unittest.TestCase):
    """One active group over a store of three; every case leaves all of it whole."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-st-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", controllers=2, store_members=3)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.farm.await_settled()
        self.machine = self.enterContext(harness.Standstill(self.folder.name))
        self.writer = self.enterContext(harness.Writer(self.farm))
        self.writer.moved()

    def conclude(self):
        self.farm.await_settled()
        checked = self.writer.check()
        self.assertEqual((checked["lost"], checked["duplicated"]), (0, 0), checked)
        self.assertEqual(writable.now(self.farm), [self.farm.primary()])

    # --- the members

    def member_names(self):
        return [member["name"] for member in self.farm.layout["store"]["members"]]

    def pid_of(self, name):
        members = self.farm.status()["store"]["members"]
        return next(member["pid"] for member in members if member["name"] == name)

    def calls_itself_primary(self, name):
        number = name.rsplit("-", 1)[1]
        folder = "store" if number == "1" else f"store-{number}"
        done = subprocess.run(
            [f"{self.farm.directory}/bin/mysql", "-uroot", "-N", "-B",
             f"-S{self.farm.directory}/{folder}/mysqld.sock", "-e", ASK],
            capture_output=True, text=True, timeout=20, check=False)
        return bool(done.stdout.strip())

    def primary_member(self, among=None):
        return next((name for name in among or self.member_names()
                     if self.calls_itself_primary(name)), None)

    def await_followed(self, others):
        """Until a controller leads over the new primary of the store, in time."""
        elected = harness.wait_until(lambda: self.primary_member(others), ELECTION, "an election")
        at = time.monotonic()
        harness.wait_until(lambda: self.farm.weft("manage", "status", check=False)["leading"], 10,
                           "somebody leads")
        took = time.monotonic() - at
        print(f"followed to {elected} after {took:.2f} s", flush=True)
        self.assertLess(took - self.machine.since(at), FOLLOW)

    # --- promotions under way

    def promotions(self):
        listed = self.farm.weft("operation", "list", "g1", "--limit", "0")["operations"]
        return [operation for operation in listed if operation["kind"] == "promote"]

    def promote(self):
        return subprocess.Popen([harness.WEFT, "group", "promote", "g1", "-o", "json", "--sandbox",
                                 self.farm.directory], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def assert_happened_at_most_once(self, promoting, known, epoch):
        """One operation at most, which ended as its client was told, and one change of primary."""
        out, err = promoting.communicate(timeout=60)
        self.farm.await_settled()
        new = [each for each in self.promotions() if each["name"] not in known]
        states = [each["state"] for each in new]
        raised = self.farm.show()["epoch"] - epoch
        print(f"promotion ended with {promoting.returncode}: {states}, epoch +{raised}", flush=True)
        self.assertLessEqual(len(new), 1, new)
        if promoting.returncode == 0:
            self.assertEqual((states, raised), (["SUCCEEDED"], 1), out)
        else:
            # Refused before it began, or said to have failed, or its end could not be seen.
            self.assertTrue(harness.parse_last(out.strip())["error"]["reason"], err)
            self.assertEqual(raised, states.count("SUCCEEDED"))

    def fail_in_promotions(self, fault, moments):
        for moment in moments:
            with self.subTest(moment=moment):
                known = {each["name"] for each in self.promotions()}
                epoch, primary = self.farm.show()["epoch"], self.primary_member()
                promoting = self.promote()
                # Not a wait for anything: the moment of the fault is what is varied here.
                time.sleep(moment)
                mend = fault(primary)
                try:
                    self.await_followed([name for name in self.member_names() if name != primary])
                finally:
                    mend()
                self.assert_happened_at_most_once(promoting, known, epoch)
        self.conclude()

    def test_no_promotion_is_lost_or_doubled_when_the_stores_primary_is_killed_in_it(self):
        def kill(name):
            os.kill(self.pid_of(name), signal.SIGKILL)
            return lambda: self.farm.start(name)
        self.fail_in_promotions(kill, (0.05, 0.09))

    def test_nor_when_it_hangs_and_wakes_up_again(self):
        def hang(name):
            pid = self.pid_of(name)
            os.kill(pid, signal.SIGSTOP)
            return lambda: os.kill(pid, signal.SIGCONT)
        self.fail_in_promotions(hang, (0.07,))

    def lookup(self):
        """The group as a gateway tells it."""
        with urllib.request.urlopen(f"http://{self.farm.layout['gateway']['http']}/v1/groups/g1",
                                    timeout=5) as answer:
            return json.load(answer)

    def test_while_the_store_is_wholly_down_lookups_are_served_and_nothing_is_changed(self):
        took = []
        for _ in range(ROUNDS):
            took.append(self.lose_store_and_primary())
        print("failed over after the store's return:", [f"{each:.2f} s" for each in took],
              flush=True)
        self.assertLess(max(took), RECOVERY)
        self.conclude()

    def lose_store_and_primary(self):
        """The whole cluster and the primary die; how long after the return of the former (which
        takes a bootstrap) writes go on, but for what the machine lost."""
        old, known, shown = self.farm.primary(), self.lookup(), self.farm.show()
        self.farm.kill_process("store")
        self.farm.kill(old)
        self.farm.await_gone(old)
        began = time.monotonic()
        while time.monotonic() - began < DOWN:  # the fault's duration
            self.assertEqual(self.lookup()["id"], known["id"])
            self.assertEqual(self.farm.show()["epoch"], shown["epoch"])
            self.assertEqual(writable.now(self.farm), [])
            time.sleep(0.2)
        status = self.farm.weft("manage", "status", check=False)
        self.assertFalse(status["store_reachable"], status)
        self.assertIn("has no primary", status["store_error"])
        explained = self.farm.weft("why", "g1", check=False)
        self.assertEqual(explained["findings"][0]["code"], "STORE_UNREACHABLE", explained)
        self.farm.start("store")
        back = time.monotonic()
        self.writer.moved()
        took = time.monotonic() - back - self.machine.since(back)
        self.assertNotEqual(self.farm.primary(), old)
        self.farm.start(old)
        self.farm.heal(old)
        return took

    def test_a_zone_is_lost_with_the_primary_the_leader_and_the_stores_primary(self):
        old, member, controllers = (self.farm.primary(), self.primary_member(),
                                    self.farm.layout["controllers"])
        leader = harness.wait_until(lambda: next(filter(self.farm.leads, controllers), None), 10,
                                    "one leads")
        pids = [self.pid_of(member), by_hand.controller_pid(self.farm.directory, leader),
                self.farm.members()[old]["pid"]]
        died = time.monotonic()
        for each in pids:
            os.kill(each, signal.SIGKILL)
        moved = self.writer.moved(timeout=ELECTION)
        print(f"failed over after {moved['gap_ms'] / 1000:.2f} s", flush=True)
        self.assertLess(moved["gap_ms"] / 1000 - self.machine.since(died), ZONE)
        self.assertNotEqual(self.farm.primary(), old)
        self.farm.start(member)
        self.farm.start(f"controller-{self.farm.layout['controllers'].index(leader) + 1}")
        self.farm.start(old)
        self.farm.heal(old)
        self.conclude()

    def test_a_set_up_says_what_is_amiss_with_the_cluster_and_changes_nothing(self):
        store = self.farm.layout["store"]["address"]
        self.assertEqual(self.farm.weft("manage", "setup", "--check")["deviations"], [])
        self.farm.weft("manage", "setup", "--store", store)
        refused = self.farm.run("manage", "setup", "--store", store.split(",")[0])
        self.assertEqual(harness.parse_last(refused.stdout.strip())["error"]["reason"],
                         "OTHER_STORE")
        away = next(name for name in self.member_names() if not self.calls_itself_primary(name))
        os.kill(self.pid_of(away), signal.SIGKILL)
        found = harness.wait_until(
            lambda: self.farm.weft("manage", "setup", "--check", check=False)["deviations"], 20,
            "it is told of")
        self.assertIn("answer", [one["check"] for one in found])
        # It is in use: what is left of it may be migrated.
        self.farm.weft("manage", "setup")
        self.farm.start(away)
        harness.wait_until(
            lambda: not self.farm.weft("manage", "setup", "--check", check=False)["deviations"], 60,
            "the cluster is whole")
        self.conclude()

    def test_a_machine_is_made_and_listed_though_the_stores_primary_dies_meanwhile(self):
        place = f"{self.farm.directory}/machines"
        self.farm.weft("provider", "register", "here", "--type", "local", "--url", place)
        primary = self.primary_member()
        making = subprocess.Popen([harness.WEFT, "machine", "create", "here", "-o", "json",
                                   "--sandbox", self.farm.directory], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        harness.wait_until(lambda: os.path.isdir(place) and os.listdir(place), 20,
                           "the machine is begun")
        os.kill(self.pid_of(primary), signal.SIGKILL)
        try:
            self.await_followed([name for name in self.member_names() if name != primary])
        finally:
            self.farm.start(primary)
        _, errors = making.communicate(timeout=60)
        machines = self.farm.weft("machine", "list")["machines"]
        self.assertEqual([each["state"] for each in machines], ["READY"], errors)
        self.assertEqual(making.returncode, 0, errors)
        self.farm.weft("machine", "destroy", machines[0]["uuid"], "--yes")
        self.assertEqual(self.farm.weft("machine", "list").get("machines", []), [])
        self.conclude()

    def test_a_store_whose_members_all_died_is_brought_back_whole(self):
        before = self.farm.show()
        self.farm.kill_process("store")
        self.farm.start("store")
        at = time.monotonic()
        harness.wait_until(lambda: self.farm.weft("manage", "status", check=False)["leading"], 10,
                           "somebody leads")
        took = time.monotonic() - at
        print(f"led again {took:.2f} s after the store's return", flush=True)
        self.assertLess(took - self.machine.since(at), RECOVERY)
        self.assertEqual(self.farm.show()["epoch"], before["epoch"])
        self.conclude()


if __name__ == "__main__":
    cases.main()
