"""Backup and restore of the state store: an old backup must not undo what the servers did since."""

import json
import pathlib
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import cases  # noqa: E402
import harness  # noqa: E402
import writable  # noqa: E402

# Longer than any failover takes.
BLOCKED = 5.0


class StoreBackup(unittest.TestCase):
    """One active, settled group of three under a writer; every case leaves it so."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-sb-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", controllers=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.farm.await_settled()
        self.writer = self.enterContext(harness.Writer(self.farm))
        self.writer.moved()
        self.watch = self.enterContext(writable.Watch(self.farm))
        self.file = f"{self.folder.name}/{self.id().rsplit('.', 1)[-1][:40]}"

    def conclude(self):
        self.farm.await_settled()
        checked = self.writer.check()
        self.assertEqual((checked["lost"], checked["duplicated"]), (0, 0), checked)
        self.assertGreater(checked["acked"], 0)
        self.assertEqual(self.watch.dual, [])
        self.assertEqual(writable.now(self.farm), [self.farm.primary()])

    def back_up(self):
        self.farm.weft("manage", "backup", self.file)

    def restore(self, *options, check=True):
        return self.farm.weft("manage", "restore", self.file, "--yes", *options, check=check)

    def refusal(self, *command):
        done = self.farm.run(*command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return harness.parse_last(done.stdout.strip())["error"]["reason"]

    def password_file(self):
        path = pathlib.Path(self.folder.name) / "ann.password"
        path.write_text("of ann alone\n", encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def route(self):
        """The group as a gateway that was there before tells it."""
        with urllib.request.urlopen(f"http://{self.farm.layout['gateway']['http']}/v1/groups/g1",
                                    timeout=5) as answer:
            return json.load(answer)

    def kill(self, address):
        self.farm.kill(address)
        self.farm.await_gone(address)

    def fail_over(self):
        old = self.farm.primary()
        self.kill(old)
        self.writer.moved()
        return old

    def test_an_old_backup_neither_reopens_the_old_primary_nor_fails_over(self):
        self.back_up()
        old = self.fail_over()
        self.farm.start(old)
        self.farm.heal(old)
        new, epoch = self.farm.primary(), self.farm.show()["epoch"]
        self.assertNotEqual(new, old)
        self.restore("--surrender")
        began = time.monotonic()
        while time.monotonic() - began < BLOCKED:  # what must not happen has this long to
            self.assertLessEqual(set(writable.now(self.farm)), {new})
            time.sleep(0.1)
        self.farm.await_settled()
        self.assertEqual(self.farm.primary(), new)
        self.assertGreater(int(self.farm.show()["epoch"]), int(epoch))
        told = harness.wait_until(
            lambda: int(self.route()["epoch"]) > int(epoch) and self.route(), 10,
            "the gateway has the new state")
        self.assertEqual([server["address"] for server in told["servers"]
                          if server["status"] == "PRIMARY"], [new], told)
        self.conclude()
        # And it fails over as ever.
        old = self.fail_over()
        self.farm.start(old)
        self.farm.heal(old)
        self.conclude()

    def test_nothing_fails_over_before_all_servers_have_been_seen_again(self):
        self.back_up()
        primary = self.farm.primary()
        away = next(address for address in self.farm.members() if address != primary)
        self.kill(away)
        self.restore("--surrender")
        finding = harness.wait_until(
            lambda: next((f for f in self.farm.weft("why", "g1", check=False)["findings"]
                          if f["code"] == "RESTORED"), None), 10, "the finding")
        self.assertIn(away, finding["message"])
        epoch = self.farm.show()["epoch"]
        self.assertEqual(self.refusal("group", "promote", "g1"), "RESTORED")
        self.kill(primary)
        began = time.monotonic()
        while time.monotonic() - began < BLOCKED:  # a failover would take a second
            self.assertEqual(writable.now(self.farm), [])
            time.sleep(0.1)
        shown = self.farm.show()
        self.assertEqual((shown["epoch"], shown["restored"]), (epoch, True))
        self.farm.start(away)
        self.farm.start(primary)
        self.farm.heal(primary)
        self.assertFalse(self.farm.show().get("restored", False))
        self.conclude()

    def test_a_store_that_was_lost_is_restored_whole(self):
        user = "ann"
        if user not in json.dumps(self.farm.weft("user", "list")):
            self.farm.weft("user", "create", user, "--roles", "observation",
                           "--new-password-file", self.password_file())
        self.farm.weft("group", "set", "g1", "max_lag=30s")
        self.back_up()
        text = pathlib.Path(self.file).read_text(encoding="utf-8")
        self.assertEqual(pathlib.Path(self.file).stat().st_mode & 0o777, 0o600)
        self.assertNotIn("scrypt", text)
        self.assertIn(user, text)
        before = self.farm.show()
        self.assertEqual(self.refusal("manage", "restore", self.file, "--yes"), "STORE_NOT_EMPTY")
        self.farm.empty_store()
        whole, self.file = self.file, self.file + ".cut"
        pathlib.Path(self.file).write_text(text[:-200], encoding="utf-8")
        self.assertEqual(self.refusal("manage", "restore", self.file, "--yes"), "BACKUP_CORRUPT")
        self.file = whole
        self.farm.await_leader()
        status = self.restore()
        self.assertEqual(int(status["incarnation"]), 1, status)
        self.farm.await_settled()
        after = self.farm.show()
        self.assertGreater(int(after["epoch"]), int(before["epoch"]))
        self.assertEqual(after["primary"], before["primary"])
        self.assertEqual(after["settings"]["max_lag"], "30s")
        self.assertIn(user, json.dumps(self.farm.weft("user", "list")))
        self.conclude()


if __name__ == "__main__":
    cases.main()
