"""A topology that people built by hand, under a running application, is taken over as it is."""

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

# What a client may notice of the take-over: its commits begin to wait for replicas, which connect
# anew for it. A tenth of a second; more on a machine that does much else.
LONGEST_GAP_MS = 500


class ByHand(unittest.TestCase):
    """Three servers of a sandbox that no group owns, replicating as somebody set them up."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-adopt-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        servers = cls.farm.layout["groups"][0]["servers"]
        cls.source, *cls.replicas = [server["address"] for server in servers]
        cls.sockets = {server["address"]: server["socket"] for server in servers}
        for address in cls.sockets:
            cls.farm.weft("group", "remove", "g1", address)
        cls.farm.weft("group", "destroy", "g1")
        cls.forget_what_is_persisted()
        cls.replicate_by_hand()

    @classmethod
    def sql(cls, address, *statements):
        return by_hand.sql(cls.sockets[address], *statements)

    @classmethod
    def forget_what_is_persisted(cls):
        """Neither Weft nor their option files have them start read-only."""
        for socket in cls.sockets.values():
            by_hand.sql(socket, "RESET PERSIST")
            options = pathlib.Path(socket).parent / "my.cnf"
            options.write_text(options.read_text().replace("super-read-only=ON\n", ""))

    @classmethod
    def replicate_by_hand(cls):
        cls.sql(cls.source, "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF",
                "CREATE USER by_hand IDENTIFIED BY 'by hand'",
                "GRANT REPLICATION SLAVE ON *.* TO by_hand")
        host, _, port = cls.source.rpartition(":")
        for replica in cls.replicas:
            cls.sql(replica, f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{host}', "
                    f"SOURCE_PORT = {port}, SOURCE_USER = 'by_hand', SOURCE_PASSWORD = 'by hand', "
                    "SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1", "START REPLICA")

    def starts_read_only(self, address):
        """Whether something is persisted on the server that has it do so."""
        return self.sql(address, "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables"
                        " WHERE VARIABLE_NAME = 'super_read_only'") == [["ON"]]


class Adoption(ByHand):
    """Of a topology as it runs."""

    def assert_untouched(self):
        """Nobody owns the servers, and the source is writable as before."""
        self.assertEqual(self.farm.weft("group", "list")["groups"], [])
        self.assertEqual(self.farm.weft("server", "list")["servers"], [])
        self.assertEqual(self.sql(self.source, "SELECT @@read_only"), [["0"]])
        self.assertFalse(self.starts_read_only(self.source))

    def test_a_running_topology_is_adopted_without_a_write_stop(self):
        with harness.Writer(self.farm) as writer:
            self.assertEqual(writer.moved()["to"], self.source)
            before = writer.status()["acked"]
            harness.wait_until(lambda: writer.status()["acked"] > before + 100, 10, "writes")

            # A dry run says what would be, and touches nothing.
            self.farm.weft("group", "adopt", self.replicas[0], "g1", "--dry-run")
            self.assert_untouched()

            # Any server of the topology will do: its source is found.
            self.farm.weft("group", "adopt", self.replicas[0], "g1")
            group = self.farm.show()
            self.assertEqual({server["address"]: server["status"] for server in group["servers"]},
                             {self.source: "PRIMARY",
                              **{replica: "SECONDARY" for replica in self.replicas}})
            self.farm.await_settled()

            before = writer.status()["acked"]
            harness.wait_until(lambda: writer.status()["acked"] > before + 100, 10, "writes")
            audit = writer.check()
        self.assertEqual((audit["lost"], audit["duplicated"]), (0, 0), audit)
        self.assertEqual(audit["server"], self.source)
        self.assertLess(audit["longest_gap_ms"], LONGEST_GAP_MS, audit)
        self.assert_everything_in_place()
        self.assert_it_fails_over()

    def assert_everything_in_place(self):
        group = self.farm.show()
        self.assertEqual(group["effective_durability"], "lossless")
        self.assertEqual(len(group["acknowledgers"]), len(self.replicas))
        self.assertGreater(group["epoch"], 0)
        for server in group["servers"]:
            health = server["health"]
            if server["address"] == self.source:
                self.assertTrue(health["writable"] and health["semi_sync_source"], health)
            else:
                self.assertEqual((health["source"], health["receiver"], health["writable"]),
                                 (self.source, "on", False))
                self.assertTrue(health["applier_running"] and health["semi_sync_replica"], health)
        for address in (self.source, *self.replicas):
            self.assertTrue(self.starts_read_only(address), address)
        # Weft's own account replicates now, not the one of whoever set it up.
        for replica in self.replicas:
            [[user]] = self.sql(replica, "SELECT user FROM performance_schema."
                                "replication_connection_configuration")
            self.assertNotEqual(user, "by_hand")

    def assert_it_fails_over(self):
        """It is a group like any other."""
        self.farm.weft("group", "activate", "g1")
        with harness.Writer(self.farm) as writer:
            self.assertEqual(writer.moved()["to"], self.source)
            self.farm.kill(self.source)
            self.assertIn(writer.moved()["to"], self.replicas)
            self.assertEqual(writer.check()["lost"], 0)


class AsyncServers(ByHand):
    """Servers that run already, added one by one to an asynchronous group."""

    def heartbeat_period(self, replica):
        [[period]] = self.sql(replica, "SELECT HEARTBEAT_INTERVAL FROM performance_schema."
                              "replication_connection_configuration")
        return float(period)

    def test_they_get_the_heartbeats_and_the_start_that_weft_relies_on(self):
        for replica in self.replicas:
            self.assertGreater(self.heartbeat_period(replica), 1)
        self.farm.weft("group", "create", "g1", "--durability", "async")
        for address in (self.source, *self.replicas):
            self.farm.weft("group", "add", "g1", address)
        self.farm.weft("group", "promote", "g1")
        self.farm.await_settled()
        self.assertEqual(self.farm.primary(), self.source)
        self.assertEqual(self.sql(self.source, "SELECT @@read_only"), [["0"]])
        for replica in self.replicas:
            self.assertEqual(self.heartbeat_period(replica), 0.5)

        # Nobody told Weft to keep the group going: it stays as it comes back.
        self.farm.kill(self.source)
        self.farm.await_gone(self.source)
        self.farm.start(self.source)
        self.assertEqual(self.sql(self.source, "SELECT @@super_read_only"), [["1"]])


if __name__ == "__main__":
    cases.main()
