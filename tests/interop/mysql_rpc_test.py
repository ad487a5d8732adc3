"""MySQL-RPC as its clients speak it: what the original's own tests of it asserted (wrong parameters,
dumps, ping, flags of the handshake, JSON, help, syntax), by Connector/Python, by the mysql and mariadb
programs, and by hand."""

import hashlib
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import by_hand  # noqa: E402
import cases  # noqa: E402
import clients  # noqa: E402

sys.path.insert(0, str(clients.obtain("connector-python-2.1.3")))
import mysql.connector  # noqa: E402
from mysql.connector.constants import ClientFlag  # noqa: E402

UUID = "5ca1ab1e-a007-feed-f00d-cab3fe13249e"
SERVER_COLUMNS = ["server_uuid", "group_id", "host", "port", "mode", "status", "weight"]


def text(row):
    """A row as the connector hands it out, in texts."""
    return [None if field is None else bytes(field).decode() for field in row]


class MysqlRpc(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-mysqlrpc-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.farm = clients.settled_farm(folder.name + "/s")
        cls.addClassCleanup(cls.farm.down)
        cls.host, cls.port = clients.host_and_port(cls.farm.layout["gateway"]["mysql"])
        cls.password = clients.read_secret(cls.farm.layout["admin"])

    def connect(self, **options):
        options = {"user": "admin", "password": self.password, **options}
        connection = mysql.connector.connect(host=self.host, port=self.port, **options)
        self.addCleanup(connection.close)
        return connection

    def call(self, statement, connection=None):
        """[(columns, rows)...] of all result sets."""
        connection = connection or self.connect()
        sets = []
        for result in connection.cmd_query_iter(statement):
            names = [column[0] for column in result["columns"]]
            sets.append((names, [text(row) for row in connection.get_rows()[0]]))
        return sets

    def error_of(self, statement, connection=None):
        with self.assertRaises(mysql.connector.Error) as caught:
            self.call(statement, connection)
        return caught.exception.errno, caught.exception.sqlstate, caught.exception.msg

    def test_a_dump_has_the_information_first(self):
        info, servers = self.call("CALL dump.servers()")
        self.assertEqual(info, (["fabric_uuid", "ttl", "message"], [[UUID, "1", None]]))
        self.assertEqual(servers[0], SERVER_COLUMNS)
        self.assertEqual(sorted(row[5] for row in servers[1]), ["2", "2", "3"])
        self.assertEqual({row[6] for row in servers[1]}, {"1.0"})

    def test_columns_have_the_types_of_the_original(self):
        connection = self.connect()
        types = [[column[1] for column in result["columns"]]
                 for result in connection.cmd_query_iter("CALL dump.servers()")
                 if connection.get_rows()]
        self.assertEqual(types, [[253, 8, 253], [253, 253, 253, 8, 8, 8, 246]])

    def test_a_ping_is_answered(self):
        connection = self.connect()
        connection.ping()
        self.assertTrue(connection.is_connected())
        [info] = self.call("CALL manage.ping()", connection)
        self.assertEqual(info[1], [[UUID, "1", None]])

    def test_a_wrong_parameter_is_told_in_the_message(self):
        [info] = self.call("CALL dump.servers('a', 'b', 'c', 'd')")
        self.assertRegex(info[1][0][2], r"takes at most \d arguments \(\d given\)")
        [info] = self.call("CALL group.lookup_servers('nosuch')")
        self.assertEqual(info[1][0][2], "Group (nosuch) does not exist.")

    def test_unknown_and_unreadable_statements_are_errors(self):
        connection = self.connect()
        self.assertEqual(self.error_of("CALL no.such()", connection),
                         (1106, "HY000", "[Fabric] Unknown Fabric command"))
        for bad in ("CALL dump.servers", "CALL dump.servers(", "CALL servers()",
                    "SHOW CREATE PROCEDURE dump"):
            self.assertEqual(self.error_of(bad, connection),
                             (1149, "42000", "[Fabric] You have an error in your SQL syntax"))

    def test_anything_else_is_ok(self):
        connection = self.connect(database="fabric", autocommit=True)
        for statement in ("SET NAMES utf8", "SELECT 1", "USE fabric", "COMMIT"):
            self.assertNotIn("columns", connection.cmd_query(statement))
        connection.cmd_change_user("admin", self.password)
        self.assertEqual(len(self.call("CALL dump.servers()", connection)), 2)

    def test_json_is_one_field(self):
        connection = self.connect()
        connection.cmd_query("SET format='json'")
        [(names, [[field]])] = self.call("CALL dump.servers()", connection)
        self.assertEqual(names, ["json"])
        info, servers = json.loads(field)
        self.assertEqual(info, [{"fabric_uuid": UUID, "ttl": 1, "message": None}])
        self.assertEqual(set(servers[0]), set(SERVER_COLUMNS))

    def test_another_format_is_refused(self):
        connection = self.connect()
        self.assertEqual(self.error_of("SET format='foo'", connection),
                         (1228, "42000", "[Fabric] Format 'foo' is not supported"))
        # What comes next is its own answer, and no left-over.
        self.assertEqual(len(self.call("CALL dump.servers()", connection)), 2)

    def test_help_is_shown(self):
        connection = self.connect()
        [(names, [[shown]])] = self.call("SHOW CREATE PROCEDURE dump.servers", connection)
        self.assertEqual(names, ["fabric_help"])
        self.assertTrue(shown.startswith("dump servers "))
        self.assertEqual(self.error_of("SHOW CREATE PROCEDURE foo.bar", connection),
                         (1106, "22000", "[Fabric] Fabric command foo.bar does not exists"))

    def test_commands_are_routines(self):
        [(names, rows)] = self.call("SELECT * FROM INFORMATION_SCHEMA.ROUTINES")
        self.assertEqual(names, ["SPECIFIC_NAME", "ROUTINE_CATALOG", "ROUTINE_SCHEMA", "ROUTINE_NAME",
                                 "ROUTINE_TYPE"])
        self.assertIn(["dump.servers", "fabric", "dump", "servers", "FABRIC_COMMAND"], rows)
        self.assertGreaterEqual(len(rows), 65)

    def test_a_group_lives_and_dies(self):
        connection = self.connect()
        info, done, steps = self.call("CALL group.create('shoes', description='red')", connection)
        self.assertIsNone(info[1][0][2])
        self.assertEqual(done[0], ["uuid", "finished", "success", "result"])
        self.assertEqual(done[1][0][1:], ["1", "1", "1"])
        self.assertEqual(steps[1][-1][3], "Executed action (_create_group).")
        [info] = self.call("CALL group.create('shoes')", connection)
        self.assertEqual(info[1][0][2], "GroupError: Group (shoes) already exists.")
        self.assertEqual(len(self.call("CALL group.destroy('shoes')", connection)), 3)

    def test_a_wrong_password_is_refused(self):
        for login in ({"password": "wrong"}, {"user": "nobody"}, {"password": ""}):
            with self.assertRaises(mysql.connector.Error) as caught:
                self.connect(**login)
            self.assertEqual((caught.exception.errno, caught.exception.sqlstate), (1044, "42000"))
            self.assertTrue(caught.exception.msg.startswith("[Fabric] Access denied for user '"))

    def greeted(self):
        """A socket that was greeted, and the greeting without its header."""
        sock = socket.create_connection((self.host, self.port), timeout=10)
        self.addCleanup(sock.close)
        sock.settimeout(10)
        return sock, sock.recv(4096)[4:]

    def test_the_greeting_is_the_originals(self):
        _, greeting = self.greeted()
        self.assertTrue(greeting.startswith(b"\x0a1.5.5-fabric\0"))
        self.assertEqual((greeting[18 + 9:18 + 9 + 7], len(greeting)),
                         (b"\x05\x86\x21\0\0\x02\0", 58))

    def test_a_client_must_have_two_flags(self):
        for missing, name in ((ClientFlag.MULTI_RESULTS, "MULTI_RESULTS"),
                              (ClientFlag.PROTOCOL_41, "PROTOCOL_41")):
            sock, greeting = self.greeted()
            flags = (ClientFlag.MULTI_RESULTS | ClientFlag.PROTOCOL_41 |
                     ClientFlag.SECURE_CONNECTION) & ~missing
            proof = hashlib.sha1(greeting).digest()
            login = struct.pack("<IIB23x", flags, 1 << 24, 33) + b"admin\0\x14" + proof
            sock.sendall(struct.pack("<I", len(login))[:3] + b"\x01" + login)
            self.assertEqual(sock.recv(4096)[4:],
                             b"\xff\xea\x03#42000[Fabric] Client needs CLIENT_%s set" % name.encode())

    def by_program(self, argv):
        done = subprocess.run(
            [*argv, f"--host={self.host}", f"--port={self.port}", "--user=admin", "--batch",
             "--skip-column-names", "--execute=CALL dump.servers(); CALL manage.ping()"],
            capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "MYSQL_PWD": self.password})
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual([len(line) for line in lines], [3, 7, 7, 7, 3])

    def test_the_mysql_program_of_9_7_calls(self):
        # It logs in by a plug-in that must be there: without --plugin-dir it cannot.
        self.by_program(by_hand.tcp_client())

    @unittest.skipUnless(shutil.which("mariadb"), "no mariadb program here (mariadb-client-core)")
    def test_the_mariadb_program_calls(self):
        self.by_program(["mariadb", "--no-defaults"])


if __name__ == "__main__":
    cases.main()
