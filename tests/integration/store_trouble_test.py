"""A state store of one server that is down, slow or read-only: what is served meanwhile, what is
refused, and how soon Weft goes on."""

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
import slow_link  # noqa: E402
import writable  # noqa: E402

# A recovery begins this long after the store's return; and what a failover then takes.
RECOVERY = 3.0
FAILOVER = 1.0
ROUNDS = 3
# How long nothing may happen: longer than any failover takes.
DOWN = 4.0
# A link on which calls of the store succeed, and one on which they run out of time.
SLOW, TOO_SLOW = 0.015, 3.0


class StoreTrouble(unittest.TestCase):
    """One active, settled group of three under a writer; the controller reaches its store through a
    link that can be made slow."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-tr-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")
        cls.link = slow_link.SlowLink(cls.farm.layout["store"]["address"])
        cls.enterClassContext(cls.link)
        cls.start_controller_over_link()

    @classmethod
    def start_controller_over_link(cls):
        listen = f"--listen={cls.farm.layout['controllers'][0]}"
        for pid, line in by_hand.processes_of(cls.farm.directory).items():
            if listen in line and "weft-controller" in line.split()[0]:
                argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
                os.kill(pid, signal.SIGKILL)
        argv = [f"--store={cls.link.address}" if word.startswith("--store=") else word
                for word in argv]
        log = open(cls.folder.name + "/controller.log", "wb")
        cls.addClassCleanup(log.close)
        controller = subprocess.Popen(argv, stdout=log, stderr=log)
        cls.addClassCleanup(controller.wait)
        cls.addClassCleanup(controller.kill)
        harness.wait_until(lambda: (cls.farm.weft("manage", "status", check=False)
                                    or {}).get("leading"), 30, "the controller leads")

    def setUp(self):
        self.farm.await_settled()
        self.machine = self.enterContext(harness.Standstill(self.folder.name))
        self.writer = self.enterContext(harness.Writer(self.farm))
        self.writer.moved()
        self.watch = self.enterContext(writable.Watch(self.farm))

    def conclude(self):
        self.farm.await_settled()
        checked = self.writer.check()
        self.assertEqual((checked["lost"], checked["duplicated"]), (0, 0), checked)
        self.assertEqual(self.watch.dual, [])
        self.assertEqual(writable.now(self.farm), [self.farm.primary()])

    def kill(self, address):
        self.farm.kill(address)
        self.farm.await_gone(address)

    def sql(self, *statements):
        return by_hand.sql(f"{self.farm.directory}/store/mysqld.sock", *statements)

    def lookup(self):
        with urllib.request.urlopen(f"http://{self.farm.layout['gateway']['http']}/v1/groups/g1",
                                    timeout=5) as answer:
            return json.load(answer)

    def assert_nothing_happens(self, primary):
        """The primary is dead and the store of no use: lookups go on, and nothing is changed."""
        known, shown = self.lookup(), self.farm.show()
        began = time.monotonic()
        while time.monotonic() - began < DOWN:  # the fault's duration
            self.assertEqual(self.lookup()["epoch"], known["epoch"])
            self.assertEqual(self.farm.show()["epoch"], shown["epoch"])
            self.assertEqual(writable.now(self.farm), [])
            time.sleep(0.1)
        explained = self.farm.weft("why", "g1", check=False)
        self.assertEqual(explained["findings"][0]["code"], "STORE_UNREACHABLE", explained)
        self.assertEqual(explained["refusal"]["reason"], "STORE_UNREACHABLE")
        self.assertTrue(self.farm.show()["store_error"])
        for command in (("group", "show", "g1"), ("health", "g1")):
            done = subprocess.run([harness.WEFT, *command, "--sandbox", self.farm.directory],
                                  capture_output=True, text=True, timeout=30, check=False)
            self.assertIn("STORE_UNREACHABLE", done.stdout)
        self.assertEqual(self.farm.primary(), primary)

    def refused(self, *command):
        """The reason by which a change is refused, and how long that took."""
        began = time.monotonic()
        done = self.farm.run(*command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        error = harness.parse_last(done.stdout.strip())["error"]
        return error["reason"], error["message"], time.monotonic() - began

    def recover(self, primary, mend):
        """Mends the store; returns how long after that writes went on, on another primary, but for
        what the machine lost."""
        mend()
        back = time.monotonic()
        self.writer.moved()
        took = time.monotonic() - back - self.machine.since(back)
        self.assertNotEqual(self.farm.primary(), primary)
        self.farm.start(primary)
        self.farm.heal(primary)
        self.conclude()
        return took

    def test_recovery_begins_within_seconds_of_the_stores_return(self):
        took = []
        for _ in range(ROUNDS):
            primary = self.farm.primary()
            self.farm.kill_process("store")
            self.kill(primary)
            self.assert_nothing_happens(primary)
            took.append(self.recover(primary, lambda: self.farm.start("store")))
        print("failed over after the store's return:", [f"{each:.2f} s" for each in took],
              flush=True)
        self.assertLess(max(took), RECOVERY + FAILOVER)

    def test_a_store_that_takes_no_writes_changes_nothing_and_says_so(self):
        primary = self.farm.primary()
        self.addCleanup(self.sql, "SET GLOBAL super_read_only = 0", "SET GLOBAL read_only = 0")
        self.sql("SET GLOBAL super_read_only = 1")
        harness.wait_until(
            lambda: not (self.farm.weft("manage", "status", check=False) or {}).get("leading"), 10,
            "the lease runs out")
        reason, message, _ = self.refused("group", "set", "g1", "max_lag=30s")
        self.assertEqual(reason, "STORE_DOWN", message)
        self.assertIn("read-only", message)
        self.kill(primary)
        self.assert_nothing_happens(primary)
        took = self.recover(primary, lambda: self.sql("SET GLOBAL super_read_only = 0",
                                                      "SET GLOBAL read_only = 0"))
        print(f"failed over {took:.2f} s after the store took writes again", flush=True)
        self.assertLess(took, RECOVERY + FAILOVER)

    def test_a_store_that_answers_slowly_is_borne_as_long_as_it_answers_in_time(self):
        self.link.delay = SLOW
        try:
            self.farm.weft("group", "promote", "g1")
            self.farm.await_settled()
            self.assertTrue(self.farm.weft("manage", "status", check=False)["leading"])
        finally:
            self.link.delay = 0.0
        self.conclude()

    def test_one_that_answers_too_late_changes_nothing_and_says_so(self):
        primary = self.farm.primary()
        self.addCleanup(setattr, self.link, "delay", 0.0)
        self.link.delay = TOO_SLOW
        harness.wait_until(
            lambda: not (self.farm.weft("manage", "status", check=False) or {}).get("leading"), 20,
            "the lease runs out")
        reason, _, seconds = self.refused("group", "promote", "g1", "--timeout", "20s")
        self.assertIn(reason, ("STORE_DOWN", "LEASE_LAPSED", "STORE_UNAVAILABLE"))
        self.assertLess(seconds, 15)
        self.kill(primary)
        began = time.monotonic()
        while time.monotonic() - began < DOWN:  # the fault's duration
            self.assertEqual(self.lookup()["id"], "g1")
            self.assertEqual(writable.now(self.farm), [])
            time.sleep(0.1)

        def mend():
            self.link.delay = 0.0
        took = self.recover(primary, mend)
        print(f"failed over {took:.2f} s after the store answered in time", flush=True)
        self.assertLess(took, RECOVERY + FAILOVER)

    def test_an_order_for_another_epoch_or_primary_is_refused_by_name(self):
        shown = self.farm.show()
        old = int(shown["epoch"]) - 1
        for arguments, reason in (
                (("--expected-epoch", str(old)), "EPOCH_MOVED"),
                (("--expected-epoch", str(old + 2)), "EPOCH_MOVED"),
                (("--expected-primary", next(server["address"] for server in shown["servers"]
                                           if server["name"] != shown["primary"])),
                 "PRIMARY_MOVED")):
            self.assertEqual(self.refused("group", "promote", "g1", *arguments)[0], reason)
        self.assertEqual(self.farm.show()["epoch"], shown["epoch"])
        self.conclude()


if __name__ == "__main__":
    cases.main()
