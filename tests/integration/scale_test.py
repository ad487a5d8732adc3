"""`weft group scale` and `weft group heal` on real servers: up, down with a client on it, healed, whoever dies."""

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

CHECKSUM = "CHECKSUM TABLE app.rows_of_old"


class Scale(unittest.TestCase):
    """A lossless group of three with rows, two provisioners, a provider of local machines. Each case finds it
    whole, and leaves it with the three or with machines in place of what it killed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-sc-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", provisioners=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.there = pathlib.Path(cls.farm.directory, "machines")
        cls.farm.weft("provider", "register", "here", "--type", "local", "--url", str(cls.there))
        cls.sockets = {server["address"]: server["socket"]
                       for server in cls.farm.layout["groups"][0]["servers"]}
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")
        cls.sql(cls.farm.primary(), "CREATE TABLE app.rows_of_old (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)",
                "INSERT INTO app.rows_of_old (word) VALUES ('weft')",
                *["INSERT INTO app.rows_of_old (word) SELECT word FROM app.rows_of_old"] * 12)
        cls.farm.await_settled()

    def setUp(self):
        self.farm.start("provisioner")
        self.farm.start("provisioner-2")
        self.scale(3)
        self.farm.await_settled()
        self.assertEqual(len(self.members()), 3)

    @classmethod
    def sql(cls, address, *statements):
        return by_hand.sql(cls.socket(address), *statements)

    @classmethod
    def socket(cls, address):
        return cls.sockets.get(address) or cls.there / cls.machine_at(address)["uuid"] / "server/mysqld.sock"

    @classmethod
    def machines(cls, *options):
        return cls.farm.weft("machine", "list", *options).get("machines", [])

    @classmethod
    def machine_at(cls, address):
        port = int(address.rpartition(":")[2])
        return next(one for one in cls.machines() if one["addresses"][0]["port"] == port)

    def members(self):
        """address -> record."""
        return {server["address"]: server for server in self.farm.show()["servers"]}

    def scale(self, servers, *options):
        """Waits; returns the operation's result."""
        answer = self.farm.weft("group", "scale", "g1", "--servers", str(servers), "--yes", *options,
                                timeout=300)
        return answer["operation"]["result"] if answer["operation"] else {}

    def begin(self, *words):
        """Does not wait; returns the operation's name."""
        return self.farm.weft("group", *words, "--yes", "--no-wait")["operation"]["name"]

    def operation(self, name):
        return self.farm.weft("operation", "show", name)

    def await_phase(self, name, words):
        """Until the operation is there; Failed where it ends before."""
        def there():
            now = self.operation(name)
            if now["state"] != "RUNNING":
                raise harness.Failed(f"it ended before {words}: {now}")
            return words in now["phase"]
        harness.wait_until(there, 60, words)

    def end_of(self, name):
        self.farm.run("operation", "wait", name, "--timeout", "180s", timeout=200)
        return self.operation(name)

    def refusal(self, *arguments):
        """The error of a command that fails."""
        done = self.farm.run(*arguments, timeout=300)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return harness.parse_last(done.stdout)["error"]

    def check_serves(self, address, weight=1):
        """A member that reads may go to, with the rows, and whose acknowledgement counts."""
        record = self.members()[address]
        self.assertEqual((record["status"], record["mode"], record["weight"]), ("SECONDARY", "READ_ONLY", weight))
        self.assertIn(record["name"], self.farm.show()["acknowledgers"])
        harness.wait_until(lambda: self.members()[address]["health"]["semi_sync_replica"], 20,
                           f"{address} acknowledging")
        primary = self.farm.primary()
        self.sql(primary, "INSERT INTO app.rows_of_old (word) VALUES ('new')")
        done = self.sql(primary, "SELECT @@GLOBAL.gtid_executed")[0][0].replace("\\n", "")
        self.sql(address, f"DO WAIT_FOR_EXECUTED_GTID_SET('{done}', 20)")
        self.assertEqual(self.sql(address, CHECKSUM), self.sql(primary, CHECKSUM))

    def check_all_listed(self):
        """Every machine that there is runs a member, and is listed."""
        listed = {machine["uuid"] for machine in self.machines()}
        self.assertEqual(listed, {machine["uuid"] for machine in self.machines("--provider", "here", "--live")})
        members = self.members()
        for machine in self.machines():
            address = machine["addresses"][0]
            self.assertIn(f"{address['host']}:{address['port']}", members)

    def test_a_dry_run_plans_and_changes_nothing(self):
        answer = self.farm.weft("group", "scale", "g1", "--servers", "5", "--dry-run")
        self.assertEqual([step["kind"] for step in answer["plan"]], ["ADD_SERVER"] * 2)
        self.assertIsNone(answer["operation"])
        answer = self.farm.weft("group", "scale", "g1", "--servers", "2", "--dry-run")
        self.assertEqual([step["kind"] for step in answer["plan"]], ["REMOVE_SERVER"])
        self.assertNotEqual(answer["plan"][0]["address"], self.farm.primary())
        self.assertEqual(self.farm.weft("group", "heal", "g1")["reason"], "nothing is FAULTY")
        self.assertEqual(len(self.members()), 3)

    def test_what_cannot_be_is_refused(self):
        for servers, reason in (("0", "BAD_SERVERS"), ("1", "TOO_FEW_ACKNOWLEDGERS")):
            self.assertEqual(self.refusal("group", "scale", "g1", "--servers", servers)["reason"], reason)
        self.assertEqual(self.refusal("group", "scale", "nope", "--servers", "3")["reason"], "UNKNOWN_GROUP")
        self.assertEqual(self.refusal("group", "scale", "g1", "--servers", "4", "--provider", "moon")["reason"],
                         "UNKNOWN_PROVIDER")

    def test_grows_by_a_member_that_serves_and_shrinks_again_once_its_clients_have_gone(self):
        added = self.scale(4, "--provider", "here", "--weight", "0.5")["added"]
        self.assertEqual(len(added), 1)
        address = added[0]["address"]
        self.check_serves(address, weight=0.5)
        self.check_all_listed()

        with subprocess.Popen(by_hand.client(self.socket(address)), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as client:
            client.stdin.write("SELECT 1;\n")
            client.stdin.flush()
            down = ("scale", "g1", "--servers", "3", "--drain-timeout", "120s")
            self.assertEqual(self.refusal("group", *down)["reason"], "CONFIRMATION_MISSING")
            name = self.begin(*down)
            self.await_phase(name, "1 sessions")
            self.assertEqual(self.members()[address]["mode"], "OFFLINE")
            self.farm.weft("operation", "cancel", name)
            self.assertEqual(self.end_of(name)["state"], "CANCELLED")
            self.check_serves(address, weight=0.5)

            name = self.begin(*down)
            self.await_phase(name, "1 sessions")
            self.assertIn(address, self.members())
            client.stdin.close()
        ended = self.end_of(name)
        self.assertEqual(ended["state"], "SUCCEEDED", ended)
        removed = ended["result"]["removed"]
        self.assertEqual([(one["address"], one["machine_destroyed"]) for one in removed], [(address, True)])
        self.assertNotIn(address, self.members())
        self.assertEqual(self.machines(), [])
        self.assertFalse((self.there / added[0]["machine"]).exists())

    def test_heals_and_never_gets_smaller(self):
        added = self.scale(4)["added"][0]
        self.farm.weft("server", "set", added["server"], "--promotion-rule", "prefer_not")
        running = by_hand.processes_of(self.there / added["machine"])
        self.assertTrue(running)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: self.members()[added["address"]]["status"] == "FAULTY", 60, "FAULTY")
        name = self.begin("heal", "g1")
        fewest = 4
        while self.operation(name)["state"] == "RUNNING":
            fewest = min(fewest, len(self.members()))
        ended = self.end_of(name)
        self.assertEqual(ended["state"], "SUCCEEDED", ended)
        self.assertEqual(fewest, 4)
        result = ended["result"]
        self.assertEqual([one["address"] for one in result["removed"]], [added["address"]])
        address = result["added"][0]["address"]
        self.check_serves(address)
        self.assertEqual(self.members()[address]["promotion_rule"], "PREFER_NOT")
        self.check_all_listed()
        self.assertNotIn("FAULTY", [server["status"] for server in self.members().values()])

    def test_two_lost_servers_are_replaced_by_one_command(self):
        lost = [address for address in self.members() if address != self.farm.primary()]
        for address in lost:
            if address in self.sockets:
                self.farm.kill(address)
            else:
                for pid in by_hand.processes_of(self.there / self.machine_at(address)["uuid"]):
                    os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: [self.members()[address]["status"] for address in lost] == ["FAULTY"] * 2,
                           60, "two FAULTY")
        # A copy of the primary waits for its commits, and these for servers that are gone.
        self.assertEqual(self.refusal("group", "heal", "g1", "--provider", "here")["reason"], "COMMITS_WAIT")
        self.addCleanup(self.farm.weft, "group", "set", "g1", "on_last_acknowledger_lost=wait")
        self.farm.weft("group", "set", "g1", "on_last_acknowledger_lost=continue")
        answer = self.farm.weft("group", "heal", "g1", "--provider", "here", "--yes", timeout=300)
        result = answer["operation"]["result"]
        self.assertEqual({one["address"] for one in result["removed"]}, set(lost))
        for one in result["added"]:
            self.check_serves(one["address"])
        self.check_all_listed()

    def die_in(self, phase, restart):
        name = self.begin("scale", "g1", "--servers", "4")
        self.await_phase(name, phase)
        self.farm.kill_process("provisioner")
        if restart:
            self.farm.start("provisioner")
        ended = self.end_of(name)
        self.assertEqual(ended["state"], "SUCCEEDED", ended)
        self.assertEqual(len(self.members()), 4)
        self.check_serves(ended["result"]["added"][0]["address"])
        self.check_all_listed()

    def test_another_provisioner_goes_on_in_the_making(self):
        self.die_in("create machines", restart=False)

    def test_another_provisioner_goes_on_in_the_clone(self):
        self.die_in("clone 1 of 1", restart=False)

    def test_a_provisioner_goes_on_after_its_own_death(self):
        self.farm.kill_process("provisioner-2")
        self.die_in("clone 1 of 1", restart=True)

    def test_a_provider_that_fails_midway_leaves_nothing(self):
        there = pathlib.Path(self.farm.directory, "small")
        self.farm.weft("provider", "register", "small", "--type", "local", "--url", str(there),
                       "--extra", "ports=25995-25997")
        self.addCleanup(self.farm.weft, "provider", "unregister", "small")
        error = self.refusal("group", "scale", "g1", "--servers", "5", "--provider", "small")
        self.assertEqual(error["reason"], "PROVIDER_QUOTA", error)
        self.assertEqual(self.machines("--provider", "small"), [])
        self.assertEqual(self.machines("--provider", "small", "--live"), [])
        self.assertEqual(len(self.members()), 3)

    def test_a_machine_that_cannot_be_filled_is_destroyed_again(self):
        before = len(self.machines())
        error = self.refusal("group", "scale", "g1", "--servers", "4", "--provider", "here", "--image", "name=5.6")
        self.assertIn("was destroyed again", error["message"])
        self.assertEqual(len(self.machines()), before)
        self.assertEqual(len(self.members()), 3)
        self.check_all_listed()


if __name__ == "__main__":
    cases.main()
