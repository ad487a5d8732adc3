"""`weft sandbox add-server` on real servers: an empty one, and throw-away copies of others."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402


class AddServer(unittest.TestCase):
    """Two sandboxes of MySQL servers alone: one to add to, one that is a stranger to it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-it-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.own = cls.folder.name + "/own"
        cls.stranger = cls.folder.name + "/stranger"
        cls.source = cls.up(cls.own)
        cls.foreign = cls.up(cls.stranger, "--mysql", "5.6")
        for server in (cls.source, cls.foreign):
            by_hand.sql(server["socket"], "SET GLOBAL read_only = OFF",
                        "CREATE TABLE app.words (id INT PRIMARY KEY, word TEXT)",
                        "INSERT INTO app.words VALUES (1, 'warp'), (2, 'weft')")
        cls.password = cls.folder.name + "/copier.password"
        pathlib.Path(cls.password).write_text("of-the-copier", encoding="utf-8")
        os.chmod(cls.password, 0o600)
        by_hand.sql(cls.foreign["socket"],
                    "GRANT ALL ON *.* TO copier@'127.0.0.1' IDENTIFIED BY 'of-the-copier'"
                    " WITH GRANT OPTION")

    @classmethod
    def up(cls, folder, *options):
        """The only server of a new sandbox."""
        cls.addClassCleanup(subprocess.run, [harness.WEFT, "sandbox", "down", "--dir", folder],
                            stdout=subprocess.DEVNULL, check=False)
        done = cls.run_weft("sandbox", "up", "--dir", folder, "--servers", "1", "--bare", *options)
        if done.returncode != 0:
            raise harness.Failed(done.stderr)
        return harness.parse_last(done.stdout)["groups"][0]["servers"][0]

    @staticmethod
    def run_weft(*words):
        return subprocess.run([str(harness.WEFT), *words, "-o", "json"], capture_output=True,
                              text=True, timeout=300, check=False)

    def add(self, *options):
        done = self.run_weft("sandbox", "add-server", "--dir", self.own, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return harness.parse_last(done.stdout)

    def refused(self, *options):
        before = self.added()
        done = self.run_weft("sandbox", "add-server", "--dir", self.own, *options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.added(), before)
        self.assertEqual(set(os.listdir(self.own + "/servers")), self.folders_of(before))
        return done.stderr

    def added(self):
        done = self.run_weft("sandbox", "status", "--dir", self.own)
        return [server["address"] for server in harness.parse_last(done.stdout)["added"]]

    def folders_of(self, added):
        return {address.rpartition(":")[2] for address in [self.source["address"], *added]}

    def words_of(self, server):
        return by_hand.sql(server["socket"], "SELECT * FROM app.words ORDER BY id")

    def test_1_an_empty_one_is_like_the_others_and_obeys_by_its_address(self):
        answer = self.add()
        self.assertIsNone(answer["copy"])
        server = answer["server"]
        self.assertEqual(self.added(), [server["address"]])
        self.assertEqual(by_hand.sql(server["socket"], "SHOW DATABASES LIKE 'app'"), [])
        self.assertEqual(
            by_hand.sql(server["socket"],
                        "SELECT COUNT(*) FROM mysql.user WHERE user LIKE 'weft\\_%'"), [["5"]])
        done = self.run_weft("sandbox", "kill-server", server["address"], "--dir", self.own)
        self.assertTrue(harness.parse_last(done.stdout)["changed"], done.stderr)
        done = self.run_weft("sandbox", "start-server", "2", "--dir", self.own)
        self.assertTrue(harness.parse_last(done.stdout)["changed"], done.stderr)

    def test_2_a_copy_is_whole_and_may_be_written_to_while_its_source_goes_on(self):
        answer = self.add("--from", self.source["address"])
        self.assertEqual(answer["copy"]["method"], "plugin", answer)
        self.assertGreater(answer["copy"]["bytes"], 1000)
        server = answer["server"]
        self.assertNotEqual(server["uuid"], self.source["uuid"])
        self.assertEqual(self.words_of(server), [["1", "warp"], ["2", "weft"]])
        by_hand.sql(server["socket"], "INSERT INTO app.words VALUES (3, 'heddle')")
        self.assertEqual(self.words_of(self.source), [["1", "warp"], ["2", "weft"]])

    def test_3_one_for_a_group_stays_read_only(self):
        answer = self.add("--from", self.source["address"], "--method", "logical", "--read-only")
        self.assertEqual(answer["copy"]["method"], "logical", answer)
        self.assertEqual(answer["copy"]["rows"], 2)
        self.assertEqual(by_hand.sql(answer["server"]["socket"], "SELECT @@GLOBAL.super_read_only"),
                         [["1"]])

    def test_4_a_server_of_others_is_copied_by_a_login_of_theirs(self):
        answer = self.add("--from", self.foreign["address"], "--from-user", "copier",
                          "--from-password-file", self.password)
        self.assertEqual(answer["copy"]["method"], "logical", answer)
        self.assertEqual(self.words_of(answer["server"]), [["1", "warp"], ["2", "weft"]])

    def test_5_what_cannot_be_copied_leaves_nothing(self):
        self.assertIn("127.0.0.1:1", self.refused("--from", "127.0.0.1:1"))
        self.assertIn("denied", self.refused("--from", self.foreign["address"]))
        open_to_all = self.folder.name + "/open.password"
        pathlib.Path(open_to_all).write_text("x", encoding="utf-8")
        os.chmod(open_to_all, 0o644)
        self.assertIn("chmod 600", self.refused("--from", self.foreign["address"], "--from-user",
                                                "copier", "--from-password-file", open_to_all))
        self.assertIn("--from HOST:PORT", self.refused("--read-only"))
        self.assertIn("--from-password-file",
                      self.refused("--from", self.source["address"], "--from-user", "copier"))
        self.assertIn("is older than",
                      self.refused("--from", self.source["address"], "--mysql", "5.6"))

    def test_6_interrupted_it_leaves_nothing(self):
        by_hand.sql(self.source["socket"],
                    "INSERT INTO app.words SELECT 10 + a.id * 1000 + b.id, REPEAT('x', 60000)"
                    " FROM (SELECT help_topic_id AS id FROM mysql.help_topic LIMIT 30) a,"
                    " (SELECT help_topic_id AS id FROM mysql.help_topic LIMIT 10) b")
        before = self.added()
        process = subprocess.Popen(
            [str(harness.WEFT), "sandbox", "add-server", "--dir", self.own, "--from",
             self.source["address"], "--method", "logical", "--throttle", "500000"],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith("copy rows") and " of " in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0, errors)
        self.assertEqual(self.added(), before)
        self.assertEqual(set(os.listdir(self.own + "/servers")), self.folders_of(before))
        self.assertEqual([line for line in by_hand.processes_of(self.own).values()
                          if "--copy-from" in line], [])

    def test_7_no_sandbox_no_server(self):
        done = self.run_weft("sandbox", "add-server", "--dir", self.folder.name + "/nowhere")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("weft sandbox up", done.stderr)


if __name__ == "__main__":
    cases.main()
