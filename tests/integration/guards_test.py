"""What keeps Weft from acting unasked, on real servers: kill switches, cool-down, windows, programs."""

import json
import os
import pathlib
import signal
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

# Long enough for a failover that nothing keeps back, which takes some 0.1 s.
STAYS = 3.0

HOOKS = """hooks:
  good:
    command: [/bin/sh, FOLDER/good]
    deadline: 5s
  failing:
    command: [/bin/sh, -c, 'echo no way; exit 3']
  slow:
    command: [/bin/sh, FOLDER/slow]
    deadline: 60s
  lenient:
    command: [/bin/false]
    on_failure: continue
  hanging:
    command: [/bin/sleep, '600']
    deadline: 1s
  chatty:
    command: [/bin/sh, -c, 'head -c 20000000 /dev/zero | tr "\\0" x']
    deadline: 20s
"""


class Guards(unittest.TestCase):
    """One active, settled group of three; every case leaves it so, with nothing set."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-gt-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        folder = pathlib.Path(cls.farm.directory)
        cls.told = folder / "told"
        (folder / "good").write_text(f"cat >> {cls.told}\n", encoding="utf-8")
        (folder / "slow").write_text(
            f"cat >> {cls.told}; [ -e {folder}/slow.pid ] && exit 0\n"
            f"echo $$ > {folder}/slow.pid; exec sleep 50\n", encoding="utf-8")
        cls.farm.take_hooks(HOOKS)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.told.unlink(missing_ok=True)
        self.slow = pathlib.Path(self.farm.directory, "slow.pid")
        self.slow.unlink(missing_ok=True)
        self.calm()

    def tearDown(self):
        for address in self.farm.members():
            self.farm.start(address)
        self.calm()

    def calm(self):
        """Everybody in place, nothing set, nothing to cool down."""
        self.farm.weft("manage", "failover", "on")
        self.farm.weft("group", "maintenance", "g1", "--end")
        self.set("failover_enabled=true", "cool_down=auto", "before_failover=", "after_failover=",
                 "before_switchover=", "after_switchover=", "fence=")
        self.farm.weft("group", "acknowledge", "g1")
        self.farm.await_settled()

    def set(self, *settings):
        return self.farm.weft("group", "set", "g1", *settings)

    def codes(self):
        return {each["code"] for each in self.why().get("findings", [])}

    def why(self):
        return harness.parse_last(self.farm.run("why", "g1").stdout)

    def audit(self, *arguments):
        listed = self.farm.weft("audit", "--group", "g1", "--since", "2m", "--limit", "0", *arguments)
        return listed.get("events", [])

    def kill_primary(self):
        old = self.farm.primary()
        self.farm.kill(old)
        return old

    def assert_stays(self, old, reason):
        """Nobody takes the place of `old`, and that is said, by name, within a second."""
        deadline = time.monotonic() + STAYS
        harness.wait_until(lambda: (self.why().get("refusal") or {}).get("reason") == reason, STAYS,
                           f"the refusal {reason}")
        while time.monotonic() < deadline:
            self.assertEqual(self.farm.primary(), old)
            time.sleep(0.2)
        refusals = [each for each in self.audit() if each["kind"] == "refusal"]
        self.assertTrue(any(each["text"].startswith(reason) for each in refusals), refusals)

    def await_failover(self, old, timeout=10):
        began = time.monotonic()
        harness.wait_until(lambda: self.farm.primary() not in (old, None), timeout, "a failover")
        return time.monotonic() - began

    def test_1_the_kill_switch_of_the_node(self):
        done = self.farm.run("manage", "failover", "off")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("NO_REASON", done.stdout + done.stderr)
        self.farm.weft("manage", "failover", "off", "--reason", "moving the racks")
        self.assertFalse(self.farm.weft("node", "status")["failover"].get("enabled", False))
        old = self.kill_primary()
        self.assert_stays(old, "FAILOVER_OFF")
        self.assertIn("FAILOVER_OFF", self.codes())
        self.farm.weft("manage", "failover", "on")
        self.await_failover(old)
        asked = [each for each in self.audit() if each["kind"] == "request"]
        self.assertTrue(asked)
        self.farm.start(old)
        self.farm.await_settled()

    def test_2_the_kill_switch_of_the_group_and_a_persons_order(self):
        self.set("failover_enabled=false")
        old = self.kill_primary()
        self.assert_stays(old, "FAILOVER_DISABLED")
        self.farm.weft("group", "promote", "g1")
        self.assertNotEqual(self.farm.primary(), old)

    def test_3_the_cool_down_outlives_its_leader_and_is_acknowledged(self):
        self.set("cool_down=10m")
        old = self.kill_primary()
        self.await_failover(old)
        self.farm.start(old)
        self.farm.await_settled()
        self.farm.kill_process("controller")
        self.farm.start("controller")
        self.farm.await_settled()
        second = self.kill_primary()
        self.assert_stays(second, "COOL_DOWN")
        self.assertIn("more", self.why()["refusal"]["message"])
        self.farm.weft("group", "acknowledge", "g1")
        self.await_failover(second)

    def test_4_a_window_of_maintenance(self):
        self.farm.weft("group", "maintenance", "g1", "--for", "10m", "--reason", "new disks")
        old = self.kill_primary()
        self.assert_stays(old, "MAINTENANCE")
        muted = [each for each in self.why()["findings"] if each["code"] == "PRIMARY_DEAD"]
        self.assertTrue(muted and muted[0].get("muted"), muted)
        self.farm.weft("group", "maintenance", "g1", "--for", "2s")
        self.await_failover(old)

    def await_told(self, occasions):
        """What each program was told, once those of `occasions` have run, in order, and no other."""
        def told():
            if not self.told.exists():
                return None
            lines = [json.loads(line) for line in self.told.read_text("utf-8").splitlines()]
            return lines if len(lines) >= len(occasions) else None
        lines = harness.wait_until(told, 10, "all programs are told")
        self.assertEqual([each["occasion"] for each in lines], occasions)
        return lines

    def test_5_programs_that_agree_are_told_what_is_decided(self):
        self.set("before_failover=good", "fence=good", "after_failover=good")
        old = self.kill_primary()
        self.await_failover(old)
        lines = self.await_told(["before_failover", "fence", "after_failover"])
        self.assertEqual({each["old_primary"]["address"] for each in lines}, {old})
        self.assertEqual(lines[2]["new_primary"]["address"], self.farm.primary())
        self.assertEqual(len({each["operation"] for each in lines}), 1)

    def test_5_the_program_that_is_told_goes_by_the_road_and_not_by_who_asked(self):
        self.set("failover_enabled=false", "before_failover=good", "after_failover=good",
                 "before_switchover=good", "after_switchover=good")
        self.farm.weft("group", "promote", "g1")
        self.await_told(["before_switchover", "after_switchover"])
        self.told.unlink()
        old = self.kill_primary()
        self.assert_stays(old, "FAILOVER_DISABLED")
        self.farm.weft("group", "promote", "g1")
        lines = self.await_told(["before_failover", "after_failover"])
        self.assertEqual({each["old_primary"]["address"] for each in lines}, {old})
        self.assertEqual(lines[1]["new_primary"]["address"], self.farm.primary())

    def test_5_a_program_that_its_controller_did_not_see_end_is_run_again_by_the_next(self):
        self.set("after_switchover=slow")
        self.farm.weft("group", "promote", "g1")
        pid = int(harness.wait_until(lambda: self.slow.exists() and self.slow.read_text("utf-8"), 10,
                                     "the program runs"))
        self.assertFalse(self.why().get("settled"))
        controllers = [each for each, line in by_hand.processes_of(self.farm.directory).items()
                       if "weft-controller" in line.split()[0]]
        self.assertEqual(len(controllers), 1)
        os.kill(controllers[0], signal.SIGTERM)
        for gone in controllers + [pid]:
            harness.wait_until(lambda of=gone: not pathlib.Path(f"/proc/{of}").exists(), 10, "its end")
        self.farm.start("controller")
        lines = self.await_told(["after_switchover", "after_switchover"])
        self.assertEqual(len({each["operation"] for each in lines}), 1)
        self.assertEqual({each["new_primary"]["address"] for each in lines}, {self.farm.primary()})
        self.farm.await_settled()

    def test_5_a_failover_does_not_wait_for_a_program_that_is_told_of_the_last_change(self):
        self.set("after_switchover=slow", "cool_down=0s")
        self.farm.weft("group", "promote", "g1")
        harness.wait_until(self.told.exists, 10, "the program runs")
        self.await_failover(self.kill_primary())

    def begin_asking(self):
        """The name of a switchover whose program has begun and will not end soon."""
        self.set("before_switchover=slow")
        begun = self.farm.weft("group", "promote", "g1", "--no-wait")
        harness.wait_until(self.slow.exists, 10, "the program runs")
        return begun["operation"]["name"]

    def test_5_a_failover_does_not_wait_for_the_program_that_a_switchover_asks(self):
        self.begin_asking()
        self.assertLess(self.await_failover(self.kill_primary()), 5)

    def test_5_a_switchover_that_is_cancelled_does_not_wait_for_its_program(self):
        old = self.farm.primary()
        name = self.begin_asking()
        self.farm.weft("operation", "cancel", name)
        harness.wait_until(
            lambda: self.farm.weft("operation", "show", name)["state"] == "CANCELLED", 5, "its end")
        self.assertEqual(self.farm.primary(), old)

    def test_6_programs_that_fail_hang_or_are_unknown(self):
        done = self.farm.run("group", "set", "g1", "fence=nobody")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("UNKNOWN_HOOK", done.stdout + done.stderr)
        self.set("before_failover=failing")
        old = self.kill_primary()
        self.assert_stays(old, "HOOK_ABORTED")
        self.assertTrue(any("no way" in each["text"] for each in self.audit()))
        # A person's order is asked again; one that only fails leniently passes.
        self.set("before_failover=lenient")
        self.farm.weft("group", "promote", "g1")
        self.assertNotEqual(self.farm.primary(), old)

    def test_7_a_program_that_hangs_forbids_a_switchover_at_its_deadline(self):
        old = self.farm.primary()
        self.set("before_switchover=hanging")
        done = self.farm.run("group", "promote", "g1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("HOOK_ABORTED", done.stdout + done.stderr)
        self.assertEqual(self.farm.primary(), old)

    def test_8_a_program_that_prints_megabytes_is_cut(self):
        self.set("before_switchover=chatty")
        old = self.farm.primary()
        self.farm.weft("group", "promote", "g1")
        self.assertNotEqual(self.farm.primary(), old)
        printed = [each["text"] for each in self.audit() if "it printed: xxx" in each["text"]]
        self.assertTrue(printed)
        self.assertLess(max(map(len, printed)), 10000)


if __name__ == "__main__":
    cases.main()
