"""Machines of this host by a real provisioner: made, listed, copied, destroyed, whoever dies when."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import xmlrpc.client

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import cases  # noqa: E402
import harness  # noqa: E402

SECRET = "hunter2-of-the-provider"


class Machines(unittest.TestCase):
    """One sandbox with two provisioners and a provider of local machines; every case leaves no machine."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-mt-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", servers=1, provisioners=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.there = pathlib.Path(cls.farm.directory, "machines")
        cls.farm.weft("provider", "register", "here", "--type", "local", "--url", str(cls.there))
        cls.farm.weft("group", "promote", "g1")
        # So that the only secondary may leave again.
        cls.farm.weft("group", "set", "g1", "--durability", "async")

    def tearDown(self):
        self.farm.start("provisioner")
        self.farm.start("provisioner-2")
        for machine in self.machines():
            self.farm.weft("machine", "destroy", machine["uuid"], "--yes", "--force")
        for snapshot in self.farm.weft("snapshot", "list").get("snapshots", []):
            self.farm.weft("snapshot", "destroy", snapshot["id"], "--yes")

    def machines(self, *options):
        return self.farm.weft("machine", "list", *options).get("machines", [])

    def live(self):
        return self.machines("--provider", "here", "--live")

    def create(self, *options):
        """Makes machines; returns them as listed."""
        answer = self.farm.weft("machine", "create", "here", *options)
        asked = {machine["uuid"] for machine in answer["machines"]}
        return [machine for machine in self.machines() if machine["uuid"] in asked]

    @staticmethod
    def address(machine):
        return f"{machine['addresses'][0]['host']}:{machine['addresses'][0]['port']}"

    def refusal(self, *arguments):
        """The error of a command that fails."""
        done = self.farm.run(*arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return harness.parse_last(done.stdout)["error"]

    def sql(self, machine, statement):
        """What a machine's server says to root at its socket."""
        socket = self.there / machine["uuid"] / "server/mysqld.sock"
        done = subprocess.run([f"{self.farm.directory}/bin/mysql", "-uroot", "-S", socket, "-Ne",
                               statement], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.strip()

    def test_are_made_listed_joined_and_destroyed(self):
        one, two = self.create("--count", "2", "--meta", "rack=7")
        self.assertEqual({one["state"], two["state"]}, {"READY"})
        self.assertEqual(one["meta"]["rack"], "7")
        self.assertEqual([machine["uuid"] for machine in self.live()],
                         [one["uuid"], two["uuid"]])
        self.assertEqual(self.sql(one, "SELECT @@server_uuid"), one["uuid"])
        self.join(one)
        self.check_spared(one)
        self.farm.weft("group", "remove", "g1", self.address(one))
        self.assertEqual(self.refusal("provider", "unregister", "here")["reason"],
                         "PROVIDER_IN_USE")
        self.farm.weft("machine", "destroy", one["uuid"], "--yes")
        self.assertEqual([machine["uuid"] for machine in self.machines()], [two["uuid"]])
        self.assertFalse((self.there / one["uuid"]).exists())

    def check_spared(self, machine):
        """A machine with a member of g1 is not destroyed unforced, nor one of which nobody can tell."""
        destroy = ("machine", "destroy", machine["uuid"])
        for options in (("--yes",), ("--dry-run",)):
            error = self.refusal(*destroy, *options)
            self.assertEqual(error["reason"], "MACHINE_IN_GROUP", error)
            self.assertIn(f"{self.address(machine)} in group g1", error["found"])
        self.farm.kill_process("controller")
        try:
            self.assertEqual(self.refusal(*destroy, "--yes")["reason"], "GROUPS_UNKNOWN")
        finally:
            self.farm.start("controller")
        self.assertEqual(self.sql(machine, "SELECT 1"), "1")

    def test_are_made_all_or_none(self):
        error = self.refusal("machine", "create", "here", "--count", "2", "--image", "name=4.1")
        self.assertEqual(error["reason"], "IMAGE_UNKNOWN", error)
        self.assertEqual(self.machines(), [])
        self.assertEqual(self.live(), [])
        # The server never comes up: its first statements fail.
        script = pathlib.Path(self.folder.name, "broken.sql")
        script.write_text("CREATE NONSENSE;\n", encoding="utf-8")
        self.refusal("machine", "create", "here", "--user-data-file", str(script))
        self.assertEqual(self.machines(), [])
        self.assertEqual(self.live(), [])

    def test_a_cancelled_request_leaves_none(self):
        begun = self.farm.weft("machine", "create", "here", "--count", "8", "--no-wait")
        operation = begun["operation"]["name"]
        harness.wait_until(lambda: len(self.machines()) == 8, 20, "machines listed")
        self.farm.weft("operation", "cancel", operation)
        self.farm.run("operation", "wait", operation)
        self.assertEqual(self.farm.weft("operation", "show", operation)["state"], "CANCELLED")
        self.assertEqual(self.machines(), [])
        self.assertEqual(self.live(), [])

    def kill_midway(self, restart):
        """Kills the provisioner that makes three machines, at every step once; they come to stand."""
        for after in (0.2, 0.8, 1.5):
            begun = self.farm.weft("machine", "create", "here", "--count", "3", "--no-wait")
            time.sleep(after)
            self.farm.kill_process("provisioner")
            if restart:
                self.farm.start("provisioner")
            listed = {machine["uuid"] for machine in self.machines()}
            self.assertGreaterEqual(listed, {machine["uuid"] for machine in self.live()})
            self.farm.weft("operation", "wait", begun["operation"]["name"], "--timeout", "60s")
            machines = self.machines()
            self.assertEqual([machine["state"] for machine in machines], ["READY"] * 3)
            for machine in machines:
                self.assertEqual(self.sql(machine, "SELECT 1"), "1")
            self.assertEqual({machine["uuid"] for machine in machines},
                             {machine["uuid"] for machine in self.live()})
            for machine in machines:
                self.farm.weft("machine", "destroy", machine["uuid"], "--yes")
            self.farm.start("provisioner")

    def test_another_provisioner_goes_on_where_one_dies(self):
        self.kill_midway(restart=False)

    def test_a_provisioner_goes_on_after_its_own_death(self):
        self.farm.kill_process("provisioner-2")
        self.kill_midway(restart=True)

    def test_destroying_outlives_the_provisioner(self):
        machine = self.create()[0]
        begun = self.farm.weft("machine", "destroy", machine["uuid"], "--yes", "--no-wait")
        self.farm.kill_process("provisioner")
        self.farm.weft("operation", "wait", begun["operation"]["name"], "--timeout", "60s")
        self.assertEqual(self.machines(), [])
        self.assertEqual(self.live(), [])

    def test_a_repeated_request_makes_one(self):
        for _ in range(2):
            self.farm.weft("machine", "create", "here", "--request-id", "the-same")
        self.assertEqual(len(self.machines()), 1)

    def test_snapshots_are_taken_kept_and_restored(self):
        machine = self.create()[0]
        self.sql(machine, "SET GLOBAL super_read_only=OFF; CREATE DATABASE d; "
                          "CREATE TABLE d.t (a INT PRIMARY KEY); INSERT INTO d.t VALUES (1),(2)")
        for _ in range(3):
            self.farm.weft("snapshot", "create", machine["uuid"], "--keep", "2")
        snapshots = self.farm.weft("snapshot", "list")["snapshots"]
        self.assertEqual(len(snapshots), 2)
        self.sql(machine, "INSERT INTO d.t VALUES (3)")
        restored = self.farm.weft("snapshot", "restore", snapshots[0]["id"])["machine"]["uuid"]
        other = next(m for m in self.machines() if m["uuid"] == restored)
        self.assertEqual(self.sql(other, "SELECT COUNT(*) FROM d.t"), "2")
        self.assertEqual(self.sql(other, "SELECT @@server_uuid"), restored)
        self.assertEqual(self.sql(other, "SELECT @@super_read_only"), "1")
        self.assertEqual(self.sql(other, "SELECT @@gtid_executed != ''"), "1")

        damaged = self.there / "snapshots" / snapshots[1]["id"] / "data/ibdata1"
        with damaged.open("r+b") as file:
            file.seek(100)
            file.write(b"damage")
        error = self.refusal("snapshot", "restore", snapshots[1]["id"])
        self.assertEqual(error["reason"], "SNAPSHOT_DAMAGED", error)
        self.assertEqual(len(self.machines()), 2)

    def test_a_restored_replica_stays_what_was_saved(self):
        self.join(machine := self.create()[0])
        self.farm.weft("snapshot", "create", machine["uuid"])
        name = self.farm.weft("snapshot", "list")["snapshots"][0]["id"]
        restored = self.farm.weft("snapshot", "restore", name)["machine"]["uuid"]
        other = next(one for one in self.machines() if one["uuid"] == restored)
        channels = "SELECT COUNT(*) FROM performance_schema.replication_connection_configuration"
        self.assertEqual((self.sql(machine, channels), self.sql(other, channels)), ("1", "0"))
        # Its source was never asked for anything.
        logs = [self.there / uuid / "server/mysqld.log" for uuid in (machine["uuid"], restored)]
        self.assertEqual(["connected to source" in log.read_text() for log in logs], [True, False])
        self.farm.weft("group", "remove", "g1", self.address(machine))
        self.join(other)
        persisted = "SELECT COUNT(*) FROM performance_schema.persisted_variables WHERE VARIABLE_NAME LIKE 'skip%'"
        self.assertEqual(self.sql(other, persisted), "0")
        self.farm.weft("group", "remove", "g1", self.address(other))

    def join(self, machine):
        self.farm.weft("group", "add", "g1", self.address(machine))
        self.farm.await_settled()
        self.assertEqual(self.farm.server(self.address(machine))["status"], "SECONDARY")

    def register_with_secret(self, name):
        """A provider that has a password."""
        password = pathlib.Path(self.folder.name, "password")
        password.write_text(SECRET, encoding="utf-8")
        password.chmod(0o600)
        self.farm.weft("provider", "register", name, "--type", "null", "--url", "http://cloud/",
                       "--provider-user", "jane", "--provider-password-file", str(password))
        self.addCleanup(self.farm.weft, "provider", "unregister", name)

    def test_secrets_are_encrypted_and_never_shown(self):
        self.register_with_secret("cloud")
        shown = self.farm.weft("provider", "list")
        self.assertNotIn(SECRET, json.dumps(shown))
        cloud = next(one for one in shown["providers"] if one["id"] == "cloud")
        self.assertTrue(cloud["has_password"])
        self.farm.weft("provider", "check", "cloud")
        store = self.farm.layout["store"]
        host, port = store["address"].split(":")
        done = subprocess.run(
            [f"{self.farm.directory}/bin/mysql", f"-h{host}", f"-P{port}", f"-u{store['user']}",
             "weft", "-Ne", "SELECT password FROM provider WHERE id = 'cloud'"],
            env={**os.environ, "MYSQL_PWD": pathlib.Path(store["password_file"]).read_text()},
            capture_output=True, text=True, timeout=60, check=True)
        self.assertTrue(done.stdout.startswith("aes256gcm$"), done.stdout)
        self.assertNotIn(SECRET, done.stdout)
        logs = "".join(path.read_text(errors="replace")
                       for path in pathlib.Path(self.farm.directory, "log").iterdir())
        self.assertNotIn(SECRET, logs)

    def test_a_store_that_was_lost_lists_them_again(self):
        self.register_with_secret("sealed")
        machine = self.create()[0]
        self.farm.weft("snapshot", "create", machine["uuid"])
        listed = self.farm.weft("snapshot", "list")["snapshots"]
        file = pathlib.Path(self.folder.name, "backup")
        taken = self.farm.weft("manage", "backup", str(file))
        self.assertEqual((taken["groups"], taken["machines"]), (1, 1))
        self.assertNotIn(SECRET, file.read_text(encoding="utf-8"))
        kept = self.refusal("manage", "teardown", "--yes")
        self.assertEqual((kept["reason"], kept["found"]), ("MACHINES_LISTED", machine["uuid"]))
        self.farm.empty_store()
        self.farm.await_leader()
        self.assertEqual(self.machines(), [])
        later = self.refusal("machine", "show", machine["uuid"])
        self.assertEqual(later["reason"], "UNKNOWN_MACHINE")
        self.farm.weft("manage", "restore", str(file), "--yes")
        self.assertEqual(self.machines(), [machine])
        self.assertEqual(self.farm.weft("snapshot", "list")["snapshots"], listed)
        self.farm.weft("provider", "check", "sealed")  # its password can be opened
        self.farm.weft("machine", "destroy", machine["uuid"], "--yes")
        self.assertFalse((self.there / machine["uuid"]).exists())
        self.farm.await_settled()

    def test_callers_need_the_right(self):
        password = pathlib.Path(self.folder.name, "joe")
        password.write_text("password-of-joe", encoding="utf-8")
        password.chmod(0o600)
        self.farm.weft("user", "create", "joe", "--roles", "observation", "--new-password-file",
                       str(password))
        self.addCleanup(self.farm.weft, "user", "delete", "joe", "--yes")
        login = ("--user", "joe", "--password-file", str(password))
        refused = harness.wait_until(
            lambda: self.refusal("machine", "list", *login)["reason"], 10, "a refusal")
        harness.wait_until(lambda: self.refusal("machine", "list", *login)["reason"] == "NO_RIGHT",
                           10, f"joe to be known and refused, not {refused}")
        self.farm.weft("user", "roles", "joe", "superadmin")
        harness.wait_until(lambda: self.farm.run("machine", "list", *login).returncode == 0, 10,
                           "joe to be let in")
        password.write_text("wrong", encoding="utf-8")
        self.assertEqual(self.refusal("machine", "list", *login)["reason"], "WRONG_LOGIN")

    def test_unknown_things_are_refused_by_name(self):
        self.assertEqual(self.refusal("machine", "create", "nowhere")["reason"], "UNKNOWN_PROVIDER")
        self.assertEqual(self.refusal("machine", "show", "nobody")["reason"], "UNKNOWN_MACHINE")
        self.assertEqual(self.refusal("machine", "destroy", "nobody", "--yes")["reason"],
                         "UNKNOWN_MACHINE")
        self.assertEqual(self.refusal("snapshot", "restore", "none")["reason"], "UNKNOWN_SNAPSHOT")
        self.assertEqual(self.refusal("provider", "register", "x", "--type", "moon")["reason"],
                         "UNKNOWN_PROVIDER_TYPE")
        self.assertEqual(self.refusal("provider", "register", "x", "--type", "local", "--url",
                                      "relative")["reason"], "BAD_PROVIDER")
        self.assertEqual(self.refusal("provider", "register", "here", "--type", "null")["reason"],
                         "PROVIDER_EXISTS")


class Wire(unittest.TestCase):
    """Fabric's commands of providers and machines, by XML-RPC."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-mw-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", servers=1)
        cls.addClassCleanup(cls.farm.__exit__)
        pathlib.Path(cls.folder.name, "fab").write_text("fabric-password", encoding="utf-8")
        pathlib.Path(cls.folder.name, "fab").chmod(0o600)
        cls.farm.weft("user", "create", "fab", "--roles", "superadmin", "--new-password-file",
                      cls.folder.name + "/fab")
        url = f"http://{cls.farm.layout['gateway']['xmlrpc']}/RPC2"
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, url, "fab", "fabric-password")
        cls.opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(manager))
        cls.url = url
        harness.wait_until(cls.logged_in, 10, "the gateway to know the user")

    @classmethod
    def logged_in(cls):
        try:
            return cls.call("manage.ping") is not None
        except OSError:
            return False

    @classmethod
    def call(cls, method, *arguments):
        """(error, result sets) of a command."""
        body = xmlrpc.client.dumps(arguments, method, allow_none=True).encode()
        request = urllib.request.Request(cls.url, body, {"Content-Type": "text/xml"})
        with cls.opener.open(request, timeout=60) as answer:
            ((version, _, _, error, sets),), _ = xmlrpc.client.loads(answer.read())
        assert version == 1
        return error, sets

    def rows(self, method, *arguments):
        error, sets = self.call(method, *arguments)
        self.assertEqual(error, "")
        return sets[0]["rows"]

    def error(self, method, *arguments):
        return self.call(method, *arguments)[0]

    def test_is_as_the_captures_of_the_original(self):
        self.assertEqual(self.rows("provider.list"), [])
        self.assertEqual(self.error("provider.register", "os", "u", "p", "http://127.0.0.1:1/", None,
                                    "MOON"),
                         "ProviderError: Provider type (MOON) is not supported yet.")
        self.assertTrue(self.rows("provider.register", "np", "u", "p", "http://127.0.0.1:1/", None,
                                  "NULLPROVIDER")[0][2])
        self.assertEqual(self.rows("provider.list"),
                         [["np", "NULLPROVIDER", "u", "http://127.0.0.1:1/", "None", "None", "None",
                           "None"]])
        self.assertEqual(self.error("provider.register", "np", "u", "p", "x", None, "NULLPROVIDER"),
                         "ProviderError: Provider (np) already exists.")
        self.assertEqual(self.rows("server.list", "np"), [])
        error, sets = self.call("server.create", "np", ["name=i"], ["name=f"])
        self.assertEqual(error, "")
        machine = sets[0]["rows"][0][3][0]
        self.assertEqual((machine["provider_id"], machine["addresses"], machine["av_zone"]),
                         ("np", "127.0.0.1", "av_zone:host"))
        self.assertIn("_create_machine", str(sets[1]["rows"]))
        self.assertEqual(self.rows("server.list", "np"),
                         [[machine["uuid"], "np", "av_zone:host", "127.0.0.1"]])
        self.assertEqual(self.error("snapshot.create", "np", "nomachine"),
                         "MachineError: Machine (nomachine) does not exist.")
        self.assertEqual(self.error("snapshot.destroy", "np", "nomachine"),
                         "MachineError: Machine (nomachine) does not exist.")
        self.assertEqual(self.error("provider.unregister", "np"),
                         "ProviderError: There are machines associated to the provider (np).")
        name = self.rows("snapshot.create", "np", machine["uuid"])[0][3]
        self.assertTrue(name.startswith(f"snapshot-{machine['uuid']}-"), name)
        self.assertTrue(self.rows("snapshot.destroy", "np", machine["uuid"])[0][2])
        self.assertEqual(self.error("server.create", "none"), "Provider (none) does not exist.")
        self.assertEqual(self.error("server.list", "np", ["name=x"]),
                         "Filters are only supported when the 'skip_store' option is set.")
        self.assertTrue(self.rows("server.destroy", "np", machine["uuid"])[0][2])
        self.assertTrue(self.rows("provider.unregister", "np")[0][2])
        self.assertEqual(self.rows("provider.list"), [])

    def test_server_clone_fills_a_machine_from_the_group(self):
        self.farm.weft("group", "promote", "g1")
        self.farm.weft("provider", "register", "here", "--type", "local", "--url",
                       self.folder.name + "/machines")
        self.farm.weft("machine", "create", "here", timeout=180)
        (machine,) = self.farm.weft("machine", "list")["machines"]
        self.addCleanup(self.farm.weft, "machine", "destroy", machine["uuid"], "--yes", "--force")
        ((address,),) = [json.loads(row[3])["loopback"] for row in self.rows("server.list", "here")]
        done = self.rows("server.clone", "g1", address)[0]
        self.assertTrue(done[2], done)
        self.farm.weft("group", "add", "g1", address)
        self.farm.await_settled()
        self.assertEqual(self.farm.server(address)["status"], "SECONDARY")
        self.assertIn("is already part of group (g1)", self.error("server.clone", "g1", address))


if __name__ == "__main__":
    cases.main()
