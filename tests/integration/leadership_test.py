"""Two controllers and two monitors over one store: what the death or the pause of the leader does."""

import contextlib
import datetime
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402
import writable  # noqa: E402

# A new leader after a controller's death.
TAKE_OVER = 3.0
# Writes that stopped go on within a second, and a leader's death adds its take-over.
WRITE_STOP = TAKE_OVER + 1.0
# How long the leader stands still: longer than its lease.
PAUSE = 5.0
# The client begins, asks and has its promotion in some 100 ms; each of these moments of it, moved by
# chance, is one leader's end.
KILLED_AFTER = (0.0, 0.04, 0.07, 0.1)
SEED = int(os.environ.get("WEFT_SEED", time.time_ns() % 1000000))


class Leadership(unittest.TestCase):
    """One active, settled group of three under a writer; every case leaves it so."""

    @classmethod
    def setUpClass(cls):
        print(f"WEFT_SEED={SEED}", flush=True)
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-lt-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", controllers=2, monitors=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        for number in range(1, 3):
            self.farm.start(f"controller-{number}")
        self.farm.await_settled()
        self.machine = self.enterContext(harness.Standstill(self.folder.name))
        self.writer = self.enterContext(harness.Writer(self.farm))
        self.writer.moved()
        self.watch = self.enterContext(writable.Watch(self.farm))

    def conclude(self):
        """What holds at the end of every case."""
        self.farm.await_settled()
        checked = self.writer.check()
        self.assertEqual((checked["lost"], checked["duplicated"]), (0, 0), checked)
        self.assertGreater(checked["acked"], 0)
        self.assertEqual(writable.now(self.farm), [self.farm.primary()])
        self.assertGreater(self.watch.rounds, 10)
        self.assertEqual(self.watch.dual, [])

    def roles(self):
        """Addresses: of the leader, and of the other."""
        def ordered():
            both = sorted(self.farm.layout["controllers"], key=self.farm.leads, reverse=True)
            return both if self.farm.leads(both[0]) else None
        return harness.wait_until(ordered, 10, "one leads")

    def pid_of(self, controller):
        return by_hand.controller_pid(self.farm.directory, controller)

    def start_again(self, controller):
        number = self.farm.layout["controllers"].index(controller) + 1
        self.farm.start(f"controller-{number}")

    @contextlib.contextmanager
    def without_store(self, controller):
        """It starts anew with a password that the state store does not take; both monitors report to
        it."""
        pid = self.pid_of(controller)
        argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        wrong = pathlib.Path(self.folder.name, "wrong")
        wrong.write_text("wrong", encoding="utf-8")
        wrong.chmod(0o600)
        log = pathlib.Path(self.folder.name, "without_store.log")
        os.kill(pid, signal.SIGKILL)
        with open(log, "wb") as file, subprocess.Popen(
                [*argv, f"--store-password-file={wrong}"], stdout=file, stderr=file) as process:
            try:
                harness.wait_until(lambda: log.read_text().count('msg="monitor reports"') == 2, 10,
                                   "both monitors report")
                yield
                self.assertIsNone(process.poll())
            finally:
                process.kill()
        self.start_again(controller)

    def await_take_over(self, successor, since):
        """Until it leads; fails where it began later than promised after `since`, a wall clock's time.
        By its own log: how long a client takes to start and ask is not what is promised."""
        began = time.monotonic()
        harness.wait_until(lambda: self.farm.leads(successor), 10, "the other one leads")
        took = self.won_at(successor) - since
        print(f"took over after {took:.2f} s", flush=True)
        self.assertGreater(took, 0)
        self.assertLess(took - self.machine.since(began), TAKE_OVER)

    def won_at(self, controller):
        """When it last won the lease."""
        number = self.farm.layout["controllers"].index(controller)
        name = "weft-controller" + (f"-{number + 1}" if number > 0 else "")
        log = pathlib.Path(self.farm.directory, "log", name + ".log").read_text(encoding="utf-8")
        won = [line for line in log.splitlines() if 'msg="lease won"' in line]
        said = re.match(r"time=(\S+)Z ", won[-1]).group(1)
        return datetime.datetime.fromisoformat(said + "+00:00").timestamp()

    def promote(self):
        """weft group promote, under way."""
        return subprocess.Popen([harness.WEFT, "group", "promote", "g1", "-o", "json", "--sandbox",
                                 self.farm.directory], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def promotions(self):
        listed = self.farm.weft("operation", "list", "g1", "--limit", "0")["operations"]
        return [operation for operation in listed if operation["kind"] == "promote"]

    def assert_ended_honestly(self, process, known):
        """The client that promoted says what became of the one operation it began, if any."""
        out, err = process.communicate(timeout=60)
        answer = harness.parse_last(out.strip())
        new = [each for each in self.promotions() if each["name"] not in known]
        self.assertLessEqual(len(new), 1, new)
        states = [operation["state"] for operation in new]
        print(f"promotion ended with {process.returncode}: {states} "
              f"{answer.get('error', {}).get('reason', '')}", flush=True)
        if process.returncode == 0:
            self.assertEqual(states, ["SUCCEEDED"], answer)
            return
        self.assertEqual(process.returncode, 1, err)  # refused or failed, not "I do not know"
        self.assertTrue(answer["error"]["reason"], answer)
        self.assertIn(states, ([], ["FAILED"]), answer)

    # --- death

    def test_when_the_leader_is_killed_another_leads_and_fails_over(self):
        leader, follower = self.roles()
        term = self.farm.node(follower)["term"]
        died = time.time()
        os.kill(self.pid_of(leader), signal.SIGKILL)
        self.await_take_over(follower, died)
        self.assertGreater(self.farm.node(follower)["term"], term)

        old = self.farm.primary()
        self.farm.kill(old)
        moved = self.writer.moved(timeout=10)
        print(f"failed over after {moved['gap_ms']:.0f} ms", flush=True)
        self.assertEqual(moved["from"], old)
        self.assertEqual(self.writer.check()["lost"], 0)
        self.farm.start(old)
        self.farm.heal(old)

        # The first comes back and follows: the same term, the same epoch, no changes by it.
        term, epoch = self.farm.node(follower)["term"], self.farm.show()["epoch"]
        self.start_again(leader)
        harness.wait_until(lambda: (self.farm.node(leader) or {}).get("groups"), 10,
                           "it knows the groups")
        refused = self.farm.run("group", "set", "g1", "--description", "x", "--controller", leader)
        self.assertEqual(harness.parse_last(refused.stdout)["error"]["reason"], "NOT_LEADING")
        shown = self.farm.weft("group", "show", "g1", "--controller", leader)
        self.assertEqual(shown["epoch"], epoch)
        # By the list of both the change finds its way.
        self.farm.weft("group", "set", "g1", "--description", "x")
        self.conclude()
        self.assertFalse(self.farm.leads(leader))
        self.assertEqual(self.farm.node(follower)["term"], term)

    def test_a_primary_that_dies_with_the_leader_is_replaced_by_the_next_one(self):
        leader, follower = self.roles()
        old, pid = self.farm.primary(), self.pid_of(leader)
        died = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self.farm.kill(old)
        moved = self.writer.moved(timeout=20)
        print(f"failed over after {moved['gap_ms']:.0f} ms", flush=True)
        self.assertLess(moved["gap_ms"] / 1000 - self.machine.since(died), WRITE_STOP)
        self.assertTrue(self.farm.leads(follower))
        self.assertLess(time.monotonic() - died - self.machine.since(died), WRITE_STOP + 1)
        self.farm.start(old)
        self.farm.heal(old)
        self.conclude()

    def test_beside_a_controller_that_cannot_read_the_store_a_dead_primary_is_replaced(self):
        _, follower = self.roles()
        with self.without_store(follower):
            old = self.farm.primary()
            self.farm.kill(old)
            moved = self.writer.moved(timeout=20)
            self.assertEqual(moved["from"], old)
            self.farm.start(old)
            self.farm.heal(old)
        self.conclude()

    def test_a_promotion_whose_leader_is_killed_in_it_ends_and_is_told(self):
        chance = random.Random(SEED)
        for base in KILLED_AFTER:
            delay = base + chance.uniform(0, 0.03)
            with self.subTest(delay=delay):
                leader, follower = self.roles()
                pid, known = self.pid_of(leader), {each["name"] for each in self.promotions()}
                promoting = self.promote()
                # Not a wait for anything: the moment of the fault is what is varied here.
                time.sleep(delay)
                os.kill(pid, signal.SIGKILL)
                died = time.time()
                self.await_take_over(follower, died)
                self.assert_ended_honestly(promoting, known)
                self.farm.await_settled()
                self.assertEqual(writable.now(self.farm), [self.farm.primary()])
                self.start_again(leader)
        gap = self.writer.check()["longest_gap_ms"]
        print(f"writes stood still for at most {gap:.0f} ms", flush=True)
        self.assertLess(gap, 1000 * WRITE_STOP)
        self.conclude()

    # --- pause

    def test_a_leader_that_stands_still_in_a_promotion_does_nothing_when_it_wakes(self):
        leader, follower = self.roles()
        pid, known = self.pid_of(leader), {each["name"] for each in self.promotions()}
        promoting = self.promote()
        time.sleep(random.Random(SEED).uniform(0.02, 0.12))  # the moment of the fault
        os.kill(pid, signal.SIGSTOP)
        stopped, paused = time.monotonic(), time.time()
        try:
            self.await_take_over(follower, paused)
            self.assert_ended_honestly(promoting, known)
            self.farm.await_settled()
            harness.wait_until(lambda: time.monotonic() - stopped >= PAUSE, PAUSE + 1, "the pause")
        finally:
            os.kill(pid, signal.SIGCONT)
        epoch, term = self.farm.show()["epoch"], self.farm.node(follower)["term"]
        harness.wait_until(lambda: self.farm.node(leader) is not None, 5, "it answers again")
        self.assertFalse(self.farm.leads(leader))
        self.conclude()
        # Another promotion, by the new leader, while the old one follows.
        self.farm.weft("group", "promote", "g1")
        self.conclude()
        self.assertEqual(self.farm.show()["epoch"], epoch + 1)
        self.assertEqual(self.farm.node(follower)["term"], term)


if __name__ == "__main__":
    cases.main()
