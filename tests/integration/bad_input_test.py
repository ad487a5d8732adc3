"""Whatever people get wrong: an error that says what to do, an exit code for it, and no harm."""

import pathlib
import signal
import socket
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
from bad_input_table import (  # noqa: E402
    ATTENTION, CONFLICT, FAILED, INTERRUPTED, NOT_FOUND, PERMISSION, TABLE, USAGE)

# Why a promotion is refused where one whose client was interrupted began or ended only now.
LATE = ("INTENT_PENDING", "ALREADY_PRIMARY")


def mount_disk(case, size):
    """A disk of that size, for the case; skips it where nothing may be mounted."""
    folder = tempfile.TemporaryDirectory(prefix="weft-disk-")
    case.addCleanup(folder.cleanup)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder.name],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        case.skipTest(f"NO FULL DISK TRIED: {mounted.stderr.strip()}")
    # A process that was killed a moment ago may not be gone yet.
    case.addCleanup(harness.wait_until,
                    lambda: subprocess.run(["umount", folder.name], check=False).returncode == 0,
                    10, f"{folder.name} is used by nobody")
    return pathlib.Path(folder.name)


class BadInput(unittest.TestCase):
    """One farm for all: g1 has a primary, g2 has none. Nothing here may change it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-bad-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s", servers=2, groups=2)
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.await_settled()
        cls.primary = cls.farm.primary()
        cls.secondary = next(a for a in cls.farm.members() if a != cls.primary)
        cls.stranger_record = cls.farm.layout["groups"][1]["servers"][0]
        cls.sockets = {s["address"]: s["socket"]
                       for g in cls.farm.layout["groups"] for s in g["servers"]}
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            cls.places = {"primary": cls.primary, "secondary": cls.secondary,
                          "stranger": cls.stranger_record["address"],
                          "store": cls.farm.layout["store"]["address"],
                          "closed": closed.getsockname()[1]}

    def record(self):
        """All that the store says of groups and servers, revisions included."""
        groups = self.farm.weft("group", "list")["groups"]
        servers = self.farm.weft("server", "list")["servers"]
        for server in servers + [s for g in groups for s in g.get("servers", [])]:
            server.pop("health", None)
        for group in groups:
            group.pop("effective_durability", None)
        return groups, servers

    def place(self, command):
        words = command.split() if isinstance(command, str) else command
        return [word.format(**self.places) for word in words]

    def assert_told(self, done, code, reason):
        """Exit code, and an error with all that a person needs; returns the error."""
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        error = harness.parse_last(done.stdout)["error"]
        self.assertEqual(error["reason"], reason, said)
        self.assertIn("error: ", done.stderr)
        self.assertIn(error["message"].splitlines()[0], done.stderr)
        return error

    def assert_refused(self, code, reason, command):
        before = self.record()
        error = self.assert_told(self.farm.run(*self.place(command)), code, reason)
        self.assertEqual(self.record(), before)
        return error

    def assert_helpful(self, error):
        for field in ("message", "expected", "found", "next_step"):
            self.assertTrue(error[field], f"'{field}' is empty: {error}")

    # --- a request id

    def test_a_request_id_of_another_request_is_refused_and_a_repeated_one_acts_once(self):
        self.farm.weft("group", "set", "g2", "--description", "one", "--request-id", "bad-input-1")
        done = self.farm.run("group", "activate", "g2", "--request-id", "bad-input-1")
        self.assert_helpful(self.assert_told(done, USAGE, "REQUEST_ID_REUSED"))
        before = self.record()
        self.farm.weft("group", "set", "g2", "--description", "one", "--request-id", "bad-input-1")
        self.assertEqual(self.record(), before)

    # --- logins

    def password_file(self, text, mode=0o600):
        path = pathlib.Path(self.folder.name, f"password-{time.monotonic_ns()}")
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def test_a_wrong_password_is_refused(self):
        file = self.password_file("not it\n")
        self.assert_helpful(self.assert_refused(
            PERMISSION, "WRONG_LOGIN",
            ["group", "list", "--user", "admin", "--password-file", file]))

    def test_a_password_file_that_others_may_read_is_refused(self):
        file = self.password_file("secret-that-leaks\n", 0o644)
        done = self.farm.run("group", "list", "--user", "admin", "--password-file", file)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn(file, done.stderr)
        self.assertNotIn("secret-that-leaks", done.stdout + done.stderr)

    def test_a_password_file_that_is_missing_or_empty_is_named(self):
        for file in (self.folder.name + "/nosuch", self.password_file("")):
            with self.subTest(file=file):
                done = self.farm.run("group", "list", "--user", "admin", "--password-file", file)
                self.assertIn(done.returncode, (USAGE, NOT_FOUND), done.stderr)
                self.assertIn(file, done.stderr)

    def test_a_sandbox_that_is_none_is_named(self):
        done = subprocess.run([harness.WEFT, "group", "list", "--sandbox", "/nosuch", "-o", "json"],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assert_helpful(self.assert_told(done, NOT_FOUND, "NO_SANDBOX"))

    # --- servers that are not fit

    def with_a_server_of_g2_outside(self):
        """Takes the stranger out of its group for the test; returns its address and socket."""
        address = self.stranger_record["address"]
        self.farm.weft("group", "remove", "g2", address)
        self.addCleanup(self.farm.weft, "group", "add", "g2", address)
        return address, self.stranger_record["socket"]

    def test_a_server_without_gtids_is_named_with_the_sql_that_mends_it(self):
        address, by_socket = self.with_a_server_of_g2_outside()
        by_hand.sql(by_socket, "SET GLOBAL gtid_mode = ON_PERMISSIVE")
        self.addCleanup(by_hand.sql, by_socket, "SET GLOBAL gtid_mode = ON")
        checked = self.farm.run("server", "check", address, "g1")
        self.assertEqual(checked.returncode, ATTENTION, checked.stdout + checked.stderr)
        problem = next(p for p in harness.parse_last(checked.stdout)["problems"]
                       if p["code"] == "GTID_MODE_OFF")
        self.assertEqual((problem["found"], problem["fatal"]), ("ON_PERMISSIVE", True))
        self.assertIn("SET GLOBAL gtid_mode = ON", problem["remedy"])
        self.assert_refused(FAILED, "GTID_MODE_OFF", ["group", "add", "g1", address])

    def test_a_server_with_transactions_of_its_own_is_refused_and_a_clone_offered(self):
        address, by_socket = self.with_a_server_of_g2_outside()
        by_hand.sql(by_socket, "SET GLOBAL super_read_only = OFF", "CREATE DATABASE astray",
                    "DROP DATABASE astray", "SET GLOBAL super_read_only = ON")
        self.addCleanup(by_hand.sql, by_socket, "SET GLOBAL super_read_only = OFF",
                        "RESET BINARY LOGS AND GTIDS", "SET GLOBAL super_read_only = ON")
        checked = self.farm.weft("server", "check", address, "g1", check=False)
        self.assertIn("ERRANT_TRANSACTIONS", [p["code"] for p in checked["problems"]])
        self.assertTrue(checked["clone_would_help"])
        self.assert_refused(FAILED, "ERRANT_TRANSACTIONS", ["group", "add", "g1", address])

    def test_a_server_that_refuses_wefts_password_is_named_with_its_account(self):
        address, by_socket = self.with_a_server_of_g2_outside()
        [[user]] = by_hand.sql(by_socket,
                               "SELECT user FROM mysql.user WHERE user LIKE '%manage'")
        by_hand.sql(by_socket, "SET SESSION sql_log_bin = 0", "SET GLOBAL super_read_only = OFF",
                    f"ALTER USER '{user}'@'%' ACCOUNT LOCK", "SET GLOBAL super_read_only = ON")
        self.addCleanup(by_hand.sql, by_socket, "SET SESSION sql_log_bin = 0",
                        "SET GLOBAL super_read_only = OFF",
                        f"ALTER USER '{user}'@'%' ACCOUNT UNLOCK", "SET GLOBAL super_read_only = ON")
        before = self.record()
        done = self.farm.run("group", "add", "g1", address)
        self.assertIn(done.returncode, (FAILED, PERMISSION), done.stdout + done.stderr)
        self.assertIn(user, done.stderr)
        self.assertEqual(self.record(), before)

    def test_a_server_of_mysql_5_6_may_not_follow_one_of_9_7(self):
        old = self.folder.name + "/old"
        up = self.farm.run("sandbox", "up", "--dir", old, "--bare", "--servers", "1",
                           "--mysql", "5.6")
        self.assertEqual(up.returncode, 0, up.stderr)
        self.addCleanup(self.farm.run, "sandbox", "down", "--dir", old)
        server = harness.parse_last(up.stdout)["groups"][0]["servers"][0]
        before = self.record()
        # First its accounts have other passwords than those of this farm.
        done = self.farm.run("group", "add", "g1", server["address"])
        self.assertIn(done.returncode, (FAILED, PERMISSION), done.stdout + done.stderr)
        # Then they have the same.
        for secret in pathlib.Path(self.farm.directory, "secrets").iterdir():
            by_hand.sql(server["socket"], "SET SESSION sql_log_bin = 0",
                        f"UPDATE mysql.user SET password = PASSWORD('{secret.read_text().strip()}')"
                        f" WHERE user = 'weft_{secret.name}'", "FLUSH PRIVILEGES")
        done = self.farm.run("group", "add", "g1", server["address"])
        error = self.assert_told(done, FAILED, "VERSION_OLDER")
        self.assertIn("5.6.24", error["found"] + error["message"])
        self.assertEqual(self.record(), before)

    # --- the state store

    def test_a_store_of_a_newer_schema_is_refused(self):
        store = self.farm.layout["store"]
        by_socket = next(pathlib.Path(self.farm.directory).glob("store/**/*.sock"), None) \
            or self.farm.directory + "/store/mysql.sock"
        database = by_hand.sql(by_socket, "SELECT table_schema FROM information_schema.tables "
                               "WHERE table_name = 'schema_version'")[0][0]
        before = self.record()
        by_hand.sql(by_socket, f"INSERT INTO {database}.schema_version (version, name) "
                    "VALUES (999, 'from the future')")
        try:
            done = self.farm.run("manage", "setup")
            error = self.assert_told(done, FAILED, "SCHEMA_NEWER")
            self.assert_helpful(error)
            self.assertIn("999", error["found"])
        finally:
            by_hand.sql(by_socket, f"DELETE FROM {database}.schema_version WHERE version = 999")
        harness.wait_until(lambda: self.farm.run("manage", "setup").returncode == 0, 10,
                           f"the store at {store['address']} is accepted again")
        self.assertEqual(self.record(), before)

    # --- ports

    def test_a_process_that_cannot_serve_says_why_and_ends(self):
        table = [(["--listen=" + self.places["primary"]], "Address already in use"),
                 (["--listen=0.0.0.0:0"], "TLS certificate"),
                 (["--listen=nonsense"], "malformed address"),
                 (["--listen=127.0.0.1:0", "--admin-password-file=/nosuch"], "/nosuch"),
                 (["--frobnicate"], "frobnicate")]
        for binary in ("services/controller/weft-controller", "services/gateway/weft-gateway",
                       "services/monitor/weft-monitor",
                       "services/provisioner/weft-provisioner"):
            for flags, word in table:
                with self.subTest(binary=binary, flags=flags):
                    done = subprocess.run([harness.BINARIES / binary, *flags], text=True,
                                          capture_output=True, timeout=30, check=False)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn(word, done.stderr)

    def test_a_controller_without_logins_serves_this_machine_only(self):
        done = subprocess.run([harness.BINARIES / "services/controller/weft-controller",
                               "--listen=0.0.0.0:0", "--insecure"], text=True,
                              capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--admin-password-file", done.stderr)

    def test_a_server_whose_port_was_taken_meanwhile_is_not_started(self):
        address = self.stranger_record["address"]
        self.farm.weft("sandbox", "stop-server", "--dir", self.farm.directory, address)
        self.addCleanup(self.farm.start, address)
        with socket.socket() as squatter:
            squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            squatter.bind(("127.0.0.1", int(address.rpartition(":")[2])))
            squatter.listen()
            done = self.farm.run("sandbox", "start-server", "--dir", self.farm.directory, address)
            error = self.assert_told(done, CONFLICT, "PORT_IN_USE")
            self.assert_helpful(error)
            self.assertIn(address.rpartition(":")[2], error["message"] + error["found"])

    # --- folders of sandboxes

    def test_two_sandboxes_do_not_share_a_folder(self):
        before = self.farm.status()
        done = self.farm.run("sandbox", "up", "--dir", self.farm.directory)
        self.assert_helpful(self.assert_told(done, CONFLICT, "SANDBOX_EXISTS"))
        self.assertEqual(self.farm.status(), before)

    def test_a_folder_with_other_files_is_left_alone(self):
        folder = pathlib.Path(self.folder.name, "mine")
        folder.mkdir()
        (folder / "letter.txt").write_text("dear")
        for verb in ("up", "down"):
            done = self.farm.run("sandbox", verb, "--dir", str(folder))
            self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
            self.assertIn(str(folder), done.stderr)
            self.assertEqual([p.name for p in folder.iterdir()], ["letter.txt"])

    def test_a_mysql_that_is_none_leaves_nothing_behind(self):
        folder = pathlib.Path(self.folder.name, "none")
        for which in ("/bin/true", "/nosuch/mysqld", "3.23"):
            with self.subTest(mysql=which):
                done = self.farm.run("sandbox", "up", "--dir", str(folder), "--mysql", which)
                self.assertIn(done.returncode, (FAILED, USAGE, NOT_FOUND), done.stderr)
                self.assertIn(which, done.stderr)
                self.assertFalse(folder.exists())

    def test_a_full_disk_is_said_and_leaves_nothing_behind(self):
        disk = mount_disk(self, "48m")
        done = self.farm.run("sandbox", "up", "--dir", str(disk / "s"), "--bare", "--servers", "1")
        self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
        self.assertRegex(done.stderr, "(?i)disk|space")
        self.assertEqual(list(disk.iterdir()), [])
        self.assertEqual(by_hand.processes_of(disk), {})

    # --- Ctrl-C

    @staticmethod
    def reason_of(out):
        return harness.parse_last(out.strip())["error"]["reason"]

    def test_ctrl_c_in_the_middle_of_sandbox_up_leaves_nothing_behind(self):
        folder = pathlib.Path(self.folder.name, "halfway")
        up = subprocess.Popen([harness.WEFT, "sandbox", "up", "--dir", folder, "--servers", "1"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        harness.wait_until(lambda: any("mysqld" in line for line in
                                       by_hand.processes_of(folder).values()), 30, "a mysqld of it")
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=60)
        self.assertEqual(up.returncode, INTERRUPTED, said)
        self.assertFalse(folder.exists())
        self.assertEqual(by_hand.processes_of(folder), {})

    def test_ctrl_c_in_the_middle_of_a_promotion_leaves_one_primary(self):
        for delay in (0.0, 0.02, 0.05, 0.1):
            with self.subTest(delay=delay):
                old = self.farm.primary()
                target = next(a for a in self.farm.members() if a != old)
                command = subprocess.Popen(
                    [harness.WEFT, "group", "promote", "g1", target, "--sandbox",
                     self.farm.directory, "-o", "json"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                time.sleep(delay)  # any instant will do: each is one at which somebody gives up
                command.send_signal(signal.SIGINT)
                out, said = command.communicate(timeout=60)
                if command.returncode not in (0, INTERRUPTED, -signal.SIGINT):
                    self.assertIn(self.reason_of(out), LATE, out + said)
                self.farm.await_settled()
                self.assertIn(self.farm.primary(), (old, target))
                if command.returncode == 0:
                    self.assertEqual(self.farm.primary(), target)
        # What the other cases count on. What a client asked for before it was interrupted may reach the
        # controller after it.
        def returned():
            if self.farm.primary() == self.primary:
                return True
            promoted = self.farm.run("group", "promote", "g1", self.primary)
            if promoted.returncode != 0:
                self.assertIn(self.reason_of(promoted.stdout), LATE, promoted.stderr)
            self.farm.await_settled()
            return False
        harness.wait_until(returned, 60, f"{self.primary} is the primary again")


class FullDisk(unittest.TestCase):
    """The disk of a running farm, its state store's included, fills up."""

    def test_what_the_store_has_no_room_for_fails_at_once_and_works_when_there_is_room(self):
        disk = mount_disk(self, "900m")
        with harness.Sandbox(disk / "s", servers=1) as farm:
            farm.weft("group", "promote", "g1")
            with open(disk / "filler", "wb") as filler:
                try:
                    while True:
                        filler.write(bytes(1 << 20))
                except OSError:
                    pass  # full, as intended
            refused = harness.wait_until(lambda: self.refused(farm), 30, "a change is refused")
            self.assertEqual(refused["code"], "UNAVAILABLE", refused)
            self.assertTrue(refused["next_step"], refused)
            # What it knows it still tells.
            self.assertEqual(farm.show()["epoch"], 1)

            (disk / "filler").unlink()
            # MySQL either ended itself or looks again in a minute: nobody waits for that.
            farm.kill_process("store")
            farm.start("store")
            harness.wait_until(lambda: self.refused(farm) is None, 30, "changes are made again")
            self.assertEqual(farm.show()["epoch"], 1)

    @staticmethod
    def refused(farm):
        """How the next change is refused; None when it is made."""
        began = time.monotonic()
        done = farm.run("group", "create", f"g{time.monotonic_ns()}")
        if time.monotonic() - began > 10:
            raise harness.Failed("a change took more than 10 s to fail")
        return None if done.returncode == 0 else harness.parse_last(done.stdout)["error"]


def _add_cases():
    for what, code, reason, command in TABLE:
        def refuses(self, code=code, reason=reason, command=command):
            self.assert_helpful(self.assert_refused(code, reason, command))
        setattr(BadInput, "test_refuses_" + what.replace(" ", "_").replace("'", ""), refuses)


_add_cases()

if __name__ == "__main__":
    cases.main()
