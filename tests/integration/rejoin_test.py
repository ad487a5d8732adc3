"""How an old primary comes back, on real servers: clean, with transactions of its own, and by whom."""

import pathlib
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

# What is promised of a server that has nothing of its own.
CLEAN_REJOIN_SECONDS = 10
TABLE = "app.by_hand"


class Rejoin(unittest.TestCase):
    """Every case begins and ends with a settled, active group of three."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-it-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        cls.sockets = {server["address"]: server["socket"]
                       for server in cls.farm.layout["groups"][0]["servers"]}
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")
        cls.sql(cls.farm.primary(), f"CREATE TABLE {TABLE} (id INT PRIMARY KEY, word TEXT)",
                f"INSERT INTO {TABLE} VALUES (1, 'kept'), (2, 'kept')")

    def setUp(self):
        self.policy("manual")
        self.farm.await_settled()
        self.writer = harness.Writer(self.farm)
        self.addCleanup(self.writer.__exit__)
        self.writer.moved()

    @classmethod
    def sql(cls, address, *statements):
        return by_hand.sql(cls.sockets[address], *statements)

    def policy(self, rejoin):
        self.farm.weft("group", "set", "g1", f"rejoin={rejoin}")

    def assert_nothing_lost(self):
        audit = self.writer.check()
        self.assertGreater(audit["acked"], 0)
        self.assertEqual((audit["lost"], audit["duplicated"]), (0, 0), audit)

    def assert_all_alike(self):
        """Each server has the primary's GTIDs and rows, once nobody writes."""
        self.writer.__exit__()
        primary = self.farm.primary()
        done = self.sql(primary, "SELECT @@GLOBAL.gtid_executed")[0][0].replace("\\n", "")
        tables = [row[0] for row in self.sql(
            primary, "SELECT CONCAT('`', table_schema, '`.`', table_name, '`') FROM"
            " information_schema.tables WHERE table_schema = 'app' ORDER BY 1")]
        checksums = {}
        for address in self.sockets:
            self.sql(address, f"DO WAIT_FOR_EXECUTED_GTID_SET('{done}', 20)")
            checksums[address] = [self.sql(address, f"CHECKSUM TABLE {table}") for table in tables]
        self.assertEqual(len({str(one) for one in checksums.values()}), 1, checksums)

    def wake_with_writes(self):
        """The primary hangs while clients have sent it writes, and wakes after the failover.
        Returns its address, fenced and set aside."""
        old = self.farm.primary()
        client = subprocess.Popen(
            [*by_hand.client(self.sockets[old]), "--unbuffered", "--force"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        client.stdin.write("SELECT 'in';\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "in\n")
        self.farm.signal(old, signal.SIGSTOP)
        try:
            # It is in the server's socket when it wakes.
            client.stdin.write(f"UPDATE {TABLE} SET word = 'lost' WHERE id = 1;\n"
                               f"SELECT 'told';\n")
            client.stdin.flush()
            self.assertNotEqual(self.writer.moved()["to"], old)
        finally:
            self.farm.signal(old, signal.SIGCONT)
        aside = harness.wait_until(
            lambda: self.aside(old), 20, f"{old} is set aside and its transactions are saved")
        self.assertEqual(aside["status"], "FAULTY")
        self.assertIn("not acknowledged", aside["set_aside"])
        self.assertEqual(self.sql(old, "SELECT @@super_read_only, @@offline_mode")[0], ["1", "0"])
        client.kill()
        self.assertNotIn("told", client.stdout.read())
        return old

    def aside(self, address):
        server = self.farm.server(address)
        return server if "saved as SQL in " in server.get("set_aside", "") else None

    def saved(self, address):
        """What the file says that the record of a server names."""
        place = self.farm.server(address)["set_aside"].partition("saved as SQL in ")[2]
        return pathlib.Path(place.partition(";")[0].partition(":")[2]).read_text()

    def await_back(self, address, timeout):
        began = time.monotonic()
        harness.wait_until(lambda: self.farm.server(address)["status"] == "SECONDARY", timeout,
                           f"{address} is back")
        return time.monotonic() - began

    def test_a_clean_old_primary_is_back_within_ten_seconds(self):
        old = self.farm.primary()
        # Nothing of its own: no write is under way when it dies.
        self.writer.__exit__()
        self.farm.kill(old)
        harness.wait_until(lambda: self.farm.primary() != old, 20, "another primary")
        self.farm.start(old)  # returns when it answers
        took = self.await_back(old, CLEAN_REJOIN_SECONDS)
        states = self.sql(old, "SELECT SERVICE_STATE FROM"
                          " performance_schema.replication_connection_status UNION ALL SELECT"
                          " SERVICE_STATE FROM performance_schema.replication_applier_status")
        self.assertEqual(states, [["ON"], ["ON"]])
        print(f"a clean old primary was back after {took:.1f} s")
        self.farm.await_settled()

    def test_under_manual_it_stays_faulty_until_somebody_says_so(self):
        old = self.wake_with_writes()
        self.assertIn("lost", self.saved(old))
        time.sleep(3)  # nothing happens
        server = self.farm.server(old)
        self.assertEqual(server["status"], "FAULTY")
        self.farm.weft("server", "rejoin", old, "--rewind")
        self.farm.await_settled()
        self.assert_nothing_lost()
        self.assert_all_alike()

    def test_under_rewind_it_comes_back_by_itself(self):
        old = self.wake_with_writes()
        self.policy("rewind")
        print(f"a rewound old primary was back after {self.await_back(old, 30):.1f} s")
        self.farm.await_settled()
        self.assertEqual(self.sql(old, f"SELECT word FROM {TABLE} WHERE id = 1"), [["kept"]])
        self.assert_nothing_lost()
        self.assert_all_alike()

    def test_what_cannot_be_rewound_is_rebuilt_where_the_policy_says_so(self):
        self.policy("rewind_or_rebuild")
        primary = self.farm.primary()
        replica = next(address for address in self.sockets if address != primary)
        self.sql(replica, "SET GLOBAL super_read_only = 0", "CREATE TABLE app.astray (id INT)",
                 "SET GLOBAL super_read_only = 1")
        harness.wait_until(lambda: self.farm.server(replica)["status"] != "SECONDARY", 20,
                           "it is set aside")
        self.await_back(replica, 120)
        self.farm.await_settled()
        self.assertEqual(self.sql(replica, "SHOW TABLES FROM app LIKE 'astray'"), [])
        self.assert_nothing_lost()
        self.assert_all_alike()

    def test_a_heartbeat_too_many_bars_nobody(self):
        primary = self.farm.primary()
        harness.wait_until(
            lambda: self.sql(primary, "SELECT COUNT(*) FROM information_schema.tables"
                             " WHERE table_schema = 'weft_heartbeat'") == [["1"]], 20, "a heartbeat")
        replica = next(address for address in self.sockets if address != primary)
        harness.wait_until(lambda: self.sql(replica, "SELECT COUNT(*) > 0 FROM"
                                            " weft_heartbeat.heartbeat") == [["1"]], 20,
                           "it has arrived")
        self.sql(replica, "SET GLOBAL super_read_only = 0",
                 "UPDATE weft_heartbeat.heartbeat SET beat = beat + 1000000",
                 "SET GLOBAL super_read_only = 1")
        harness.wait_until(lambda: self.farm.server(replica)["status"] != "SECONDARY", 20,
                           "it is set aside")
        print(f"a server with a heartbeat too many was back after "
              f"{self.await_back(replica, 30):.1f} s")
        self.farm.await_settled()
        self.assert_nothing_lost()
        self.assert_all_alike()


if __name__ == "__main__":
    cases.main()
