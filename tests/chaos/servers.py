"""MySQL servers on hosts: made once, copied, started, killed, asked over their sockets."""

import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys

import network
import power

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "workload"))
import harness  # noqa: E402

PORT = 3306
DUTIES = ("manage", "replicate", "backup", "restore", "monitor")
OBTAIN = harness.ROOT / "deploy/mysql/obtain"
SUPERVISOR = harness.BINARIES / "common/mysqld/mysqld_supervisor"
# Hinders a server's disk (tests/chaos/disk_shim/disk_shim.c).
DISK_SHIM = harness.BINARIES / "tests/chaos/disk_shim/disk_shim.so"


class Installation:
    """MySQL 9.7 as deploy/mysql/obtain has it."""

    def __init__(self):
        done = subprocess.run([OBTAIN, "9.7", "--json"], stdout=subprocess.PIPE, text=True,
                              check=True)
        self._layout = json.loads(done.stdout.splitlines()[-1])

    def mysqld(self, *arguments):
        return [*self._layout["loader"], self._layout["mysqld"], *arguments]

    def program(self, name):
        """A client program that takes no settings of the machine."""
        return [*self._layout["client_loader"], f"{self._layout['bin_dir']}/{name}", "--no-defaults"]

    def settings(self):
        return [f"basedir={self._layout['basedir']}", f"lc-messages-dir={self._layout['share']}",
                f"character-sets-dir={self._layout['charsets']}",
                f"plugin-dir={self._layout['plugin_dir']}", "innodb-redo-log-capacity=64M",
                "innodb-use-native-aio=OFF", "user=root"]

    def initialise(self, data):
        options = [f"--{line}" for line in self.settings()]
        log = data.with_suffix(".log")
        done = subprocess.run(
            self.mysqld("--no-defaults", *options, f"--datadir={data}", f"--log-error={log}",
                        "--initialize-insecure"), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise harness.Failed(f"mysqld cannot initialise {data}: {log.read_text()[-800:]}")
        (data / "auto.cnf").unlink()  # each copy gets a uuid of its own


def make_secrets(folder):
    """A password file for each login."""
    folder.mkdir(mode=0o700)
    for name in (*DUTIES, "admin", "store", "app"):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(12) + "\n")


def account_statements(folder, user, grants):
    password = (folder / user.removeprefix("weft_")).read_text().strip()
    yield f"CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{password}'"
    for privileges, scope in grants:
        yield f"GRANT {privileges} ON {scope} TO '{user}'@'%'"


def member_statements(folder):
    """What a server needs before Weft can manage it (docs/accounts.md), and the application's."""
    listed = subprocess.run([harness.WEFT, "account", "list", "--mysql", "9.7.4", "-o", "json"],
                            stdout=subprocess.PIPE, text=True, check=True)
    yield "SET SESSION sql_log_bin = 0"
    for account in json.loads(listed.stdout)["accounts"]:
        grants = [(one["name"], one["scope"]) for one in account["privileges"]]
        yield from account_statements(folder, account["user"], grants)
    yield "CREATE DATABASE IF NOT EXISTS app"
    yield from account_statements(folder, "app", [("ALL", "app.*")])


def store_statements(folder):
    yield "CREATE DATABASE IF NOT EXISTS weft"
    yield from account_statements(folder, "weft_store", [(
        "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, EXECUTE, "
        "CREATE ROUTINE, ALTER ROUTINE", "`weft`.*")])


class Server:
    """One mysqld on a host, under the supervisor that starts it again after a clone."""

    def __init__(self, installation, hosts, host, folder):
        self.host = host
        self.address = f"{hosts.address(host)}:{PORT}"
        self.uuid = ""
        self._installation = installation
        self._hosts = hosts
        self._folder = pathlib.Path(folder)
        self._socket = self._folder / "sock"
        self._process = None

    def make(self, seed, statements, lines=()):
        """Makes its folder, from an initialised data directory."""
        (self._folder / "run").mkdir(parents=True)
        (self._folder / "tmp").mkdir()
        subprocess.run(["cp", "-a", seed, self._folder / "data"], check=True)
        init = self._folder / "init.sql"
        init.touch(mode=0o600)
        init.write_text("".join(f"{one};\n" for one in statements))
        settings = [
            *self._installation.settings(), f"datadir={self._folder}/data",
            f"tmpdir={self._folder}/tmp", f"secure-file-priv={self._folder}/tmp",
            f"socket={self._socket}", f"pid-file={self._folder}/pid",
            f"log-error={self._folder}/error.log", "bind-address=0.0.0.0", f"port={PORT}",
            f"report-host={self._hosts.address(self.host)}", f"report-port={PORT}",
            f"server-id={1 + self._hosts.hosts.index(self.host)}", "skip-name-resolve",
            "mysqlx=OFF", "max-connections=100", "gtid-mode=ON", "enforce-gtid-consistency=ON",
            "log-bin=binlog", "relay-log=relay", "relay-log-recovery=ON",
            "log-replica-updates=ON", "replica-net-timeout=10", "sync-binlog=1",
            "innodb-flush-log-at-trx-commit=1", "innodb-buffer-pool-size=64M",
            "performance-schema-max-table-instances=400", "performance-schema-digests-size=200",
            "table-open-cache=400", "table-definition-cache=400", *lines]
        self._cnf.write_text("[mysqld]\n" + "\n".join(settings) + "\n")

    @property
    def _cnf(self):
        return self._folder / "my.cnf"

    @property
    def error_log(self):
        return self._folder / "error.log"

    def start(self, first=False):
        """Starts it; does not wait. Nothing when it runs."""
        if self.running():
            return
        (self._folder / "sock.lock").unlink(missing_ok=True)
        more = [f"--init-file={self._folder}/init.sql"] if first else []
        owner = f"{os.getpid()}:{network.start_time(os.getpid())}"
        argv = [SUPERVISOR, f"--run={self._folder}/run", f"--socket={self._socket}",
                f"--owner={owner}", f"--remove={self._folder}", "--", *self._shimmed(),
                *self._installation.mysqld(f"--defaults-file={self._cnf}", *more)]
        self._process = subprocess.Popen(self._hosts.command(self.host, argv),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True)

    def _shimmed(self):
        return ["/usr/bin/env", f"LD_PRELOAD={DISK_SHIM}", f"WEFT_DISK_UNDER={self._folder}/data",
                f"WEFT_DISK_CONTROL={self._folder}/disk", f"WEFT_DISK_UNDO={self._undo}"]

    def disk(self, mode):
        """Its disk is from now on `mode`: "ok", "stall", "slow MS", "fsync_error", "write_error",
        "full", or "record" until power is lost."""
        draft = self._folder / "disk.new"
        draft.write_text(mode + "\n")
        draft.replace(self._folder / "disk")  # never seen half written

    @property
    def _undo(self):
        return self._folder / "undo"

    def lose_power(self):
        """Ends it, and takes back what it wrote since "record" and no sync has covered."""
        self.end()
        self.disk("ok")
        return power.take_back(self._folder / "data", self._undo)

    def running(self):
        return self._process is not None and self._process.poll() is None

    def greets(self):
        """True when it takes connections."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self._socket))
                return bool(client.recv(1))
        except OSError:
            return False

    def await_serving(self, timeout=60):
        def serving():
            if not self.running():
                raise harness.Failed(f"{self.host} ended: {self.error_log.read_text()[-600:]}")
            return self.greets()
        harness.wait_until(serving, timeout, f"{self.host} serves")
        if not self.uuid:
            self.uuid = self.query("SELECT @@server_uuid")[0][0]

    def pid(self):
        """Of mysqld itself."""
        try:
            return int((self._folder / "run/mysqld.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            raise harness.Failed(f"{self.host} does not run") from None

    def send(self, number):
        os.kill(self.pid(), number)

    def end(self, number=signal.SIGKILL, timeout=60):
        """Ends mysqld by a signal, and waits until it is gone."""
        if not self.running():
            return
        try:
            self.send(number)
        except (ProcessLookupError, harness.Failed):
            pass  # it is ending already
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise harness.Failed(f"{self.host} outlived signal {number}") from None

    def query(self, statement, timeout=10):
        """Rows of texts, asked as root over the socket."""
        argv = [*self._installation.program("mysql"), "--user=root", f"--socket={self._socket}",
                "--skip-column-names", "--batch", "--raw", "--connect-timeout=5"]
        done = subprocess.run(argv, input=statement, capture_output=True, text=True,
                              timeout=timeout, check=False)
        if done.returncode != 0:
            raise harness.Failed(f"{self.host}: {statement[:80]}: {done.stderr.strip()[-300:]}")
        return [line.split("\t") for line in done.stdout.splitlines()]

