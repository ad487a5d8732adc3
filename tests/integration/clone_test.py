"""`weft server clone` and `weft server check` on real servers: each method, and what is refused."""

import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

ROWS = 5000


class Clone(unittest.TestCase):
    """A group of three; its last server is taken out, cloned and put back."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-it-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        servers = cls.farm.layout["groups"][0]["servers"]
        cls.sockets = {server["address"]: server["socket"] for server in servers}
        cls.farm.weft("group", "promote", "g1")
        primary = cls.farm.primary()
        cls.target = [address for address in cls.sockets if address != primary][-1]
        word = "REPEAT('weft ', 20)"
        cls.sql(primary, "CREATE TABLE app.rows_of_old (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)",
                f"INSERT INTO app.rows_of_old (word) VALUES ({word})",
                *[f"INSERT INTO app.rows_of_old (word) SELECT word FROM app.rows_of_old LIMIT {ROWS}"] * 13,
                "CREATE VIEW app.seen AS SELECT COUNT(*) FROM app.rows_of_old")
        cls.farm.await_settled()

    @classmethod
    def sql(cls, address, *statements):
        return by_hand.sql(cls.sockets[address], *statements)

    def take_out(self):
        if self.target in [server["address"] for server in self.farm.show()["servers"]]:
            self.farm.weft("group", "remove", "g1", self.target)

    def put_back(self):
        self.farm.weft("group", "add", "g1", self.target)
        self.farm.await_settled()
        primary = self.farm.primary()
        done = self.sql(primary, "SELECT @@GLOBAL.gtid_executed")[0][0].replace("\\n", "")
        self.sql(self.target, f"DO WAIT_FOR_EXECUTED_GTID_SET('{done}', 20)")
        table = "CHECKSUM TABLE app.rows_of_old"
        self.assertEqual(self.sql(self.target, table), self.sql(primary, table))
        self.assertEqual(self.sql(self.target, "SELECT * FROM app.seen"),
                         self.sql(primary, "SELECT * FROM app.seen"))

    def refused(self, reason, *words):
        done = self.farm.run("server", "clone", *words)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(reason, done.stdout + done.stderr)

    def clone(self, *options):
        answer = self.farm.weft("server", "clone", "g1", self.target, "--surrender",
                                *options, timeout=300)
        self.assertEqual(answer["operation"]["state"], "SUCCEEDED", answer)
        return answer["plan"]

    def test_1_a_member_is_refused_and_named(self):
        self.refused("TARGET_IS_MEMBER", "g1", self.target)
        self.refused("TARGET_IS_MEMBER", "g1", self.target, "--surrender")

    def test_2_what_does_not_exist_is_refused(self):
        self.take_out()
        self.refused("UNKNOWN_GROUP", "nope", self.target)
        self.refused("UNKNOWN_SOURCE", "g1", self.target, "--surrender",
                     "--source", "127.0.0.1:1")
        self.refused("127.0.0.1:1", "g1", "127.0.0.1:1")

    def test_3_data_of_its_own_are_not_taken_unasked(self):
        self.take_out()
        self.refused("TARGET_NOT_EMPTY", "g1", self.target)
        self.assertEqual(self.sql(self.target, "SELECT COUNT(*) > 0 FROM app.rows_of_old"), [["1"]])

    def test_4_a_dry_run_says_how_and_changes_nothing(self):
        self.take_out()
        answer = self.farm.weft("server", "clone", "g1", self.target, "--surrender", "--dry-run")
        self.assertEqual(answer["plan"]["method"], "COPY_METHOD_PLUGIN")
        self.assertNotEqual(answer["plan"]["source_address"], self.farm.primary())
        self.assertIsNone(answer.get("operation"))
        self.assertEqual(self.sql(self.target, "SELECT COUNT(*) > 0 FROM app.rows_of_old"), [["1"]])

    def test_5_a_server_with_half_a_copy_is_not_let_into_a_group(self):
        self.take_out()
        self.sql(self.target, "SET GLOBAL super_read_only = OFF", "SET SESSION sql_log_bin = OFF",
                 "CREATE DATABASE weft_unfinished_copy", "SET GLOBAL super_read_only = ON")
        done = self.farm.run("group", "add", "g1", self.target)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("a copy of rows that has not ended", done.stdout + done.stderr)

    def test_6_each_method_makes_a_server_that_can_be_added(self):
        for method in ("auto", "logical", "physical"):
            with self.subTest(method):
                self.take_out()
                self.clone("--method", method)
                self.put_back()

    def answers(self):
        try:
            self.sql(self.target, "DO 0")
            return True
        except RuntimeError:
            return False

    def test_7_a_copy_whose_provisioner_dies_is_made_again(self):
        for method, throttle in (("logical", "700000"), ("plugin", "6000000"), ("physical", "0")):
            with self.subTest(method):
                self.take_out()
                begun = self.farm.weft("server", "clone", "g1", self.target, "--surrender", "--no-wait",
                                       "--method", method, "--throttle", throttle)
                name = begun["operation"]["name"]
                if method == "physical":  # the worst moment: stopped, its folders changing places
                    harness.wait_until(lambda: not self.answers(), 60, "the target stopped")
                else:
                    harness.wait_until(
                        lambda: "copy " in self.farm.weft("operation", "show", name).get("phase", ""),
                        60, "data under way")
                self.farm.kill_process("provisioner")
                self.farm.start("provisioner")
                self.farm.weft("operation", "wait", name, "--timeout", "120s")
                self.put_back()
                data = pathlib.Path(self.sql(self.target, "SELECT @@datadir")[0][0])
                self.assertEqual([], list(data.parent.glob("data.*")))

    def figures(self, operation):
        """Of one that runs; afterwards its result would pass for them."""
        shown = self.farm.weft("operation", "show", operation)
        self.assertEqual(shown["state"], "RUNNING")
        return shown.get("result") or {}

    def test_8_of_two_copies_onto_one_server_the_first_goes_on(self):
        self.take_out()
        first = self.farm.weft("server", "clone", "g1", self.target, "--surrender", "--no-wait",
                               "--method", "logical", "--throttle", "200000")["operation"]["name"]
        self.refused("CLONE_UNDER_WAY", "g1", self.target, "--surrender")
        self.refused("CLONE_UNDER_WAY", "g1", self.target.replace("127.0.0.1", "127.1"), "--surrender")
        harness.wait_until(lambda: self.figures(first).get("rows_done", 0) > 0, 60, "rows under way")
        self.assertGreater(self.figures(first)["bytes_total"], 0)
        self.farm.weft("operation", "cancel", first)
        self.farm.run("operation", "wait", first, "--timeout", "60s")
        self.clone()
        self.put_back()

    def test_3a_an_event_in_a_time_zone_that_the_target_does_not_know_is_refused_before(self):
        self.take_out()
        zone = "INSERT INTO mysql.time_zone (Time_zone_id) VALUES (7)"
        name = "INSERT INTO mysql.time_zone_name VALUES ('Weft/Nowhere', 7)"
        kind = "INSERT INTO mysql.time_zone_transition_type VALUES (7, 0, 3600, 0, 'WNT')"
        primary = self.farm.primary()
        self.sql(primary, "SET SESSION sql_log_bin = OFF", zone, name, kind)
        members = [address for address in self.sockets if address not in (primary, self.target)]
        for address in members:
            self.sql(address, "SET GLOBAL super_read_only = OFF", "SET SESSION sql_log_bin = OFF",
                     zone, name, kind, "SET GLOBAL super_read_only = ON")
        self.sql(primary, "SET SESSION time_zone = 'Weft/Nowhere'",
                 "CREATE EVENT app.far ON SCHEDULE EVERY 1 YEAR DO DO 0")
        self.addCleanup(self.sql, primary, "DROP EVENT app.far")
        self.farm.await_settled()
        self.refused("UNKNOWN_TIME_ZONE", "g1", self.target, "--surrender", "--method", "logical")
        self.assertEqual(self.sql(self.target, "SELECT COUNT(*) > 0 FROM app.rows_of_old"), [["1"]])

    def give_accounts_of_copies(self, socket):
        """To a server that is in no farm, with the passwords that the farm's servers know."""
        for user, host, secret in self.sql(
                self.target, "SELECT user, host, HEX(authentication_string) FROM mysql.user"
                             " WHERE user IN ('weft_manage', 'weft_restore')"):
            by_hand.sql(socket, f"CREATE USER IF NOT EXISTS '{user}'@'{host}'"
                                f" IDENTIFIED WITH caching_sha2_password AS 0x{secret}",
                        f"GRANT ALL ON *.* TO '{user}'@'{host}'")

    def test_8a_the_state_store_is_refused_by_whatever_name(self):
        store = self.farm.layout["store"]["address"]
        socket = self.farm.directory + "/store/mysqld.sock"
        self.give_accounts_of_copies(socket)
        for name in (store, store.replace("127.0.0.1", "127.1")):
            self.refused("TARGET_IS_STORE", "g1", name, "--surrender")
        self.assertEqual(by_hand.sql(socket, "SELECT COUNT(*) > 0 FROM weft.weft_group"), [["1"]])

    def test_9_a_member_is_as_its_recipe_has_it_but_for_what_is_said(self):
        done = self.farm.run("server", "check", self.target, "--role", "member")
        self.assertIn(done.returncode, (0, 8), done.stderr)
        found = harness.parse_last(done.stdout)
        self.assertIn("log_replica_updates=ON", found["recipe"])
        for deviation in found.get("deviations", []):
            self.assertTrue(deviation["why"], deviation)
            self.assertTrue(deviation.get("sql") or deviation.get("config"), deviation)

    def deviation(self, setting, *options):
        """What a check of the target says of one setting; None where it is as the recipe has it."""
        done = self.farm.run("server", "check", self.target, *options)
        self.assertIn(done.returncode, (0, 8), done.stderr)
        found = harness.parse_last(done.stdout)
        found = found if options else found["recipe"]
        return next((one for one in found["deviations"] if one["setting"] == setting), None)

    def test_a_deviation_is_named_and_the_sql_that_is_said_mends_it(self):
        for options in ([], ["--role", "member"]):
            with self.subTest(options):
                self.sql(self.target, "SET GLOBAL sync_binlog = 0")
                deviation = self.deviation("sync_binlog", *options)
                self.assertEqual((deviation["expected"], deviation["found"], deviation["required"]),
                                 ("1", "0", True))
                self.assertEqual(deviation["sql"], "SET PERSIST sync_binlog = 1")
                self.assertEqual(deviation["config"], "sync_binlog=1")
                self.sql(self.target, deviation["sql"])
                self.assertIsNone(self.deviation("sync_binlog", *options))


if __name__ == "__main__":
    cases.main()
