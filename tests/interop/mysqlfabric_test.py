"""The command mysqlfabric, as the scripts of ten years ago call it: tables, JSON and exit codes against a
sandbox's gateway, and a whole node by fabric.cfg."""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import by_hand  # noqa: E402
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

PROGRAM = harness.BINARIES / "services/cli/mysqlfabric"
UUID = "5ca1ab1e-a007-feed-f00d-cab3fe13249e"
HEADER = f"Fabric UUID:  {UUID}\nTime-To-Live: 1\n\n"
FINISHED = ["uuid", "finished", "success", "result"]
STEPS = ["state", "success", "when", "description"]


def write_secretly(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def claim_port():
    """A socket that holds a port below those that clients' connections come from."""
    for port in random.sample(range(20000, 32000), 100):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise harness.Failed("no port is free")


def tables_of(output):
    """The tables of an answer as lists of rows, the names of the columns first."""
    assert output.startswith(HEADER) and output.endswith("\n\n\n"), output
    tables = []
    for block in output[len(HEADER):].rstrip("\n").split("\n\n"):
        names, rule, *rows = block.split("\n")
        columns = [match.span() for match in re.finditer("-+", rule)]
        # As wide as the widest value, and all to the right.
        for line in (names, *rows):
            assert len(line) == len(rule), block
            assert all(line[end:end + 1] in ("", " ") for _, end in columns), block
            assert all(line[end - 1] != " " for _, end in columns), block
        for begin, end in columns:
            assert any(line[begin] != " " for line in (names, *rows)), block
        tables.append([[line[begin:end].strip() for begin, end in columns]
                       for line in (names, *rows)])
    return tables


class MysqlFabric(unittest.TestCase):
    """What both kinds of test have: a folder with a fabric.cfg, and the command."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.config = cls.folder / "fabric.cfg"

    def call(self, *words, config=None, stdin=""):
        return subprocess.run([PROGRAM, f"--config={config or self.config}", *words], input=stdin,
                              capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "TMPDIR": str(self.folder)})

    def answer(self, *words, **options):
        """What a command that succeeds prints."""
        done = self.call(*words, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def table(self, *words):
        """The rows of a command's only table as dictionaries."""
        [[names, *rows]] = tables_of(self.answer(*words))
        return [dict(zip(names, row)) for row in rows]

    def procedure(self, *words):
        """The description of the last step of a command that changes something."""
        finished, steps = tables_of(self.answer(*words))
        self.assertEqual((finished[0], finished[1][1:]), (FINISHED, ["1", "1", "1"]))
        self.assertEqual(steps[0], STEPS)
        # Triggered, begun, ended; several of these where one step brings about the next.
        self.assertEqual([row[:2] for row in steps[1:]],
                         [["3", "2"], ["4", "2"], ["5", "2"]] * ((len(steps) - 1) // 3))
        return steps[-1][3]


class Commands(MysqlFabric):
    """Against a sandbox's gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.farm = harness.Sandbox(cls.folder / "s", servers=2)
        cls.addClassCleanup(cls.farm.down)
        cls.address = cls.farm.layout["gateway"]["xmlrpc"]
        password = clients.read_secret(cls.farm.layout["admin"])
        write_secretly(cls.config, f"[protocol.xmlrpc]\nuser = admin\npassword = {password}\n")

    def call(self, *words, **options):
        return super().call(f"--param=protocol.xmlrpc.address={self.address}", *words, **options)

    def test_a_group_from_its_beginning_to_its_end(self):
        first, second = sorted(self.farm.members())
        # The servers of the sandbox, out of its own group.
        for server in self.table("group", "lookup_servers", "g1"):
            self.procedure("group", "remove", "g1", server["server_uuid"])
        self.assertEqual(self.procedure("group", "create", "G1", "--description=a group"),
                         "Executed action (_create_group).")
        for address in (first, second):
            self.assertEqual(self.procedure("group", "add", "G1", address),
                             "Executed action (_add_server).")
        self.assertEqual(self.procedure("group", "promote", "G1"),
                         "Executed action (_change_to_candidate).")
        servers = self.table("group", "lookup_servers", "G1")
        self.assertEqual([list(row) for row in servers],
                         [["server_uuid", "address", "status", "mode", "weight"]] * 2)
        self.assertEqual(sorted((row["status"], row["mode"], row["weight"]) for row in servers),
                         [("PRIMARY", "READ_WRITE", "1.0"), ("SECONDARY", "READ_ONLY", "1.0")])
        self.assertEqual({row["address"] for row in servers}, {first, second})
        self.healthy("G1")
        self.dumped("G1")
        self.as_json("G1")
        [primary] = [row["server_uuid"] for row in servers if row["status"] == "PRIMARY"]
        [group] = self.table("group", "lookup_groups", "--group_id=G1")
        self.assertEqual(group, {"group_id": "G1", "description": "a group",
                                 "failure_detector": "0", "master_uuid": primary})

    def healthy(self, group):
        health, *_ = tables_of(self.answer("group", "health", group))
        self.assertEqual(health[0][:3], ["uuid", "is_alive", "status"])
        self.assertEqual(sorted(row[1:3] for row in health[1:]), [["1", "PRIMARY"], ["1", "SECONDARY"]])

    def dumped(self, group):
        servers = self.table("dump", "servers", "--patterns", group)
        self.assertEqual(
            [list(row) for row in servers],
            [["server_uuid", "group_id", "host", "port", "mode", "status", "weight"]] * 2)
        self.assertEqual(sorted((row["mode"], row["status"]) for row in servers),
                         [("1", "2"), ("3", "3")])
        [node] = self.table("dump", "fabric_nodes", "--protocol=protocol.xmlrpc")
        self.assertEqual(f"{node['host']}:{node['port']}", self.address)

    def as_json(self, group):
        [envelope], servers = json.loads(
            self.answer("--output=json", "group", "lookup_servers", group))
        self.assertEqual(envelope, {"fabric_uuid": UUID, "ttl": 1, "message": None})
        self.assertEqual(sorted((row["status"], row["weight"]) for row in servers),
                         [("PRIMARY", 1.0), ("SECONDARY", 1.0)])
        done = self.call("--output=json", "group", "lookup_servers", "nowhere")
        self.assertEqual((done.returncode, json.loads(done.stdout)[0][0]["message"]),
                         (1, "Group (nowhere) does not exist."))

    def test_a_wrong_password_is_denied(self):
        wrong = write_secretly(self.folder / "wrong.cfg", "[protocol.xmlrpc]\npassword = wrong\n")
        done = self.call("group", "lookup_groups", config=wrong)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, "", "Permission denied.\n"))

    def test_another_user_is_asked_for_its_password(self):
        done = self.call("group", "lookup_groups", "--user=nobody", stdin="x\n")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertTrue(done.stderr.endswith("Permission denied.\n"), done.stderr)

    def test_mistakes_end_with_2_and_errors_with_1(self):
        for words in (["group", "explode"], ["nothing", "at_all"], ["group", "create"],
                      ["group", "create", "x", "--no-such-option"]):
            done = self.call(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertNotEqual(done.stderr, "")
        done = self.call("group", "lookup_servers", "nowhere")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(done.stdout, HEADER + "Group (nowhere) does not exist.\n\n")

    def test_a_node_that_is_not_there_is_an_error(self):
        done = self.call("--param=protocol.xmlrpc.address=127.0.0.1:1", "manage", "ping")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("127.0.0.1:1", done.stderr)


class Node(MysqlFabric):
    """A node of its own, over MySQL servers alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = cls.folder / "bare"
        cls.addClassCleanup(cls.weft, "down")
        cls.layout = json.loads(cls.weft("up", "--bare", "--servers=1").splitlines()[-1])
        cls.write_config()

    @classmethod
    def weft(cls, verb, *words):
        done = subprocess.run([harness.WEFT, "sandbox", verb, "--dir", cls.sandbox, "-o", "json",
                               *words], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise harness.Failed(f"weft sandbox {verb}: {done.stderr}")
        return done.stdout

    @classmethod
    def write_config(cls):
        store = cls.layout["store"]
        password = clients.read_secret(store)
        # All at once, lest one be given twice.
        sockets = [claim_port() for _ in range(6)]
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        cls.xmlrpc, mysql, *others = (f"127.0.0.1:{port}" for port in ports)
        services = "".join(f"{name} = {address}\n" for name, address in
                           zip(("controller", "monitor", "gateway", "http"), others))
        write_secretly(cls.config, f"""
[DEFAULT]
logs = {cls.folder}
[storage]
address = {store["address"]}
user = {store["user"]}
password = {password}
database = weft
[servers]
user = fabric
password = none-is-called
[protocol.xmlrpc]
address = {cls.xmlrpc}
user = admin
password = admin-of-the-node
[protocol.mysql]
address = {mysql}
[logging]
level = INFO
url = file://%(logs)s/fabric.log
[failure_tracking]
notifications = 3
notification_clients = 1
notification_interval = 20
[weft]
programs = {cls.folder}/bin
rescue_dir = {cls.folder}/rescue
{services}""")
        (cls.folder / "bin").mkdir()
        for target in harness.TARGETS:
            service, _, name = target[2:].partition(":")
            if name.startswith("weft-"):
                (cls.folder / "bin" / name).symlink_to(harness.BINARIES / service / name)

    def running(self):
        """pid -> command line of the node: what names its folder, but not the sandbox's."""
        return {pid: line for pid, line in by_hand.processes_of(self.folder).items()
                if str(self.sandbox) not in line}

    def end(self):
        """Whatever a failed test left."""
        for pid in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        harness.wait_until(lambda: not self.running(), 20, "the node's processes end")

    def test_a_node_is_set_up_runs_and_leaves_nothing(self):
        self.addCleanup(self.end)
        early = self.call("manage", "start", "--daemonize")
        self.assertEqual(early.returncode, 1)
        self.assertIn("manage setup", early.stdout + early.stderr)
        harness.wait_until(lambda: not self.running(), 20, "what could not be used has ended")
        self.assertEqual(self.answer("manage", "setup"),
                         "Password set for admin/xmlrpc from configuration file.\n")
        self.assertIn("exists already", self.answer("manage", "setup"))
        self.assertEqual(self.call("manage", "ping").returncode, 1)
        self.assertEqual(self.answer("manage", "start", "--daemonize"), "")
        controller = [line for line in self.running().values() if "weft-controller" in line]
        self.assertEqual(len(controller), 1, self.running())
        for flag in ("--threat-errors=3", "--threat-reporters=1", "--threat-interval=20s"):
            self.assertIn(flag, controller[0])
        self.serves()
        self.assertGreater(self.tables_in_store(), 0)
        again = self.call("manage", "start", "--daemonize")
        self.assertEqual(again.returncode, 1)
        self.assertIn("runs at", again.stderr)
        # Not under a node that works with it.
        self.assertEqual(self.call("manage", "teardown").returncode, 1)
        self.assertEqual(self.answer("manage", "stop"), HEADER + "\n")
        harness.wait_until(lambda: not self.running(), 20, "the node's processes end")
        self.assertEqual(self.call("manage", "ping").returncode, 1)
        self.assertEqual(self.call("manage", "teardown").returncode, 0)
        self.assertEqual(self.running(), {})
        # Nor the folders that the secrets were in.
        self.assertEqual({entry.name for entry in self.folder.iterdir()},
                         {"bare", "bin", "fabric.cfg", "fabric.log"})
        self.assertEqual(self.tables_in_store(), 0)

    def tables_in_store(self):
        host, port = clients.host_and_port(self.layout["store"]["address"])
        done = subprocess.run(
            [*by_hand.tcp_client(), f"--host={host}", f"--port={port}",
             f"--user={self.layout['store']['user']}", "--execute=SELECT COUNT(*) FROM "
             "information_schema.tables WHERE table_schema = 'weft'"],
            env={**os.environ, "MYSQL_PWD": clients.read_secret(self.layout["store"])},
            stdout=subprocess.PIPE, text=True, timeout=30, check=True)
        return int(done.stdout)

    def serves(self):
        for words in (["ping"], ["logging_level", "mysql.fabric", "DEBUG"]):
            self.assertEqual(self.answer("manage", *words), HEADER + "\n")
        done = self.call("manage", "logging_level", "mysql.fabric", "LOUD")
        self.assertEqual((done.returncode, done.stdout), (1, HEADER + "'LOUD'\n\n"))
        self.assertEqual(self.procedure("group", "create", "G1"),
                         "Executed action (_create_group).")
        self.assertIn("admin", self.answer("user", "list"))
        log = (self.folder / "fabric.log").read_text()
        self.assertIn("controller is up", log)
        self.assertNotIn("admin-of-the-node", log)


if __name__ == "__main__":
    cases.main()
